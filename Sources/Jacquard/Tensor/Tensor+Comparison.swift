import JacquardCore
import JacquardIR
import JacquardOps

// Comparisons broadcast as in NumPy; with NaN they are false, but `notEqual(to:)` is true.

extension Tensor {
  /// Where this tensor is less than another.
  public func less(than other: Tensor, file: String = #fileID, line: Int = #line) -> Tensor<Bool> {
    binary(other, SourceSite(file: file, line: line)) { try $0.less($1, $2) }
  }

  /// Where this tensor is less than a number.
  public func less(than other: Scalar, file: String = #fileID, line: Int = #line) -> Tensor<Bool> {
    scalar(other, SourceSite(file: file, line: line)) { try $0.less($1, $2) }
  }

  /// Where this tensor is at most another.
  public func lessOrEqual(to other: Tensor, file: String = #fileID, line: Int = #line) -> Tensor<Bool> {
    binary(other, SourceSite(file: file, line: line)) { try $0.lessEqual($1, $2) }
  }

  /// Where this tensor is at most a number.
  public func lessOrEqual(to other: Scalar, file: String = #fileID, line: Int = #line) -> Tensor<Bool> {
    scalar(other, SourceSite(file: file, line: line)) { try $0.lessEqual($1, $2) }
  }

  /// Where this tensor is greater than another.
  public func greater(than other: Tensor, file: String = #fileID, line: Int = #line) -> Tensor<Bool> {
    binary(other, SourceSite(file: file, line: line)) { try $0.greater($1, $2) }
  }

  /// Where this tensor is greater than a number.
  public func greater(than other: Scalar, file: String = #fileID, line: Int = #line) -> Tensor<Bool> {
    scalar(other, SourceSite(file: file, line: line)) { try $0.greater($1, $2) }
  }

  /// Where this tensor is at least another.
  public func greaterOrEqual(to other: Tensor, file: String = #fileID, line: Int = #line) -> Tensor<Bool> {
    binary(other, SourceSite(file: file, line: line)) { try $0.greaterEqual($1, $2) }
  }

  /// Where this tensor is at least a number.
  public func greaterOrEqual(to other: Scalar, file: String = #fileID, line: Int = #line) -> Tensor<Bool> {
    scalar(other, SourceSite(file: file, line: line)) { try $0.greaterEqual($1, $2) }
  }

  /// Where this tensor equals another.
  public func equal(to other: Tensor, file: String = #fileID, line: Int = #line) -> Tensor<Bool> {
    binary(other, SourceSite(file: file, line: line)) { try $0.equal($1, $2) }
  }

  /// Where this tensor equals a number.
  public func equal(to other: Scalar, file: String = #fileID, line: Int = #line) -> Tensor<Bool> {
    scalar(other, SourceSite(file: file, line: line)) { try $0.equal($1, $2) }
  }

  /// Where this tensor differs from another.
  public func notEqual(to other: Tensor, file: String = #fileID, line: Int = #line) -> Tensor<Bool> {
    binary(other, SourceSite(file: file, line: line)) { try $0.notEqual($1, $2) }
  }

  /// Where this tensor differs from a number.
  public func notEqual(to other: Scalar, file: String = #fileID, line: Int = #line) -> Tensor<Bool> {
    scalar(other, SourceSite(file: file, line: line)) { try $0.notEqual($1, $2) }
  }
}

extension Tensor where Scalar == Bool {
  /// Where both are true.
  public func and(_ other: Tensor, file: String = #fileID, line: Int = #line) -> Tensor {
    binary(other, SourceSite(file: file, line: line)) { try $0.logicalAnd($1, $2) }
  }

  /// Where at least one is true.
  public func or(_ other: Tensor, file: String = #fileID, line: Int = #line) -> Tensor {
    binary(other, SourceSite(file: file, line: line)) { try $0.logicalOr($1, $2) }
  }

  /// Where exactly one is true.
  public func xor(_ other: Tensor, file: String = #fileID, line: Int = #line) -> Tensor {
    binary(other, SourceSite(file: file, line: line)) { try $0.logicalXor($1, $2) }
  }

  /// Where the tensor is false.
  public static prefix func ! (x: Tensor) -> Tensor { x.unary(nil) { try $0.logicalNot($1) } }

  /// Whether any element along the axes (all if nil) is true.
  public func any(
    _ axes: [Int]? = nil, keepDims: Bool = false, file: String = #fileID, line: Int = #line
  ) -> Tensor {
    unary(SourceSite(file: file, line: line)) { try $0.any($1, axes: self.axes(axes), keepDims: keepDims) }
  }

  /// Whether all elements along the axes (all if nil) are true.
  public func all(
    _ axes: [Int]? = nil, keepDims: Bool = false, file: String = #fileID, line: Int = #line
  ) -> Tensor {
    unary(SourceSite(file: file, line: line)) { try $0.all($1, axes: self.axes(axes), keepDims: keepDims) }
  }
}
