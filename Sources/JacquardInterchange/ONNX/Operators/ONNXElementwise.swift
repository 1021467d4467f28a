import JacquardCore
import JacquardIR
import JacquardOps

/// Operators that work element by element, with NumPy's broadcasting.
enum ONNXElementwise {
  static let all: [ONNXTranslator] = functions + comparisons + arithmetic + selections

  private static let functions: [ONNXTranslator] = [
    unary("Exp") { try $0.exp($1) }, unary("Log") { try $0.log($1) }, unary("Sqrt") { try $0.sqrt($1) },
    unary("Sin") { try $0.sin($1) }, unary("Cos") { try $0.cos($1) }, unary("Tan") { try $0.tan($1) },
    unary("Asin") { try $0.asin($1) }, unary("Acos") { try $0.acos($1) }, unary("Atan") { try $0.atan($1) },
    unary("Sinh", since: 9) { try $0.sinh($1) }, unary("Cosh", since: 9) { try $0.cosh($1) },
    unary("Tanh") { try $0.tanh($1) }, unary("Asinh", since: 9) { try $0.asinh($1) },
    unary("Acosh", since: 9) { try $0.acosh($1) }, unary("Atanh", since: 9) { try $0.atanh($1) },
    unary("Sigmoid") { try $0.sigmoid($1) }, unary("Erf", since: 9) { try $0.erf($1) },
    unary("Abs") { try $0.abs($1) }, unary("Neg") { try $0.negate($1) }, unary("Floor") { try $0.floor($1) },
    unary("Ceil") { try $0.ceil($1) }, unary("Round", since: 11) { try $0.round($1) },
    unary("Sign", since: 9) { try $0.sign($1) }, unary("Not", since: 1) { try $0.logicalNot($1) },
    unary("Identity") { $1 }, unary("IsNaN", since: 9) { try $0.isNaN($1) },
    unary("Reciprocal") { try $0.reciprocal($1) }, unary("BitwiseNot", since: 18) { try $0.bitwiseNot($1) },
    .single("IsInf", since: 10, isInfinite),
    .single("BitCast", since: 26) { node in
      guard let dtype = try node.dtype(attribute: "to") else { throw Diagnostic("attribute 'to' is missing") }
      return try node.builder.bitcast(node.input(0), dtype)
    },
  ]

  private static let comparisons: [ONNXTranslator] = [
    binary("Equal") { try $0.equal($1, $2) }, binary("Greater") { try $0.greater($1, $2) },
    binary("Less") { try $0.less($1, $2) }, binary("GreaterOrEqual", since: 12) { try $0.greaterEqual($1, $2) },
    binary("LessOrEqual", since: 12) { try $0.lessEqual($1, $2) }, binary("And") { try $0.logicalAnd($1, $2) },
    binary("Or") { try $0.logicalOr($1, $2) }, binary("Xor") { try $0.logicalXor($1, $2) },
    binary("BitwiseAnd", since: 18) { try $0.bitwiseAnd($1, $2) },
    binary("BitwiseOr", since: 18) { try $0.bitwiseOr($1, $2) },
    binary("BitwiseXor", since: 18) { try $0.bitwiseXor($1, $2) },
  ]

  private static let arithmetic: [ONNXTranslator] = [
    binary("Add") { try $0.add($1, $2) }, binary("Sub") { try $0.subtract($1, $2) },
    binary("Mul") { try $0.multiply($1, $2) }, binary("Div") { try $0.divide($1, $2) },
    .single("Pow", since: 7, power), .single("Mod", since: 10, modulo), .single("BitShift", since: 11, shift),
    variadic("Max") { try $0.maximum($1, $2) }, variadic("Min") { try $0.minimum($1, $2) },
    variadic("Sum") { try $0.add($1, $2) }, .single("Mean", since: 8, mean),
  ]

  private static let selections: [ONNXTranslator] = [
    .single("Where", since: 9) { try $0.builder.select($0.input(0), $0.input(1), $0.input(2)) },
    .single("Clip", since: 7, clip),
  ]

  private static func unary(
    _ name: String, since: Int = 7, _ body: @escaping @Sendable (GraphBuilder, ValueID) throws -> ValueID
  ) -> ONNXTranslator {
    .single(name, since: since) { try body($0.builder, $0.input(0)) }
  }

  private static func binary(
    _ name: String, since: Int = 7, _ body: @escaping @Sendable (GraphBuilder, ValueID, ValueID) throws -> ValueID
  ) -> ONNXTranslator {
    .single(name, since: since) { try body($0.builder, $0.input(0), $0.input(1)) }
  }

  private static func variadic(
    _ name: String, _ body: @escaping @Sendable (GraphBuilder, ValueID, ValueID) throws -> ValueID
  ) -> ONNXTranslator {
    .single(name, since: 8) { node in
      let values = try node.all()
      return try values.dropFirst().reduce(values[0]) { try body(node.builder, $0, $1) }
    }
  }

  private static func mean(_ node: ONNXNode) throws -> ValueID {
    let values = try node.all()
    let total = try values.dropFirst().reduce(values[0]) { try node.builder.add($0, $1) }
    return try node.builder.divide(total, node.constant(Double(values.count), like: total))
  }

  private static func isInfinite(_ node: ONNXNode) throws -> ValueID {
    let (b, x) = (node.builder, try node.input(0))
    let high = try b.equal(x, node.constant(.infinity, like: x))
    let low = try b.equal(x, node.constant(-.infinity, like: x))
    switch (try node.flag("detect_negative", true), try node.flag("detect_positive", true)) {
    case (true, true): return try b.isInf(x)
    case (true, false): return low
    case (false, true): return high
    case (false, false): return try b.logicalAnd(low, high)
    }
  }

  /// The result has the base's type, whatever the exponent's is.
  private static func power(_ node: ONNXNode) throws -> ValueID {
    let (b, x, y) = (node.builder, try node.input(0), try node.input(1))
    let (base, exponent) = (b.type(x).dtype, b.type(y).dtype)
    if base.isFloat || !exponent.isFloat { return try b.power(x, b.cast(y, base)) }
    return try b.cast(b.power(b.cast(x, .f64), b.cast(y, .f64)), base)
  }

  /// A remainder that has the sign of the divisor, or of the dividend with `fmod`.
  private static func modulo(_ node: ONNXNode) throws -> ValueID {
    let (b, x, y) = (node.builder, try node.input(0), try node.input(1))
    return try node.flag("fmod") ? b.remainder(x, y) : b.floorMod(x, y)
  }

  private static func shift(_ node: ONNXNode) throws -> ValueID {
    let (b, x, y) = (node.builder, try node.input(0), try node.input(1))
    switch try node.string("direction") {
    case "LEFT": return try b.shiftLeft(x, y)
    case "RIGHT": return try b.shiftRight(x, y)
    default: throw Diagnostic("attribute 'direction' is neither LEFT nor RIGHT")
    }
  }

  /// Bounds are attributes up to operator set 10, then inputs.
  private static func clip(_ node: ONNXNode) throws -> ValueID {
    let (b, x) = (node.builder, try node.input(0))
    let isOld = node.opset < 11
    let low = isOld ? try node.float("min").map { try node.constant($0, like: x) } : node.optional(1)
    let high = isOld ? try node.float("max").map { try node.constant($0, like: x) } : node.optional(2)
    let raised = try low.map { try b.maximum(x, $0) } ?? x
    return try high.map { try b.minimum(raised, $0) } ?? raised
  }
}
