import JacquardCore
import JacquardIR
import JacquardOps

// Without axes a reduction goes over all of them. Negative axes count from the last.

extension Tensor {
  /// The sum along axes.
  public func sum(
    _ axes: Int..., keepDims: Bool = false, file: String = #fileID, line: Int = #line
  ) -> Tensor {
    unary(SourceSite(file: file, line: line)) {
      try $0.sum($1, axes: self.axes(axes.isEmpty ? nil : axes), keepDims: keepDims)
    }
  }

  /// The product along axes.
  public func product(
    _ axes: Int..., keepDims: Bool = false, file: String = #fileID, line: Int = #line
  ) -> Tensor {
    unary(SourceSite(file: file, line: line)) {
      try $0.product($1, axes: self.axes(axes.isEmpty ? nil : axes), keepDims: keepDims)
    }
  }

  /// The largest element along axes; NaN wins.
  public func max(
    _ axes: Int..., keepDims: Bool = false, file: String = #fileID, line: Int = #line
  ) -> Tensor {
    unary(SourceSite(file: file, line: line)) {
      try $0.reduceMax($1, axes: self.axes(axes.isEmpty ? nil : axes), keepDims: keepDims)
    }
  }

  /// The smallest element along axes; NaN wins.
  public func min(
    _ axes: Int..., keepDims: Bool = false, file: String = #fileID, line: Int = #line
  ) -> Tensor {
    unary(SourceSite(file: file, line: line)) {
      try $0.reduceMin($1, axes: self.axes(axes.isEmpty ? nil : axes), keepDims: keepDims)
    }
  }

  /// The position of the largest element along an axis: the first of equal ones.
  public func argmax(_ axis: Int, file: String = #fileID, line: Int = #line) -> Tensor<ArgumentIndex> {
    unary(SourceSite(file: file, line: line)) { try $0.argmax($1, axis: self.axis(axis)) }
  }

  /// The position of the smallest element along an axis: the first of equal ones.
  public func argmin(_ axis: Int, file: String = #fileID, line: Int = #line) -> Tensor<ArgumentIndex> {
    unary(SourceSite(file: file, line: line)) { try $0.argmin($1, axis: self.axis(axis)) }
  }
}

/// What `argmax` and `argmin` count in.
public typealias ArgumentIndex = Int64

extension Tensor where Scalar: TensorFloat {
  /// The mean along axes.
  public func mean(
    _ axes: Int..., keepDims: Bool = false, file: String = #fileID, line: Int = #line
  ) -> Tensor {
    unary(SourceSite(file: file, line: line)) {
      try $0.mean($1, axes: self.axes(axes.isEmpty ? nil : axes), keepDims: keepDims)
    }
  }
}

/// exp(x) divided by its sum along an axis.
public func softmax<S: TensorFloat>(
  _ x: Tensor<S>, axis: Int = -1, file: String = #fileID, line: Int = #line
) -> Tensor<S> {
  x.unary(SourceSite(file: file, line: line)) { try $0.softmax($1, axis: x.axis(axis)) }
}

/// The logarithm of softmax, without overflow.
public func logSoftmax<S: TensorFloat>(
  _ x: Tensor<S>, axis: Int = -1, file: String = #fileID, line: Int = #line
) -> Tensor<S> {
  x.unary(SourceSite(file: file, line: line)) { try $0.logSoftmax($1, axis: x.axis(axis)) }
}

/// log(sum(exp(x))) along an axis, without overflow.
public func logSumExp<S: TensorFloat>(
  _ x: Tensor<S>, axis: Int = -1, keepDims: Bool = false, file: String = #fileID, line: Int = #line
) -> Tensor<S> {
  x.unary(SourceSite(file: file, line: line)) { try $0.logSumExp($1, axis: x.axis(axis), keepDims: keepDims) }
}
