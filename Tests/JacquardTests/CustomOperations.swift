import Jacquard
import JacquardKernels
import JacquardOps

// The code of docs/custom-operations.md, part by part.

struct SoftClip: CompositeOperation {
  static let name = "example.softClip"
  static let doc = OperationDoc(
    "Keeps a value within a limit, smoothly.", formula: "y = limit * tanh(x / limit)",
    constraints: ["c1: the operand is floating", "c2: limit is positive and finite"])
  static let samples = [OperationSample(SoftClip(limit: 1.5), [.uniform("f32[3,4]", -3, 3)])]
  static let violations = [
    OperationViolation(1, SoftClip(limit: 1), ["i32[4]"]), OperationViolation(2, SoftClip(limit: 0), ["f32[4]"]),
  ]

  var limit: Double

  func inferTypes(_ context: TypeContext) throws -> [TensorType] {
    guard context.inputs.count == 1, context.graphs.isEmpty else { throw violated(0, "takes one operand") }
    if !context.inputs[0].dtype.isFloat { throw violated(1, "not defined for \(context.inputs[0])") }
    if !(limit > 0 && limit.isFinite) { throw violated(2, "limit \(limit) is not positive and finite") }
    return context.inputs
  }

  func decompose(_ builder: GraphBuilder, _ inputs: [ValueID]) throws -> [ValueID] {
    let limit = try builder.constant(limit, builder.type(inputs[0]).dtype)
    return [try builder.multiply(limit, builder.tanh(builder.divide(inputs[0], limit)))]
  }
}

func softClip<S: TensorFloat>(
  _ x: Tensor<S>, limit: Double, file: String = #fileID, line: Int = #line
) -> Tensor<S> {
  apply(SoftClip(limit: limit), to: x, file: file, line: line)
}

struct Interleave: BatchableOperation {
  static let name = "example.interleave"
  static let doc = OperationDoc(
    "The elements of two tensors by turns along the last axis.",
    formula: "y[..., 2 i] = a[..., i], y[..., 2 i + 1] = b[..., i]",
    constraints: ["c1: the operands have one type, and at least one axis"])
  static let samples = [
    OperationSample(
      Interleave(), [.uniform("f32[3,4]", -2, 2), .uniform("f32[3,4]", -2, 2)], gradient: .firstOrder(reason: "linear")),
    OperationSample(
      Interleave(), [.integers("i32[5]", -9, 9), .integers("i32[5]", -9, 9)], gradient: .none(reason: "integers")),
  ]
  static let violations = [
    OperationViolation(1, Interleave(), ["f32[3]", "f32[4]"]), OperationViolation(1, Interleave(), ["f32[]", "f32[]"]),
  ]

  func inferTypes(_ context: TypeContext) throws -> [TensorType] {
    guard context.inputs.count == 2, context.graphs.isEmpty else { throw violated(0, "takes two operands") }
    let type = context.inputs[0]
    guard type == context.inputs[1], let last = type.shape.dims.last else {
      throw violated(1, "not defined for \(type) and \(context.inputs[1])")
    }
    return [TensorType(type.dtype, Shape(type.shape.dims.dropLast() + [try last.times(2)]))]
  }

  /// Every second element of the cotangent.
  func gradient(_ context: GradientContext) throws -> Gradient {
    let (builder, g) = (context.builder, try context.cotangent())
    let dims = builder.shape(g).dims
    let strides = dims.indices.map { $0 == dims.count - 1 ? 2 : 1 }
    return .cotangents(
      try [0, 1].map { start in
        let starts = dims.indices.map { $0 == dims.count - 1 ? Dim(start) : 0 }
        let limits = try dims.dropLast() + [dims[dims.count - 1].minus(Dim(1 - start))]
        return .value(try builder.slice(g, starts: starts, limits: Array(limits), strides: strides))
      })
  }

  /// One loop over the operands' points; each point stores two elements side by side.
  func lower(_ context: LoweringContext) throws {
    let extents = context.extents(context.inputs[0])
    if extents.contains(0) { return }
    let axes = extents.indices.map { IndexExpression.axis($0) }
    var body = BodyBuilder(extents: extents, node: context.node)
    let stores = context.inputs.enumerated().map { turn, input in
      let value = body.load(input, context.dtype(input), axes)
      let place = axes.dropLast() + [axes[axes.count - 1] * 2 + IndexExpression(turn)]
      return Store(Access(context.outputs[0], Array(place)), value)
    }
    let stage = Stage(body: body.instructions, stores: stores)
    context.emit(Self.name, .loops([LoopNest(outer: extents, stages: [stage])]))
  }

  func reference(_ context: ReferenceContext) throws -> [HostTensor] {
    let (a, b) = (context.inputs[0], context.inputs[1])
    var result = try HostTensor(zeros: a.dtype, context.outputs[0].shape.sizes ?? [])
    for index in 0..<a.count {
      result[linear: 2 * index] = a[linear: index]
      result[linear: 2 * index + 1] = b[linear: index]
    }
    return [result]
  }

  /// Leading axes are a batch already.
  func batch(_ context: BatchingContext) throws -> [Batched] { try context.apply(self) }
}

/// The sign of each element; its derivative is taken to be that of the identity where |x| <= 1 (a straight-through estimator,
/// https://arxiv.org/abs/1602.02830).
func binarized<S: TensorFloat>(_ x: Tensor<S>) -> Tensor<S> {
  customGradient([x]) { inputs in
    sign(inputs[0])
  } backward: { inputs, _, cotangent in
    let isInside = abs(inputs[0]) .<= (inputs[0] * 0 + 1)
    return [cotangent * isInside.cast(to: S.self)]
  }
}
