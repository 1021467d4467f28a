import JacquardCore
import JacquardIR
import JacquardOps

// Rows with one id are a segment; the rows need not be neighbours. A segment without rows is 0. An id outside
// 0 ..< segments ends the step with an error.

extension Tensor {
  /// The sum of the rows of each segment: `[E, ...]` and ids `[E]` give `[segments, ...]`.
  public func segmentSum<I: TensorScalar>(
    _ ids: Tensor<I>, segments: Dim, file: String = #fileID, line: Int = #line
  ) -> Tensor {
    binary(ids, SourceSite(file: file, line: line)) { try $0.segmentSum($1, $2, segments: segments) }
  }

  /// The largest of the rows of each segment, element by element; NaN wins.
  public func segmentMax<I: TensorScalar>(
    _ ids: Tensor<I>, segments: Dim, file: String = #fileID, line: Int = #line
  ) -> Tensor {
    binary(ids, SourceSite(file: file, line: line)) { try $0.segmentMax($1, $2, segments: segments) }
  }
}

extension Tensor where Scalar: TensorFloat {
  /// The mean of the rows of each segment.
  public func segmentMean<I: TensorScalar>(
    _ ids: Tensor<I>, segments: Dim, file: String = #fileID, line: Int = #line
  ) -> Tensor {
    binary(ids, SourceSite(file: file, line: line)) { try $0.segmentMean($1, $2, segments: segments) }
  }
}

/// Turns pairs of elements of the last axis of x `[..., T, d]` by angles that grow with the position
/// (https://arxiv.org/abs/2104.09864).
///
/// - Parameters:
///   - positions: i32 or i64 `[T]`.
///   - interleaved: whether a pair is two neighbours, not an element of the first half and one of the second.
public func rotaryEmbedding<S: TensorFloat, I: TensorScalar>(
  _ x: Tensor<S>, positions: Tensor<I>, base: Double = 10000, interleaved: Bool = false, file: String = #fileID,
  line: Int = #line
) -> Tensor<S> {
  x.binary(positions, SourceSite(file: file, line: line)) {
    try $0.rotaryEmbedding($1, positions: $2, base: base, interleaved: interleaved)
  }
}
