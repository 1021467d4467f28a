import JacquardCore

/// A function of one to three scalars. Booleans are the result of comparisons and the operands of logic.
public enum ScalarFunction: String, CaseIterable, Hashable, Codable, Sendable {
  /// One operand; rounding functions give whole numbers, `round` the even one of two equally near.
  case negate, abs, sign, floor, ceil, round, sqrt, rsqrt
  /// Towards zero; `1 / x`.
  case truncate, reciprocal
  /// Of floats, as C's functions of these names; `sigmoid` is 1 / (1 + exp(-x)).
  case exp, expm1, log, log1p, sin, cos, tanh, sigmoid, erf
  /// Of floats, as C's functions of these names; the last two are the derivatives of `lgamma`.
  case tan, asin, acos, atan, sinh, cosh, asinh, acosh, atanh, erfc, lgamma, digamma, trigamma
  /// Of floats, to `bool`.
  case isNaN, isInf, isFinite
  /// Of a `bool`; of the bits of an integer.
  case logicalNot, bitwiseNot
  /// Two operands of one type. Integers wrap around.
  case add, subtract, multiply, divide, power, minimum, maximum
  /// Remainder with the sign of the dividend; quotient rounded down, and the remainder that it leaves.
  case remainder, floorDivide, floorMod
  /// `atan2(y, x)`: the angle of the point (x, y), in -pi ... pi.
  case atan2
  /// Of integers; the second operand of a shift is the number of bits.
  case bitwiseAnd, bitwiseOr, bitwiseXor, shiftLeft, shiftRight
  /// Two operands of one type, to `bool`; with a NaN only `notEqual` holds.
  case equal, notEqual, less, lessEqual, greater, greaterEqual
  /// Of two `bool`.
  case logicalAnd, logicalOr, logicalXor
  /// `select(predicate, onTrue, onFalse)`
  case select
  /// `a * b + c` with one rounding.
  case fma

  /// The number of operands, 1 to 3.
  public var arity: Int {
    switch self {
    case .select, .fma: 3
    case .add, .subtract, .multiply, .divide, .power, .minimum, .maximum, .equal, .notEqual, .less, .lessEqual,
      .greater, .greaterEqual, .logicalAnd, .logicalOr, .logicalXor, .remainder, .floorDivide, .floorMod, .atan2,
      .bitwiseAnd, .bitwiseOr, .bitwiseXor, .shiftLeft, .shiftRight:
      2
    default: 1
    }
  }

  /// Whether it gives a `bool` for operands of other types too.
  public var isComparison: Bool {
    switch self {
    case .isNaN, .isInf, .isFinite, .equal, .notEqual, .less, .lessEqual, .greater, .greaterEqual: true
    default: false
    }
  }

  /// Whether operands and result are `bool`.
  public var isLogical: Bool {
    switch self {
    case .logicalAnd, .logicalOr, .logicalXor, .logicalNot: true
    default: false
    }
  }

  /// Whether operands must be floats.
  public var isOfFloats: Bool {
    switch self {
    case .exp, .expm1, .log, .log1p, .sin, .cos, .tanh, .sigmoid, .erf, .sqrt, .rsqrt, .tan, .asin, .acos, .atan, .sinh,
      .cosh, .asinh, .acosh, .atanh, .erfc, .lgamma, .digamma, .trigamma, .atan2, .isNaN, .isInf, .isFinite, .truncate,
      .reciprocal, .floor, .ceil, .round:
      true
    default: false
    }
  }

  /// Whether operands must be integers.
  public var isOfBits: Bool {
    switch self {
    case .bitwiseAnd, .bitwiseOr, .bitwiseXor, .bitwiseNot, .shiftLeft, .shiftRight: true
    default: false
    }
  }

  /// Rough cost of one element in additions, for heuristics.
  public var cost: Int {
    switch self {
    case .exp, .expm1, .log, .log1p, .sin, .cos, .tanh, .sigmoid, .erf: 12
    case .power: 30
    case .tan, .asin, .acos, .atan, .sinh, .cosh, .asinh, .acosh, .atanh, .erfc, .atan2, .remainder, .floorDivide,
      .floorMod:
      60
    case .lgamma, .digamma, .trigamma: 150
    case .divide, .sqrt, .rsqrt, .reciprocal: 4
    default: 1
    }
  }
}

/// A distribution of the counter-based generator.
public enum RandomKind: String, Hashable, Codable, Sendable {
  /// Floats in 0 ..< 1; floats of mean 0 and deviation 1.
  case uniform, normal
  /// Not a draw but a new key (i32): element 2 d + w is word w (0 or 1) of the counter (d low, d high, 0, 1).
  case fold
}

/// One step of a body, giving one scalar of a type at each point of the loops. Operands are numbers of earlier instructions.
public struct Instruction: Hashable, Codable, Sendable {
  /// What an instruction computes.
  public enum Operation: Hashable, Codable, Sendable {
    /// The same value at every point.
    case constant(Scalar)
    /// The value of an index expression of the axes.
    case index(IndexExpression)
    /// An element of a buffer.
    case load(Access)
    /// A function of earlier values, as many as its `arity`.
    case apply(ScalarFunction, [Int])
    /// An earlier value converted to the type of this instruction.
    case cast(Int)
    /// The bits of a value as a type of the same width.
    case bits(Int)
    /// Result `k` of the reductions of earlier stages of this nest, in order.
    case rowValue(Int)
    /// Row-local array `k` of this nest, at the point of the inner loops.
    case local(Int)
    /// In the epilogue of a contraction: the product at this point.
    case accumulator
    /// A draw: the key (i32[2]), and the position in the logical tensor.
    case random(RandomKind, key: BufferID, element: IndexExpression)
  }

  /// What it computes.
  public var operation: Operation
  /// The type of its value.
  public var dtype: DType

  /// An operation whose value has a type.
  public init(_ operation: Operation, _ dtype: DType) {
    self.operation = operation
    self.dtype = dtype
  }

  /// The numbers of the instructions it uses, those in index expressions included.
  public var operands: [Int] {
    switch operation {
    case .apply(_, let operands): operands
    case .cast(let operand), .bits(let operand): [operand]
    case .load(let access): access.indices.flatMap { $0.values }
    case .index(let expression), .random(_, _, let expression): expression.values
    case .constant, .rowValue, .local, .accumulator: []
    }
  }
}

/// Writes a value of the body to memory.
public struct Store: Hashable, Codable, Sendable {
  /// The element that is written.
  public var access: Access
  /// The number of the instruction whose value it gets.
  public var value: Int

  /// Writes the value of an instruction to an element.
  public init(_ access: Access, _ value: Int) {
    self.access = access
    self.value = value
  }
}
