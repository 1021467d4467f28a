import JacquardCore
import JacquardIR
import JacquardKernels

extension LoweringContext {
  /// Emits a map of one load: each element of an output is an element of an operand, in the output's type.
  ///
  /// - Parameter indices: the operand's index expressions from the axes of the output's shape and its extents.
  func emitCopy(
    _ name: String, from input: BufferID, to output: BufferID, fill: Scalar? = nil,
    _ indices: ([IndexExpression], [Int]) -> [IndexExpression]
  ) {
    emitMap(name, to: output) { body in
      let axes = body.extents.indices.map { IndexExpression.axis($0) }
      return body.cast(body.load(input, dtype(input), indices(axes, body.extents), fill: fill), dtype(output))
    }
  }

  /// Emits a scatter into the result, in a wider type on the way where the result's own is for memory only.
  ///
  /// - Parameter scatter: makes it for a target and a base of type `wide`.
  func emitScatter(_ name: String, base: BufferID, _ wide: DType, _ scatter: (BufferID, BufferID) -> Scatter) {
    let output = outputs[0]
    if dtype(output) == wide { return emit(name, .scatter(scatter(output, base))) }
    let (from, to) = (temporary(wide, extents(base)), temporary(wide, extents(output)))
    emitCopy(name, from: base, to: from) { axes, _ in axes }
    emit(name, .scatter(scatter(to, from)))
    emitCopy(name, from: to, to: output) { axes, _ in axes }
  }

  /// Emits a map that gives every element one value.
  func emitFill(_ name: String, _ value: Scalar, to output: BufferID) {
    let dtype = dtype(output)
    emitMap(name, to: output) { body in body.append(Instruction(.constant(value.converted(to: dtype)), dtype)) }
  }
}

extension IndexExpression {
  /// The row-major position of a point with these indices in a dense array. Axes of size 1 do not appear.
  static func linear(_ indices: [IndexExpression], in extents: [Int]) -> IndexExpression {
    let strides = Layout.rowMajor(extents).strides
    return extents.indices.reduce(IndexExpression(0)) { sum, axis in
      extents[axis] == 1 ? sum : sum + indices[axis] * strides[axis]
    }
  }

  /// The indices of the element at this row-major position of a dense array with the given extents, none of them 0.
  ///
  /// - Parameter space: extents of the axes that the expression mentions.
  func unflattened(to extents: [Int], in space: [Int]) -> [IndexExpression] {
    zip(extents, Layout.rowMajor(extents).strides).map { extent, stride in
      floorDiv(stride, in: space).remainder(extent, in: space)
    }
  }
}
