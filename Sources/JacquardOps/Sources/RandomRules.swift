import JacquardCore
import JacquardIR
import JacquardKernels

/// What random operations have in common.
enum RandomRules {
  static let keyDoc = "the operand is a key, i32[2]"
  static let floatDoc = "dtype is floating"
  static let shapeDoc = "no dimension is negative"
  static let keyType: TensorType = "i32[2]"
  static let streamConvention =
    "element i of the tensor in row-major order uses word i mod 4 of block i / 4 of Philox 4x32-10"
  static let noGradient = OperationSample.GradientCheck.none(reason: "the operand is a key")
  static let sampleKey = OperationSample.Input.integers(keyType, -1_000_000_000, 1_000_000_000)

  /// A key read as two words of bits.
  static func philox(_ key: HostTensor) -> Philox {
    func word(_ index: Int) -> UInt32 { UInt32(truncatingIfNeeded: key[linear: index].asInt) }
    return Philox(word(0), word(1))
  }

  static func values(_ type: TensorType, _ draw: (Int) -> Double) throws -> HostTensor {
    var result = try HostTensor(zeros: type.dtype, type.shape.sizes ?? [])
    for index in 0..<result.count { result[linear: index] = .float(draw(index)) }
    return result
  }
}

extension Operation {
  func requireKey(_ context: TypeContext, _ constraint: Int) throws(Diagnostic) {
    try requireOperands(1, context)
    if context.inputs[0] != RandomRules.keyType { throw violated(constraint, "the key has type \(context.inputs[0])") }
  }
}

extension LoweringContext {
  /// Emits a draw from the key in the first operand.
  func emitDraw(_ name: String, _ kind: RandomKind) {
    let (key, dtype) = (inputs[0], dtype(outputs[0]))
    emitMap(name, to: outputs[0]) { body in
      let axes = body.extents.indices.map { IndexExpression.axis($0) }
      let element = IndexExpression.linear(axes, in: body.extents)
      let draw = body.append(Instruction(.random(kind, key: key, element: element), dtype.computeType))
      return body.cast(draw, dtype)
    }
  }
}
