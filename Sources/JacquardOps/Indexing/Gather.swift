import JacquardCore
import JacquardIR
import JacquardKernels

/// Picks slices along an axis by their positions (NumPy's take; an embedding's lookup). Operands: data, indices.
public struct Gather: Operation {
  public static let name = "gather"
  public static let doc = OperationDoc(
    "Picks slices along an axis by their positions (NumPy's take; an embedding's lookup).",
    formula: "y[a..., i..., b...] = data[a..., indices[i...], b...]: the indices' axes replace the axis",
    constraints: ["c1: \(IndexRules.dtypeDoc)", "c2: axis is one of the data's axes"],
    conventions: [IndexRules.rangeDoc])

  public static let samples = [
    OperationSample(Gather(axis: 0), [.uniform("f32[5,3]", -2, 2), .integers("i32[7]", 0, 5)]),
    OperationSample(Gather(axis: 1), [.uniform("f32[2,4,3]", -2, 2), .integers("i64[2,2]", 0, 4)]),
    OperationSample(Gather(axis: 1), [.uniform("f32[2,4]", -2, 2), .integers("i32[]", 0, 4)]),
    OperationSample(
      Gather(axis: 0), [.integers("i32[4]", -9, 9), .integers("i32[0,2]", 0, 4)], gradient: .none(reason: "integers")),
  ]
  public static let violations = [
    OperationViolation(1, Gather(axis: 0), ["f32[5,3]", "f32[7]"]),
    OperationViolation(2, Gather(axis: 2), ["f32[5,3]", "i32[7]"]),
  ]

  /// Counted from the first.
  public var axis: Int

  /// The axis is checked where types are inferred (c2).
  public init(axis: Int) { self.axis = axis }

  public func inferTypes(_ context: TypeContext) throws -> [TensorType] {
    try requireOperands(2, context)
    let (data, indices) = (context.inputs[0], context.inputs[1])
    if !IndexRules.isIndex(indices.dtype) { throw violated(1, "indices have type \(indices)") }
    try requireAxis(axis, rank: data.shape.rank, 2)
    return [TensorType(data.dtype, data.shape.replacing(axis, by: indices.shape))]
  }

  public func gradient(_ context: GradientContext) throws -> Gradient {
    if !context.needed[0] { return .cotangents([.zero, .zero]) }
    let (data, indices) = (context.inputs[0], context.inputs[1])
    let base = try context.builder.fill(0, like: data)
    let sum = try context.builder.scatterAdd(base, indices, context.cotangent(), axis: axis)
    return .cotangents([.value(sum), .zero])
  }

  public func lower(_ context: LoweringContext) throws {
    let (data, indices) = (context.inputs[0], context.inputs[1])
    let width = context.extents(indices).count
    context.emitMap(Self.name, to: context.outputs[0]) { body in
      let axes = body.extents.indices.map { IndexExpression.axis($0) }
      let place = Array(axes[axis..<axis + width])
      let index = body.load(indices, context.dtype(indices), place)
      let source = Array(axes[..<axis]) + [IndexExpression(.value(index))] + Array(axes[(axis + width)...])
      return body.load(data, context.dtype(data), source)
    }
  }

  public func reference(_ context: ReferenceContext) throws -> [HostTensor] {
    let (data, indices) = (context.inputs[0], context.inputs[1])
    let places = try IndexedSlices(Self.name, data.sizes, axis, indices)
    return [try data.picking(places.positions, context.outputs[0])]
  }
}

/// Positions in an array of the slices that indices pick along an axis, in the order (before, indices, after).
struct IndexedSlices {
  let positions: [Int]

  init(_ operation: String, _ sizes: [Int], _ axis: Int, _ indices: HostTensor) throws {
    let before = sizes[..<axis].reduce(1, &*)
    let after = sizes[(axis + 1)...].reduce(1, &*)
    var result: [Int] = []
    if before > 0 && after > 0 {
      let chosen = try (0..<indices.count).map {
        try IndexRules.checked(operation, indices, at: $0, below: sizes[axis])
      }
      for outer in 0..<before {
        for index in chosen {
          let start = (outer * sizes[axis] + index) * after
          result.append(contentsOf: start..<start + after)
        }
      }
    }
    positions = result
  }
}

extension GraphBuilder {
  /// Picks slices along an axis by their positions: the indices' axes replace it.
  public func gather(_ data: ValueID, _ indices: ValueID, axis: Int) throws -> ValueID {
    try apply(Gather(axis: normalized(axis, rank: shape(data).rank)), data, indices)
  }
}

extension Gather: BatchableOperation {
  public func batch(_ context: BatchingContext) throws -> [Batched] {
    let (builder, data, indices) = (context.builder, context.inputs[0], context.inputs[1])
    if !indices.isBatched { return [Batched(try builder.gather(data.value, indices.value, axis: axis + 1))] }
    if !data.isBatched {
      return [Batched(try builder.movingAxis(builder.gather(data.value, indices.value, axis: axis), from: axis, to: 0))]
    }
    let rows = try builder.movingAxis(data.value, from: axis + 1, to: 1)
    let positions = try builder.expandDims(indices.value, axis: context.rank(1) + 1)
    let picked = try builder.gatherND(rows, context.tuples(positions))
    return [Batched(try builder.movingAxes(picked, from: 1 + context.rank(1), count: axis, to: 1))]
  }
}
