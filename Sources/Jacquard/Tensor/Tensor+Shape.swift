import JacquardCore
import JacquardIR
import JacquardOps

extension Tensor {
  /// The same elements, in order, under another shape.
  ///
  /// - Parameter shape: One dimension may be -1: it is then what is left. The number of elements must agree for every
  ///   size of the symbols.
  public func reshaped(_ shape: Shape, file: String = #fileID, line: Int = #line) -> Tensor {
    unary(SourceSite(file: file, line: line)) { builder, x in
      try shape.checkSymbols()
      return try builder.reshape(x, try builder.shape(x).resolving(shape))
    }
  }

  /// All axes from the given one on joined into one: `[N,28,28]` becomes `[N,784]`.
  public func flattened(from axis: Int = 1, file: String = #fileID, line: Int = #line) -> Tensor {
    let first = self.axis(axis)
    let kept = shape.dims.prefix(Swift.max(0, first))
    return reshaped(Shape(kept + [-1]), file: file, line: line)
  }

  /// The axes in another order: axis i of the result is axis `order[i]`. Without an order the last two are exchanged.
  public func transposed(_ order: [Int]? = nil, file: String = #fileID, line: Int = #line) -> Tensor {
    unary(SourceSite(file: file, line: line)) { builder, x in
      var axes = Array(0..<self.rank)
      if let order {
        axes = order.map { self.axis($0) }
      } else if axes.count > 1 {
        axes.swapAt(axes.count - 1, axes.count - 2)
      }
      return try builder.transpose(x, axes)
    }
  }

  /// Repeated to a larger shape by NumPy's rule.
  public func broadcast(to shape: Shape, file: String = #fileID, line: Int = #line) -> Tensor {
    unary(SourceSite(file: file, line: line)) { builder, x in
      try shape.checkSymbols()
      return try builder.broadcast(x, to: shape)
    }
  }

  /// With a new axis of size 1 at the given place; -1 appends one.
  public func expandingDims(_ axis: Int, file: String = #fileID, line: Int = #line) -> Tensor {
    let place = axis < 0 ? axis + rank + 1 : axis
    return unary(SourceSite(file: file, line: line)) { try $0.expandDims($1, axis: place) }
  }

  /// Without an axis of size 1.
  public func squeezed(_ axis: Int, file: String = #fileID, line: Int = #line) -> Tensor {
    unary(SourceSite(file: file, line: line)) { try $0.squeeze($1, axis: self.axis(axis)) }
  }

  /// The part `range` along an axis, taking every `stride`-th element.
  public func sliced(
    _ range: Range<Int>, axis: Int = 0, stride: Int = 1, file: String = #fileID, line: Int = #line
  ) -> Tensor {
    unary(SourceSite(file: file, line: line)) { builder, x in
      let dims = builder.shape(x).dims
      let chosen = self.axis(axis)
      guard dims.indices.contains(chosen) else { throw Diagnostic("slice: there is no axis \(axis) in \(self.shape)") }
      var (starts, limits, strides) = ([Dim](repeating: 0, count: dims.count), dims, dims.map { _ in 1 })
      starts[chosen] = Dim(range.lowerBound)
      limits[chosen] = Dim(range.upperBound)
      strides[chosen] = stride
      return try builder.slice(x, starts: starts, limits: limits, strides: strides)
    }
  }

  /// Surrounded by a value: `low[i]` elements before and `high[i]` after along axis i.
  public func padded(
    low: [Int], high: [Int], value: Double = 0, file: String = #fileID, line: Int = #line
  ) -> Tensor {
    unary(SourceSite(file: file, line: line)) { try $0.pad($1, low: low, high: high, value: value) }
  }

  /// In the opposite order along axes.
  public func reversed(_ axes: [Int], file: String = #fileID, line: Int = #line) -> Tensor {
    unary(SourceSite(file: file, line: line)) { try $0.reverse($1, axes: self.axes(axes)) }
  }

  /// The elements as another type. A float becomes the nearest integer towards zero.
  public func cast<S: TensorScalar>(
    to type: S.Type, file: String = #fileID, line: Int = #line
  ) -> Tensor<S> {
    unary(SourceSite(file: file, line: line)) { try $0.cast($1, S.dtype) }
  }

  /// The same value, through which no gradient flows.
  public func stoppingGradient(file: String = #fileID, line: Int = #line) -> Tensor {
    unary(SourceSite(file: file, line: line)) { try $0.stopGradient($1) }
  }
}

/// Tensors one after the other along an axis.
///
/// - Parameter tensors: At least one.
public func concat<S>(
  _ first: Tensor<S>, _ rest: Tensor<S>..., axis: Int = 0, file: String = #fileID, line: Int = #line
) -> Tensor<S> {
  let site = SourceSite(file: file, line: line)
  return first.context.emit([first] + rest, at: site) { try $0.concat($1, axis: first.axis(axis)) }
}

extension Shape {
  /// A wanted shape with its one dimension of -1 replaced by what is left of this shape's elements.
  func resolving(_ wanted: Shape) throws(Diagnostic) -> Shape {
    let open = wanted.dims.indices.filter { wanted[$0].value == -1 }
    guard let place = open.first else { return wanted }
    if open.count > 1 { throw Diagnostic("reshape: only one dimension of \(wanted) may be -1") }
    var known = Dim(1)
    for (index, dim) in wanted.dims.enumerated() where index != place { known = try known.times(dim) }
    guard let rest = try elementCount().dividedExactly(by: known) else {
      throw Diagnostic("reshape: \(self) does not divide into \(wanted)")
    }
    var result = wanted
    result.dims[place] = rest
    return result
  }
}
