import JacquardCore
import JacquardIR
import JacquardOps

/// Operations that work element by element and have an operator of their own.
enum ONNXElementwiseWriters {
  static let all: [ONNXWriter] = same + logic + comparisons + others

  private static let same: [ONNXWriter] = [
    .same(Abs.self, "Abs"), .same(Acos.self, "Acos"), .same(Acosh.self, "Acosh"), .same(Add.self, "Add"),
    .same(Asin.self, "Asin"), .same(Asinh.self, "Asinh"), .same(Atan.self, "Atan"), .same(Atanh.self, "Atanh"),
    .same(Ceil.self, "Ceil"), .same(Cos.self, "Cos"), .same(Cosh.self, "Cosh"), .same(Divide.self, "Div"),
    .same(Erf.self, "Erf"), .same(Exp.self, "Exp"), .same(Floor.self, "Floor"), .same(Log.self, "Log"),
    .same(Maximum.self, "Max"), .same(Minimum.self, "Min"), .same(Multiply.self, "Mul"), .same(Negate.self, "Neg"),
    .same(Power.self, "Pow"), .same(Reciprocal.self, "Reciprocal"), .same(Round.self, "Round"),
    .same(Sigmoid.self, "Sigmoid"), .same(Sign.self, "Sign"), .same(Sin.self, "Sin"), .same(Sinh.self, "Sinh"),
    .same(Sqrt.self, "Sqrt"), .same(Subtract.self, "Sub"), .same(Tan.self, "Tan"), .same(Tanh.self, "Tanh"),
    .same(Select.self, "Where"), .same(IsNaN.self, "IsNaN"), .same(IsInf.self, "IsInf"),
    .same(StopGradient.self, "Identity"),
  ]

  private static let logic: [ONNXWriter] = [
    .same(LogicalAnd.self, "And"), .same(LogicalOr.self, "Or"), .same(LogicalXor.self, "Xor"),
    .same(LogicalNot.self, "Not"), .same(BitwiseAnd.self, "BitwiseAnd"), .same(BitwiseOr.self, "BitwiseOr"),
    .same(BitwiseXor.self, "BitwiseXor"), .same(BitwiseNot.self, "BitwiseNot"),
    ONNXWriter(ShiftLeft.self) { _, use in shift(use, "LEFT") },
    ONNXWriter(ShiftRight.self) { _, use in shift(use, "RIGHT") },
  ]

  private static let comparisons: [ONNXWriter] = [
    .same(Equal.self, "Equal"),
    ONNXWriter(NotEqual.self) { _, use in use.emit("Not", use.emit("Equal", use.inputs)) },
    ONNXWriter(Less.self) { _, use in ordered(use, "Less") },
    ONNXWriter(LessEqual.self) { _, use in ordered(use, "LessOrEqual") },
    ONNXWriter(Greater.self) { _, use in ordered(use, "Greater") },
    ONNXWriter(GreaterEqual.self) { _, use in ordered(use, "GreaterOrEqual") },
  ]

  private static let others: [ONNXWriter] = [
    ONNXWriter(Cast.self) { operation, use in [use.cast(use.inputs[0], operation.dtype)] },
    ONNXWriter(Clamp.self) { _, use in clamp(use) },
    ONNXWriter(Barrier.self) { _, use in use.inputs.map { use.one("Identity", [$0]) } },
  ]

  /// ONNX shifts unsigned numbers alone.
  private static func shift(_ use: ONNXUse, _ direction: String) -> [String]? {
    let isUnsigned = [.u8, .u16, .u32, .u64].contains(use.inputTypes[0].dtype)
    return isUnsigned ? use.emit("BitShift", use.inputs, .string("direction", direction)) : nil
  }

  /// ONNX has no order of booleans.
  private static func ordered(_ use: ONNXUse, _ name: String) -> [String] {
    if use.inputTypes[0].dtype != .bool { return use.emit(name, use.inputs) }
    return use.emit(name, use.inputs.map { use.cast($0, .i32) })
  }

  /// ONNX's bounds are scalars.
  private static func clamp(_ use: ONNXUse) -> [String] {
    let (low, x, high) = (use.inputs[0], use.inputs[1], use.inputs[2])
    if use.inputTypes[0].shape.rank == 0, use.inputTypes[2].shape.rank == 0 { return use.emit("Clip", [x, low, high]) }
    return use.emit("Min", [use.one("Max", [x, low]), high])
  }
}
