import JacquardCore
import JacquardIR
import JacquardOps

/// Shapes of formulas that the stabilising rules share.
extension RewriteContext {
  /// `sum(exp(x))` over one axis: its x, its axis and whether the axis stays (written as keepDims or as a reshape).
  mutating func sumOfExponentials(_ value: ValueID) -> (x: ValueID, axis: Int, keepDims: Bool)? {
    var value = value
    var shaped: Shape?
    if let reshape = node(value, Reshape.name) {
      shaped = shape(value)
      value = reshape.operand
    }
    guard let (sum, exponential) = match(value, Sum.self), sum.axes.count == 1,
      let inner = node(exponential, Exp.name), !isSafelyShifted(inner.operand)
    else { return nil }
    let axis = sum.axes[0]
    // Of nothing there is a sum, but neither softmax nor logSumExp.
    if shape(exponential)[axis] == 0 { return nil }
    guard let shaped else { return (inner.operand, axis, sum.keepDims) }
    var dims = shape(exponential).dims
    dims[axis] = 1
    return Shape(dims) == shaped ? (inner.operand, axis, true) : nil
  }

  /// Whether a value is x minus its largest element, guarded against an infinite one: the exponent that softmax and its kin
  /// are written out with. What is in that form already is left alone.
  private mutating func isSafelyShifted(_ value: ValueID) -> Bool {
    guard let difference = node(value, Subtract.name), let guarded = node(difference.inputs[1], Select.name),
      let (_, x) = match(behindStop(guarded.inputs[2]), ReduceMax.self)
    else { return false }
    return x == difference.inputs[0]
  }

  /// Whether a value is `-|x|`, whose exponential cannot overflow: the exponent that softplus is written out with.
  mutating func isNeverPositive(_ value: ValueID) -> Bool {
    guard let negated = node(value, Negate.name) else { return false }
    return node(negated.operand, Abs.name) != nil
  }

  /// The x of `1 + exp(x)`.
  mutating func onePlusExp(_ value: ValueID) -> ValueID? {
    guard let sum = node(value, Add.name) else { return nil }
    for side in 0...1 where isNumber(sum.inputs[side], 1) {
      guard let inner = node(sum.inputs[1 - side], Exp.name), shape(value) == shape(inner.operand) else { continue }
      return inner.operand
    }
    return nil
  }

  /// `softmax(x - m)` as `softmax(x)`, where m has size 1 along the axis; the same for `logSoftmax`.
  mutating func withoutShift(_ node: Node) throws -> ValueID? {
    let axis = (node.operation as? Softmax)?.axis ?? (node.operation as? LogSoftmax)?.axis
    guard let axis, let difference = self.node(node.operand, Subtract.name) else { return nil }
    let (x, m) = (difference.inputs[0], difference.inputs[1])
    let rank = shape(node.operand).rank
    guard shape(x) == shape(node.operand), isConstantAlong(axis, rank: rank, m) else { return nil }
    return try builder.append(node.operation, [x])[0]
  }

  /// `logSumExp(x - m) + m` as `logSumExp(x)`.
  mutating func shiftedBack(_ value: ValueID, by shift: ValueID) throws -> ValueID? {
    guard let (operation, inner) = match(value, LogSumExp.self), let difference = node(inner, Subtract.name)
    else { return nil }
    let (x, m) = (difference.inputs[0], difference.inputs[1])
    guard shape(x) == shape(inner), isConstantAlong(operation.axis, rank: shape(inner).rank, m),
      isSame(shift, m, squeezed: !operation.keepDims, type(value))
    else { return nil }
    return try builder.append(operation, [x])[0]
  }

  /// Whether two values hold the same numbers, up to `stopGradient` and, if squeezed, axes of size 1.
  private mutating func isSame(_ a: ValueID, _ b: ValueID, squeezed: Bool, _ type: TensorType) -> Bool {
    var (left, right) = (behindStop(a), behindStop(b))
    if !squeezed { return left == right }
    guard self.type(left) == type else { return false }
    if let reshape = node(left, Reshape.name) { left = behindStop(reshape.operand) }
    if left == right { return true }
    guard let (l, x) = match(left, ReduceMax.self), let (r, y) = match(right, ReduceMax.self) else { return false }
    right = y
    return l.axes == r.axes && x == right
  }

  /// `log(gather(softmax(x)))` as `gather(logSoftmax(x))`, also through a reshape.
  mutating func logOfChosen(_ value: ValueID) throws -> ValueID? {
    guard let chosen = node(value) else { return nil }
    let rearranged: Set<String> = [TakeAlongAxis.name, Gather.name, Reshape.name, Slice.name]
    guard rearranged.contains(chosen.operationName) else { return nil }
    if let (softmax, x) = match(chosen.operand, Softmax.self) {
      var inputs = chosen.inputs
      inputs[0] = try builder.logSoftmax(x, axis: softmax.axis)
      return try builder.append(chosen.operation, inputs)[0]
    }
    guard chosen.operation is Reshape, let inner = try logOfChosen(chosen.operand) else { return nil }
    return try builder.append(chosen.operation, [inner])[0]
  }
}
