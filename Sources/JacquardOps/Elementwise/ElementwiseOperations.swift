import JacquardIR

/// The list of element-wise operations, in the order of the table of operations.
public enum ElementwiseOperations {
  public static let all: [any Operation.Type] = [
    Add.self, Subtract.self, Multiply.self, Divide.self, Power.self, Fma.self, Minimum.self, Maximum.self, Clamp.self,
    Negate.self, Abs.self, Sign.self, Floor.self, Ceil.self, Round.self, Sqrt.self, Rsqrt.self,
    Exp.self, Expm1.self, Log.self, Log1p.self, Sin.self, Cos.self, Tanh.self, Sigmoid.self, Erf.self,
    Equal.self, NotEqual.self, Less.self, LessEqual.self, Greater.self, GreaterEqual.self,
    LogicalAnd.self, LogicalOr.self, LogicalXor.self, LogicalNot.self,
    Select.self, Cast.self, StopGradient.self,
  ]
}
