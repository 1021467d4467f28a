import JacquardCore
import JacquardIR
import JacquardKernels

/// Reorders the axes: axis i of the result is axis permutation[i] of the operand.
public struct Transpose: Operation {
  public static let name = "transpose"
  public static let doc = OperationDoc(
    "Reorders the axes: axis i of the result is axis permutation[i] of the operand.",
    formula: "y[i0, i1, ...] = x[...] with x's axis permutation[a] indexed by i_a",
    constraints: ["c1: permutation holds every axis exactly once"])

  public static let samples = [
    OperationSample(Transpose([1, 0]), [.uniform("f32[3,4]", -2, 2)]),
    OperationSample(Transpose([2, 0, 1]), [.uniform("f32[2,3,4]", -2, 2)]),
    OperationSample(
      Transpose([1, 0, 2]), [.integers("i32[2,3,2]", -9, 9)], gradient: .none(reason: "integers")),
  ]
  public static let violations = [
    OperationViolation(1, Transpose([0, 0]), ["f32[2,3]"]),
    OperationViolation(1, Transpose([0]), ["f32[2,3]"]),
  ]

  /// For each axis of the result that of the operand.
  public var permutation: [Int]

  /// The permutation is checked where types are inferred (c1).
  public init(_ permutation: [Int]) { self.permutation = permutation }

  public func inferTypes(_ context: TypeContext) throws -> [TensorType] {
    try requireOperands(1, context)
    let input = context.inputs[0]
    guard permutation.sorted() == Array(0..<input.shape.rank) else {
      throw violated(1, "\(permutation) is no permutation of the \(input.shape.rank) axes of \(input)")
    }
    return [TensorType(input.dtype, Shape(permutation.map { input.shape[$0] }))]
  }

  /// The permutation that undoes this one.
  var inverse: [Int] { permutation.indices.sorted { permutation[$0] < permutation[$1] } }

  public func gradient(_ context: GradientContext) throws -> Gradient {
    .cotangents([.value(try context.builder.transpose(context.cotangent(), inverse))])
  }

  public func lower(_ context: LoweringContext) throws {
    context.emitCopy(Self.name, from: context.inputs[0], to: context.outputs[0]) { axes, _ in
      inverse.map { axes[$0] }
    }
  }

  public func reference(_ context: ReferenceContext) throws -> [HostTensor] {
    let x = context.inputs[0]
    let strides = Layout.rowMajor(x.sizes).strides
    let offsets = StridedPoints.offsets(x.sizes.picking(permutation), strides.picking(permutation))
    return [try x.picking(offsets, context.outputs[0])]
  }
}

extension HostTensor {
  /// A tensor of the elements at these positions.
  func picking(_ positions: [Int], _ type: TensorType) throws(Diagnostic) -> HostTensor {
    var result = try HostTensor(zeros: type.dtype, type.shape.sizes ?? [])
    for (index, position) in positions.enumerated() { result[linear: index] = self[linear: position] }
    return result
  }
}

extension GraphBuilder {
  /// Reorders the axes: axis i of the result is axis `permutation[i]` of `x`. Nothing is appended if none moves.
  public func transpose(_ x: ValueID, _ permutation: [Int]) throws -> ValueID {
    let rank = shape(x).rank
    let axes = permutation.map { normalized($0, rank: rank) }
    return axes == Array(0..<rank) ? x : try apply(Transpose(axes), x)
  }
}

extension Transpose: BatchableOperation {
  public func batch(_ context: BatchingContext) throws -> [Batched] {
    try context.apply(Transpose([0] + permutation.map { $0 + 1 }))
  }
}
