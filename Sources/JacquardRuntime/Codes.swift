import CJacquard
import JacquardCodegen
import JacquardCore
import JacquardKernels

extension DType {
  /// The runtime's number of the type.
  var code: jq_dtype {
    switch self {
    case .f32: JQ_F32
    case .f64: JQ_F64
    case .i32: JQ_I32
    case .i64: JQ_I64
    case .u8: JQ_U8
    case .bool: JQ_BOOL
    case .i8: JQ_I8
    case .i16: JQ_I16
    case .u16: JQ_U16
    case .u32: JQ_U32
    case .u64: JQ_U64
    case .f16: JQ_F16
    case .bf16: JQ_BF16
    }
  }
}

extension Scalar {
  /// The bits of an element of a type, in the low bytes.
  func bits(_ dtype: DType) -> Int64 {
    var bits: Int64 = 0
    withUnsafeMutableBytes(of: &bits) { bytes in
      if let memory = bytes.baseAddress { dtype.store(self, memory, 0) }
    }
    return bits
  }
}

extension ScalarFunction {
  /// The runtime's number of the function.
  var code: jq_operation? { ScalarFunction.codes[self] }

  private static let codes: [ScalarFunction: jq_operation] = [
    .negate: JQ_NEGATE, .abs: JQ_ABS, .sign: JQ_SIGN, .floor: JQ_FLOOR, .ceil: JQ_CEIL, .round: JQ_ROUND,
    .sqrt: JQ_SQRT, .rsqrt: JQ_RSQRT, .exp: JQ_EXP, .expm1: JQ_EXPM1, .log: JQ_LOG, .log1p: JQ_LOG1P, .sin: JQ_SIN,
    .cos: JQ_COS, .tanh: JQ_TANH, .sigmoid: JQ_SIGMOID, .erf: JQ_ERF, .logicalNot: JQ_NOT, .add: JQ_ADD,
    .subtract: JQ_SUBTRACT, .multiply: JQ_MULTIPLY, .divide: JQ_DIVIDE, .power: JQ_POWER, .minimum: JQ_MINIMUM,
    .maximum: JQ_MAXIMUM, .equal: JQ_EQUAL, .notEqual: JQ_NOT_EQUAL, .less: JQ_LESS, .lessEqual: JQ_LESS_EQUAL,
    .greater: JQ_GREATER, .greaterEqual: JQ_GREATER_EQUAL, .logicalAnd: JQ_AND, .logicalOr: JQ_OR,
    .logicalXor: JQ_XOR, .select: JQ_SELECT, .fma: JQ_FMA, .truncate: JQ_TRUNCATE, .reciprocal: JQ_RECIPROCAL,
    .tan: JQ_TAN, .asin: JQ_ASIN, .acos: JQ_ACOS, .atan: JQ_ATAN, .sinh: JQ_SINH, .cosh: JQ_COSH, .asinh: JQ_ASINH,
    .acosh: JQ_ACOSH, .atanh: JQ_ATANH, .erfc: JQ_ERFC, .lgamma: JQ_LGAMMA, .digamma: JQ_DIGAMMA,
    .trigamma: JQ_TRIGAMMA, .isNaN: JQ_IS_NAN,
    .isInf: JQ_IS_INF, .isFinite: JQ_IS_FINITE, .bitwiseNot: JQ_NOT, .remainder: JQ_REMAINDER,
    .floorDivide: JQ_FLOOR_DIVIDE, .floorMod: JQ_FLOOR_MOD, .atan2: JQ_ATAN2, .bitwiseAnd: JQ_AND, .bitwiseOr: JQ_OR,
    .bitwiseXor: JQ_XOR, .shiftLeft: JQ_SHIFT_LEFT, .shiftRight: JQ_SHIFT_RIGHT,
  ]
}

extension AccessForm.Bound {
  var code: jq_bound {
    switch self {
    case .proved: JQ_BOUND_PROVED
    case .guarded: JQ_BOUND_GUARD
    case .checked: JQ_BOUND_CHECK
    }
  }
}

extension RandomKind {
  var code: jq_instruction_kind {
    switch self {
    case .uniform: JQ_DO_UNIFORM
    case .normal: JQ_DO_NORMAL
    case .fold: JQ_DO_FOLD
    }
  }
}

extension Combiner {
  var code: jq_combiner {
    switch self {
    case .sum: JQ_SUM
    case .product: JQ_PRODUCT
    case .minimum: JQ_REDUCE_MINIMUM
    case .maximum: JQ_REDUCE_MAXIMUM
    case .any: JQ_ANY
    case .all: JQ_ALL
    case .argmax: JQ_ARGMAX
    case .argmin: JQ_ARGMIN
    }
  }

  /// The function that adds one value to another, for scatter.
  var pair: jq_operation? {
    switch self {
    case .sum: JQ_ADD
    case .product: JQ_MULTIPLY
    case .minimum: JQ_MINIMUM
    case .maximum: JQ_MAXIMUM
    case .any: JQ_OR
    case .all: JQ_AND
    case .argmax, .argmin: nil
    }
  }
}
