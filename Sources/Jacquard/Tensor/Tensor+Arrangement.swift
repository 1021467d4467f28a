import JacquardCore
import JacquardIR
import JacquardOps

// Other arrangements of the same elements.

extension Tensor {
  /// Moved along axes; what leaves at one end comes back at the other.
  public func rolled(_ shifts: [Int], axes: [Int], file: String = #fileID, line: Int = #line) -> Tensor {
    unary(SourceSite(file: file, line: line)) {
      try $0.roll($1, shifts: shifts, axes: axes.map { self.axis($0) })
    }
  }

  /// Copies side by side, so many along each axis.
  public func tiled(_ repeats: [Dim], file: String = #fileID, line: Int = #line) -> Tensor {
    unary(SourceSite(file: file, line: line)) { try $0.tile($1, repeats: repeats) }
  }

  /// Each element along an axis several times in a row.
  public func repeated(_ count: Dim, axis: Int, file: String = #fileID, line: Int = #line) -> Tensor {
    unary(SourceSite(file: file, line: line)) { try $0.repeatElements($1, count, axis: self.axis(axis)) }
  }

  /// Surrounded by its own elements: mirrored, the outermost repeated, or going on from the other end.
  public func padded(
    _ mode: PadBorder.Mode, low: [Dim], high: [Dim], file: String = #fileID, line: Int = #line
  ) -> Tensor {
    unary(SourceSite(file: file, line: line)) { try $0.pad($1, mode, low: low, high: high) }
  }

  /// The elements on and below a diagonal of each matrix of the last two axes, 0 elsewhere.
  public func lowerTriangle(_ diagonal: Int = 0, file: String = #fileID, line: Int = #line) -> Tensor {
    unary(SourceSite(file: file, line: line)) { try $0.tril($1, diagonal: diagonal) }
  }

  /// The elements on and above a diagonal of each matrix of the last two axes, 0 elsewhere.
  public func upperTriangle(_ diagonal: Int = 0, file: String = #fileID, line: Int = #line) -> Tensor {
    unary(SourceSite(file: file, line: line)) { try $0.triu($1, diagonal: diagonal) }
  }
}
