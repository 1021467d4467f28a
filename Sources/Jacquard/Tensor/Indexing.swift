import JacquardCore
import JacquardIR
import JacquardOps

extension Tensor {
  /// The elements at indices along an axis. The shape of the indices takes the place of the axis.
  ///
  /// An index out of range ends the step with an error.
  public func gathered<I: TensorScalar>(
    _ indices: Tensor<I>, axis: Int = 0, file: String = #fileID, line: Int = #line
  ) -> Tensor {
    binary(indices, SourceSite(file: file, line: line)) { try $0.gather($1, $2, axis: self.axis(axis)) }
  }

  /// With updates added at indices along an axis; equal indices add up.
  public func scatterAdding<I: TensorScalar>(
    _ updates: Tensor, at indices: Tensor<I>, axis: Int = 0, file: String = #fileID, line: Int = #line
  ) -> Tensor {
    context.emit([self, indices, updates], at: SourceSite(file: file, line: line)) {
      try $0.scatterAdd($1[0], $1[1], $1[2], axis: self.axis(axis))
    }
  }

  /// For each position along the other axes, the element that the index there names along `axis`.
  public func takingAlong<I: TensorScalar>(
    _ indices: Tensor<I>, axis: Int, file: String = #fileID, line: Int = #line
  ) -> Tensor {
    binary(indices, SourceSite(file: file, line: line)) { try $0.takeAlongAxis($1, $2, axis: self.axis(axis)) }
  }
}

extension GraphContext {
  /// A number that is part of the graph.
  public func constant<S: TensorScalar>(
    _ number: S, file: String = #fileID, line: Int = #line
  ) -> Tensor<S> {
    emit([], at: SourceSite(file: file, line: line)) { builder, _ in try builder.scalar(number) }
  }

  /// Numbers that are part of the graph. - Parameter shape: One dimension where nil.
  public func constant<S: TensorScalar>(
    _ numbers: [S], _ sizes: [Int]? = nil, file: String = #fileID, line: Int = #line
  ) -> Tensor<S> {
    emit([], at: SourceSite(file: file, line: line)) { builder, _ in
      try builder.constant(try HostTensor(numbers, sizes ?? [numbers.count]))
    }
  }

  /// The numbers 0, 1, 2, ... along an axis.
  public func iota<S: TensorScalar>(
    _ type: S.Type, _ shape: Shape, axis: Int = 0, file: String = #fileID, line: Int = #line
  ) -> Tensor<S> {
    emit([], at: SourceSite(file: file, line: line)) { builder, _ in
      try shape.checkSymbols()
      return try builder.iota(shape, axis: axis < 0 ? axis + shape.rank : axis, S.dtype)
    }
  }

  /// A dimension as a scalar.
  public func dimension<S: TensorScalar>(
    _ dim: Dim, _ type: S.Type, file: String = #fileID, line: Int = #line
  ) -> Tensor<S> {
    emit([], at: SourceSite(file: file, line: line)) { builder, _ in
      try Shape([dim]).checkSymbols()
      return try builder.dimension(dim, S.dtype)
    }
  }
}
