import JacquardCore
import JacquardIR

/// The parts of which softmax, its logarithm and log-sum-exp along an axis are made.
///
/// All of them build the same nodes, which the builder keeps once; their derivatives use the same exponential. So a
/// graph with several of them, and their derivatives, takes one exponential of each element.
struct ShiftedExponential {
  /// The largest value of each row, through which no derivative passes: the result does not depend on it. An infinite
  /// one is replaced by 0, as in SciPy, so that rows of -inf or with inf do not become NaN by the shift alone.
  let shift: ValueID
  /// x - shift
  let shifted: ValueID
  /// e^(x - shift)
  let exponential: ValueID
  /// Its sum along the axis, which stays with size 1.
  let sum: ValueID

  init(_ builder: GraphBuilder, _ x: ValueID, axis: Int) throws {
    let largest = try builder.stopGradient(builder.reduceMax(x, axes: [axis], keepDims: true))
    let infinite = try builder.equal(builder.abs(largest), builder.scalar(.infinity, for: x))
    shift = try builder.select(infinite, builder.scalar(0, for: x), largest)
    shifted = try builder.subtract(x, shift)
    exponential = try builder.exp(shifted)
    sum = try builder.sum(exponential, axes: [axis], keepDims: true)
  }

  static let axisDoc = "c2: axis names an axis of the operand, which is not empty"

  /// Constraint c2.
  static func check(_ axis: Int, _ type: TensorType, _ operation: some CompositeOperation) throws {
    let exists = type.shape.dims.indices.contains(axis)
    try operation.require(2, exists, "there is no axis \(axis) in \(type)")
    try operation.require(2, type.shape[axis].value != 0, "axis \(axis) of \(type) is empty")
  }
}
