import JacquardCore
import JacquardIR

/// What the normalisations share: values less their mean, over the root of their variance, along some axes; and its derivative.
struct Standardization {
  let axes: [Int]
  /// With the axes kept at size 1.
  let mean: ValueID
  let variance: ValueID
  /// `1 / sqrt(variance + epsilon)`.
  let inverse: ValueID
  /// `x - mean`.
  let centred: ValueID
  private let builder: GraphBuilder
  private let count: Dim

  /// The variance is that of the population, taken in two passes.
  init(_ builder: GraphBuilder, _ x: ValueID, axes: [Int], epsilon: Double) throws {
    self.builder = builder
    self.axes = axes
    let dims = builder.shape(x).dims
    count = try Shape(axes.map { dims[$0] }).elementCount()
    mean = try builder.mean(x, axes: axes, keepDims: true)
    centred = try builder.subtract(x, mean)
    variance = try builder.mean(builder.multiply(centred, centred), axes: axes, keepDims: true)
    inverse = try builder.rsqrt(builder.add(variance, builder.scalar(epsilon, for: x)))
  }

  /// The sums of a cotangent, and of its products with the centred values, along the axes: all that passes over the array need
  /// to find.
  struct Sums {
    let plain: ValueID
    let centred: ValueID
  }

  func sums(_ g: ValueID) throws -> Sums {
    Sums(
      plain: try builder.sum(g, axes: axes, keepDims: true),
      centred: try builder.sum(builder.multiply(g, centred), axes: axes, keepDims: true))
  }

  /// The cotangent of x for the cotangent `g` of `centred * factor`, where `factor` is `inverse` times what does not depend on x
  /// and stays the same along the axes:
  /// `factor * (g - mean(g) - centred * inverse^2 * mean(g * centred))` (https://arxiv.org/abs/1502.03167, section 3).
  func pullback(_ g: ValueID, _ sums: Sums, factor: ValueID) throws -> ValueID {
    let share = try builder.divide(factor, builder.dimension(count, builder.type(g).dtype))
    let slope = try builder.multiply(builder.multiply(share, builder.multiply(inverse, inverse)), sums.centred)
    let shift = try builder.multiply(share, sums.plain)
    let along = try builder.add(builder.multiply(centred, builder.negate(slope)), builder.negate(shift))
    return try builder.add(builder.multiply(g, factor), along)
  }

  /// The cotangent of x for cotangents of mean and variance (with the axes kept); nil if there are none.
  func pullback(mean g: ValueID?, variance h: ValueID?) throws -> ValueID? {
    func share(_ value: ValueID) throws -> ValueID {
      try builder.divide(value, builder.dimension(count, builder.type(value).dtype))
    }
    let flat = try g.map { try builder.broadcast(share($0), to: builder.shape(centred)) }
    guard let h else { return flat }
    let twice = try builder.multiply(share(h), builder.scalar(2, for: h))
    let steep = try builder.multiply(centred, twice)
    return try flat.map { try builder.add($0, steep) } ?? steep
  }
}
