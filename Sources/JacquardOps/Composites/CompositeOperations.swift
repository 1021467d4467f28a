import JacquardIR

/// The list of composites, in the order of the table of operations.
public enum CompositeOperations {
  /// Those of `OperationRegistry.standard`.
  public static let all: [any Operation.Type] = [
    Relu.self, LeakyRelu.self, Elu.self, Silu.self, Gelu.self, Softplus.self, LogSigmoid.self,
    HardSigmoid.self, HardSwish.self, Mish.self, Selu.self, Celu.self, Softsign.self, ThresholdedRelu.self, Prelu.self,
    NextAfter.self,
    Softmax.self, LogSoftmax.self, LogSumExp.self, LayerNorm.self, Attention.self, BatchNorm.self, GroupNorm.self,
    InstanceNorm.self, RMSNorm.self, RotaryEmbedding.self, SegmentSum.self, SegmentMean.self, SegmentMax.self,
    LocalResponseNorm.self, Dropout.self, AveragePool.self, LpPool.self, Unfold.self, Fold.self,
    MeanSquaredError.self, CrossEntropy.self, CrossEntropySoft.self, BinaryCrossEntropyWithLogits.self,
    GaussianKL.self, Tile.self, RepeatElements.self, PadBorder.self, Tril.self, Triu.self, OneHot.self, TopK.self,
    Solve.self, Inverse.self, Determinant.self, LogAbsDeterminant.self, LeastSquares.self,
    Resize.self, GridSample.self, NonZero.self, Unique.self, Quantize.self, Dequantize.self, QuantizedMatmul.self,
  ]
}
