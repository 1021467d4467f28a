import JacquardCore
import JacquardIR

/// What quantization of one tensor, or of each slice along an axis, has in common.
enum QuantizationRule {
  static let scaleDoc = "scale and zero point are scalars, or have the axis as their one axis"
  static let axisDoc = "axis is one of the operand's axes"

  static func isQuantized(_ dtype: DType) -> Bool { dtype == .u8 || dtype == .i8 }
}

extension Operation {
  /// Checks constraints `number` (the shapes of scale and zero point) and the next one (the axis).
  func requireScale(_ x: Shape, _ scale: Shape, _ zeroPoint: Shape, axis: Int, _ number: Int) throws {
    if scale != zeroPoint || scale.rank > 1 {
      throw violated(number, "scale \(scale) and zero point \(zeroPoint) of \(x)")
    }
    if scale.rank == 0 { return }
    try requireAxis(axis, rank: x.rank, number + 1)
    if scale[0] != x[axis] { throw violated(number, "a scale of \(scale) does not fit axis \(axis) of \(x)") }
  }
}

extension GraphBuilder {
  /// A scalar as it is; a vector as the axis of a tensor of some rank.
  func along(_ x: ValueID, axis: Int, rank: Int) throws -> ValueID {
    let shape = shape(x)
    if shape.rank == 0 { return x }
    return try reshape(x, Shape([shape[0]] + [Dim](repeating: 1, count: rank - axis - 1)))
  }
}
