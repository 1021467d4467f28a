import JacquardCore
import JacquardIR
import JacquardOps

/// Functions without an operator of their own, written as others.
enum ONNXMathsWriters {
  static let all: [ONNXWriter] = [
    .rewritten(Rsqrt.self) { _, b, x in [try b.reciprocal(b.sqrt(x[0]))] },
    .rewritten(Fma.self) { _, b, x in [try b.add(b.multiply(x[0], x[1]), x[2])] },
    .rewritten(IsFinite.self) { _, b, x in [try b.logicalNot(b.logicalOr(b.isNaN(x[0]), b.isInf(x[0])))] },
    .rewritten(Truncate.self) { _, b, x in
      [try b.select(b.less(x[0], b.number(0, for: x[0])), b.ceil(x[0]), b.floor(x[0]))]
    },
    .rewritten(Erfc.self) { _, b, x in [try b.subtract(b.number(1, for: x[0]), b.erf(x[0]))] },
    .rewritten(Expm1.self) { _, b, x in [try expm1(b, x[0])] },
    .rewritten(Log1p.self) { _, b, x in [try log1p(b, x[0])] },
    .rewritten(Atan2.self) { _, b, x in [try atan2(b, x[0], x[1])] },
    ONNXWriter(Remainder.self) { _, use in use.emit("Mod", use.inputs, .int("fmod", 1)) },
    ONNXWriter(FloorMod.self) { _, use in
      if !use.inputTypes[0].dtype.isFloat { return use.emit("Mod", use.inputs) }
      return try use.rewritten { b, x in [try floorMod(b, x[0], x[1])] }
    },
    .rewritten(FloorDivide.self) { _, b, x in
      if b.type(x[0]).dtype.isFloat { return [try b.floor(b.divide(x[0], x[1]))] }
      return [try b.divide(b.subtract(x[0], b.floorMod(x[0], x[1])), x[1])]
    },
  ]

  /// (u - 1) x / ln u with u = e^x, precise near 0 (W. Kahan's formula).
  private static func expm1(_ b: GraphBuilder, _ x: ValueID) throws -> ValueID {
    let (u, one) = (try b.exp(x), try b.number(1, for: x))
    let less = try b.subtract(u, one)
    let precise = try b.divide(b.multiply(less, x), b.log(u))
    // Beyond the middle the formula meets 0 / 0, infinities and 0 * infinity, and the difference is precise itself.
    let isFar = try b.greater(b.abs(x), b.number(1, for: x))
    return try b.select(isFar, less, b.select(b.equal(u, one), x, precise))
  }

  /// x ln u / (u - 1) with u = 1 + x, precise near 0 (W. Kahan's formula).
  private static func log1p(_ b: GraphBuilder, _ x: ValueID) throws -> ValueID {
    let one = try b.number(1, for: x)
    let u = try b.add(x, one)
    let precise = try b.divide(b.multiply(b.log(u), x), b.subtract(u, one))
    let isFar = try b.greater(b.abs(x), b.number(0.5, for: x))
    return try b.select(isFar, b.log(u), b.select(b.equal(u, one), x, precise))
  }

  /// The angle from that of the quotient, by quadrants; a zero has no sign.
  private static func atan2(_ b: GraphBuilder, _ y: ValueID, _ x: ValueID) throws -> ValueID {
    let zero = try b.number(0, for: x)
    let half = try b.multiply(b.sign(y), b.number(.pi / 2, for: x))
    let isUpper = try b.greaterEqual(y, zero)
    let turn = try b.select(isUpper, b.number(.pi, for: x), b.number(-.pi, for: x))
    let angle = try b.atan(b.divide(y, x))
    let left = try b.select(b.less(x, zero), b.add(angle, turn), angle)
    return try b.select(b.equal(x, zero), half, left)
  }

  private static func floorMod(_ b: GraphBuilder, _ x: ValueID, _ y: ValueID) throws -> ValueID {
    let (rest, zero) = (try b.remainder(x, y), try b.number(0, for: x))
    let differs = try b.notEqual(b.less(rest, zero), b.less(y, zero))
    let isOpen = try b.logicalAnd(b.notEqual(rest, zero), differs)
    return try b.select(isOpen, b.add(rest, y), rest)
  }
}

extension GraphBuilder {
  /// A scalar of the element type of another value.
  func number(_ value: Double, for x: ValueID) throws -> ValueID { try constant(value, type(x).dtype) }
}
