import JacquardCore
import JacquardIR
import JacquardOps

// Scatter, tuples of positions, and parts at places known when the graph runs.

extension Tensor {
  /// With single elements put at positions along an axis. What meets at one place is combined in order.
  public func scattering<I: TensorScalar>(
    _ updates: Tensor, at indices: Tensor<I>, axis: Int, _ combiner: ScatterCombiner = .set, file: String = #fileID,
    line: Int = #line
  ) -> Tensor {
    context.emit([self, indices, updates], at: SourceSite(file: file, line: line)) {
      try $0.scatterElements($1[0], $1[1], $1[2], axis: self.axis(axis), combiner)
    }
  }

  /// The elements or slices named by tuples of positions along the last axis of `indices`.
  public func gatheredND<I: TensorScalar>(
    _ indices: Tensor<I>, file: String = #fileID, line: Int = #line
  ) -> Tensor {
    binary(indices, SourceSite(file: file, line: line)) { try $0.gatherND($1, $2) }
  }

  /// With elements or slices put where tuples of positions along the last axis of `indices` say.
  public func scatteringND<I: TensorScalar>(
    _ updates: Tensor, at indices: Tensor<I>, _ combiner: ScatterCombiner = .set, file: String = #fileID,
    line: Int = #line
  ) -> Tensor {
    context.emit([self, indices, updates], at: SourceSite(file: file, line: line)) {
      try $0.scatterND($1[0], $1[1], $1[2], combiner)
    }
  }

  /// The part of given sizes that begins at `starts` (one index an axis), moved so that it lies inside.
  public func dynamicSlice<I: TensorScalar>(
    at starts: Tensor<I>, sizes: [Dim], file: String = #fileID, line: Int = #line
  ) -> Tensor {
    binary(starts, SourceSite(file: file, line: line)) { try $0.dynamicSlice($1, $2, sizes: sizes) }
  }

  /// With the part that begins at `starts` (one index an axis) replaced.
  public func dynamicUpdate<I: TensorScalar>(
    _ update: Tensor, at starts: Tensor<I>, file: String = #fileID, line: Int = #line
  ) -> Tensor {
    context.emit([self, update, starts], at: SourceSite(file: file, line: line)) {
      try $0.dynamicUpdateSlice($1[0], $1[1], $1[2])
    }
  }

  /// A row of `depth` elements for each index, with 1 at that place and 0 elsewhere. Of i32 and i64.
  public func oneHot<R: TensorScalar>(
    _ depth: Dim, as type: R.Type = Float.self, file: String = #fileID, line: Int = #line
  ) -> Tensor<R> {
    unary(SourceSite(file: file, line: line)) { try $0.oneHot($1, depth: depth, R.dtype) }
  }
}
