import JacquardCore
import JacquardIR
import JacquardOps

extension Tensor {
  /// The bits that both have. Of integers.
  public func bitwiseAnd(_ other: Tensor, file: String = #fileID, line: Int = #line) -> Tensor {
    binary(other, SourceSite(file: file, line: line)) { try $0.bitwiseAnd($1, $2) }
  }

  /// The bits that either has. Of integers.
  public func bitwiseOr(_ other: Tensor, file: String = #fileID, line: Int = #line) -> Tensor {
    binary(other, SourceSite(file: file, line: line)) { try $0.bitwiseOr($1, $2) }
  }

  /// The bits in which they differ. Of integers.
  public func bitwiseXor(_ other: Tensor, file: String = #fileID, line: Int = #line) -> Tensor {
    binary(other, SourceSite(file: file, line: line)) { try $0.bitwiseXor($1, $2) }
  }

  /// The bits turned round. Of integers.
  public func bitwiseNot(file: String = #fileID, line: Int = #line) -> Tensor {
    unary(SourceSite(file: file, line: line)) { try $0.bitwiseNot($1) }
  }

  /// The bits moved to higher places. Of integers.
  public func shiftedLeft(_ amount: Tensor, file: String = #fileID, line: Int = #line) -> Tensor {
    binary(amount, SourceSite(file: file, line: line)) { try $0.shiftLeft($1, $2) }
  }

  /// The bits moved to lower places; signed numbers keep their sign. Of integers.
  public func shiftedRight(_ amount: Tensor, file: String = #fileID, line: Int = #line) -> Tensor {
    binary(amount, SourceSite(file: file, line: line)) { try $0.shiftRight($1, $2) }
  }
}

extension Tensor where Scalar: TensorFloat {
  /// Where the value is not a number.
  public func isNaN(file: String = #fileID, line: Int = #line) -> Tensor<Bool> {
    unary(SourceSite(file: file, line: line)) { try $0.isNaN($1) }
  }

  /// Where the value is infinite.
  public func isInfinite(file: String = #fileID, line: Int = #line) -> Tensor<Bool> {
    unary(SourceSite(file: file, line: line)) { try $0.isInf($1) }
  }

  /// Where the value is neither infinite nor NaN.
  public func isFinite(file: String = #fileID, line: Int = #line) -> Tensor<Bool> {
    unary(SourceSite(file: file, line: line)) { try $0.isFinite($1) }
  }
}
