import JacquardIR

extension OperationRegistry {
  /// Every operation that Jacquard brings with it.
  public static let standard = OperationRegistry(
    ElementwiseOperations.all + StructuralOperations.all + CompositeOperations.all)
}

/// The operations that are neither element by element nor composed of others.
public enum StructuralOperations {
  public static let reductions: [any Operation.Type] = [
    Sum.self, Mean.self, Product.self, ReduceMax.self, ReduceMin.self, ReduceAny.self, ReduceAll.self, ArgMax.self,
    ArgMin.self,
  ]
  public static let products: [any Operation.Type] = [Dot.self, Conv.self, ConvWeightGradient.self]
  public static let pooling: [any Operation.Type] = [MaxPool.self, PoolGather.self, PoolScatter.self, SumPool.self]
  public static let shapes: [any Operation.Type] = [
    Reshape.self, Transpose.self, Broadcast.self, Slice.self, Pad.self, Concat.self, Reverse.self, Roll.self,
    Bitcast.self,
  ]
  public static let indexing: [any Operation.Type] = [
    Gather.self, ScatterAdd.self, TakeAlongAxis.self, GatherND.self, ScatterElements.self, ScatterND.self,
    DynamicSlice.self, DynamicUpdateSlice.self,
  ]
  public static let scans: [any Operation.Type] = [
    CumulativeSum.self, CumulativeProduct.self, CumulativeMaximum.self, CumulativeMinimum.self, LinearRecurrence.self,
    Sort.self,
  ]
  public static let linearAlgebra: [any Operation.Type] = [
    Cholesky.self, TriangularSolve.self, LU.self, QR.self, Eigh.self, SVD.self,
  ]
  public static let sources: [any Operation.Type] = [
    Constant.self, Iota.self, Dimension.self, Barrier.self, RandomUniform.self, RandomNormal.self,
    RandomBernoulli.self, FoldKey.self, CustomGradient.self,
  ]
  public static let control: [any Operation.Type] = [Scan.self, Cond.self, While.self]
  public static let all: [any Operation.Type] =
    reductions + products + pooling + shapes + indexing + scans + linearAlgebra + sources + control
}
