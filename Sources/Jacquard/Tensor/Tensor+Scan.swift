import JacquardCore
import JacquardIR
import JacquardOps

// Running totals, and order, along an axis.

extension Tensor {
  /// The sum of the elements up to each one; `exclusive` leaves out the element itself, `reverse` goes from the last one.
  public func cumulativeSum(
    axis: Int, exclusive: Bool = false, reverse: Bool = false, file: String = #fileID, line: Int = #line
  ) -> Tensor {
    unary(SourceSite(file: file, line: line)) {
      try $0.cumsum($1, axis: self.axis(axis), exclusive: exclusive, reverse: reverse)
    }
  }

  /// The product of the elements up to each one; `exclusive` leaves out the element itself, `reverse` goes from the last one.
  public func cumulativeProduct(
    axis: Int, exclusive: Bool = false, reverse: Bool = false, file: String = #fileID, line: Int = #line
  ) -> Tensor {
    unary(SourceSite(file: file, line: line)) {
      try $0.cumprod($1, axis: self.axis(axis), exclusive: exclusive, reverse: reverse)
    }
  }

  /// The largest of the elements up to each one.
  public func cumulativeMaximum(
    axis: Int, reverse: Bool = false, file: String = #fileID, line: Int = #line
  ) -> Tensor {
    unary(SourceSite(file: file, line: line)) { try $0.cummax($1, axis: self.axis(axis), reverse: reverse).values }
  }

  /// The smallest of the elements up to each one.
  public func cumulativeMinimum(
    axis: Int, reverse: Bool = false, file: String = #fileID, line: Int = #line
  ) -> Tensor {
    unary(SourceSite(file: file, line: line)) { try $0.cummin($1, axis: self.axis(axis), reverse: reverse).values }
  }

  /// `y[i] = factors[i] * y[i - 1] + self[i]` along an axis, from `y[0] = self[0]` on.
  public func recurrence(
    factors: Tensor, axis: Int, reverse: Bool = false, file: String = #fileID, line: Int = #line
  ) -> Tensor {
    factors.binary(self, SourceSite(file: file, line: line)) {
      try $0.linearRecurrence($1, $2, axis: self.axis(axis), reverse: reverse)
    }
  }

  /// The elements in order; equal ones keep theirs, NaN is the largest.
  public func sorted(
    axis: Int = -1, descending: Bool = false, file: String = #fileID, line: Int = #line
  ) -> Tensor {
    unary(SourceSite(file: file, line: line)) {
      try $0.sort($1, axis: self.axis(axis), descending: descending).values
    }
  }

  /// The positions of the elements in order.
  public func argsorted(
    axis: Int = -1, descending: Bool = false, file: String = #fileID, line: Int = #line
  ) -> Tensor<Int64> {
    unary(SourceSite(file: file, line: line)) {
      try $0.argsort($1, axis: self.axis(axis), descending: descending)
    }
  }

  /// The k largest (or smallest) elements in order, and their positions.
  public func top(
    _ k: Dim, axis: Int = -1, largest: Bool = true, file: String = #fileID, line: Int = #line
  ) -> (values: Tensor, positions: Tensor<Int64>) {
    let site = SourceSite(file: file, line: line)
    return (
      unary(site) { try $0.topK($1, k, axis: self.axis(axis), largest: largest).values },
      unary(site) { try $0.topK($1, k, axis: self.axis(axis), largest: largest).positions }
    )
  }
}
