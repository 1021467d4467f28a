import JacquardIR

extension OperationRegistry {
  /// Every operation that Jacquard brings with it.
  public static let standard = OperationRegistry(
    ElementwiseOperations.all + StructuralOperations.all + CompositeOperations.all)
}

/// The operations that are neither element by element nor composed of others.
public enum StructuralOperations {
  /// Those that combine the elements along axes.
  public static let reductions: [any Operation.Type] = [
    Sum.self, Mean.self, Product.self, ReduceMax.self, ReduceMin.self, ReduceAny.self, ReduceAll.self, ArgMax.self,
    ArgMin.self,
  ]
  /// Sums of products.
  public static let products: [any Operation.Type] = [Dot.self, Conv.self, ConvWeightGradient.self]
  /// Those that combine the elements of windows, and what their gradients are made of.
  public static let pooling: [any Operation.Type] = [MaxPool.self, PoolGather.self, PoolScatter.self, SumPool.self]
  /// Those that move elements, or reread their bits.
  public static let shapes: [any Operation.Type] = [
    Reshape.self, Transpose.self, Broadcast.self, Slice.self, Pad.self, Concat.self, Reverse.self, Roll.self,
    Bitcast.self,
  ]
  /// Those that read or write at run-time positions.
  public static let indexing: [any Operation.Type] = [
    Gather.self, ScatterAdd.self, TakeAlongAxis.self, GatherND.self, ScatterElements.self, ScatterND.self,
    DynamicSlice.self, DynamicUpdateSlice.self,
  ]
  /// Those that go along an axis from one end to the other, and the sort.
  public static let scans: [any Operation.Type] = [
    CumulativeSum.self, CumulativeProduct.self, CumulativeMaximum.self, CumulativeMinimum.self, LinearRecurrence.self,
    Sort.self,
  ]
  /// Factorisations and solutions of triangular systems.
  public static let linearAlgebra: [any Operation.Type] = [
    Cholesky.self, TriangularSolve.self, LU.self, QR.self, Eigh.self, SVD.self,
  ]
  /// Those that make tensors from attributes or keys, and those that only say how to differentiate or rewrite.
  public static let sources: [any Operation.Type] = [
    Constant.self, Iota.self, Dimension.self, Barrier.self, RandomUniform.self, RandomNormal.self,
    RandomBernoulli.self, FoldKey.self, CustomGradient.self,
  ]
  /// Those that run sub-graphs.
  public static let control: [any Operation.Type] = [Scan.self, Cond.self, While.self]
  /// All of these.
  public static let all: [any Operation.Type] =
    reductions + products + pooling + shapes + indexing + scans + linearAlgebra + sources + control
}
