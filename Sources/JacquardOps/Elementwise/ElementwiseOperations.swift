import JacquardIR

/// The list of element-wise operations, in the order of the table of operations.
public enum ElementwiseOperations {
  /// Those of `OperationRegistry.standard`.
  public static let all: [any Operation.Type] = [
    Add.self, Subtract.self, Multiply.self, Divide.self, Power.self, Fma.self,
    Remainder.self, FloorDivide.self, FloorMod.self, Atan2.self, Minimum.self, Maximum.self, Clamp.self,
    Negate.self, Abs.self, Sign.self, Floor.self, Ceil.self, Round.self, Truncate.self, Reciprocal.self, Sqrt.self,
    Rsqrt.self,
    Exp.self, Expm1.self, Log.self, Log1p.self, Sin.self, Cos.self, Tan.self, Asin.self, Acos.self, Atan.self,
    Sinh.self, Cosh.self, Tanh.self, Asinh.self, Acosh.self, Atanh.self, Sigmoid.self, Erf.self, Erfc.self, Lgamma.self,
    Digamma.self, Trigamma.self, IsNaN.self, IsInf.self, IsFinite.self,
    Equal.self, NotEqual.self, Less.self, LessEqual.self, Greater.self, GreaterEqual.self,
    LogicalAnd.self, LogicalOr.self, LogicalXor.self, LogicalNot.self,
    BitwiseAnd.self, BitwiseOr.self, BitwiseXor.self, BitwiseNot.self, ShiftLeft.self, ShiftRight.self,
    Select.self, Cast.self, StopGradient.self,
  ]
}
