import JacquardCore
import JacquardIR

/// What gradient rules of element-wise operations share.
extension GradientContext {
  /// No operand has a cotangent: the result does not depend on them, or is piecewise constant.
  var noDependence: Gradient { .cotangents(inputs.map { _ in .zero }) }

  /// The cotangents of the operands that need one. The rule gives that of operand k, or nil if it never has one.
  func perInput(_ rule: (Int) throws -> ValueID?) rethrows -> Gradient {
    .cotangents(
      try needed.enumerated().map { k, needed in
        if needed, let value = try rule(k) { .value(value) } else { .zero }
      })
  }

  /// A scalar of the type of the first result.
  func constant(_ value: Double) throws -> ValueID { try builder.constant(value, type(outputs[0]).dtype) }

  /// The derivative of the inverse sine of the only operand; in factors, so that no digits are lost near -1 and 1.
  func inverseSineSlope() throws -> ValueID {
    let one = try constant(1)
    return try builder.rsqrt(builder.multiply(builder.subtract(one, inputs[0]), builder.add(one, inputs[0])))
  }

  /// The rule of the minimum and the maximum of two values, where ties are split evenly.
  /// - Parameter wins: whether its first operand alone is the result.
  func extremumGradient(_ wins: (ValueID, ValueID) throws -> ValueID) throws -> Gradient {
    let (g, zero, a, b) = (try cotangent(), try constant(0), inputs[0], inputs[1])
    let half = try builder.multiply(g, constant(0.5))
    let tied = try builder.select(builder.equal(a, b), half, zero)
    return try perInput { k in
      try builder.select(k == 0 ? wins(a, b) : wins(b, a), g, tied)
    }
  }
}
