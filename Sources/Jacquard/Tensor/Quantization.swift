import JacquardCore
import JacquardIR
import JacquardOps

// Whole numbers of 8 bits (UInt8, Int8) in the place of floats.

extension Tensor where Scalar: TensorFloat {
  /// `saturate(round(x / scale) + zeroPoint)`, halves to even; scale and zero point are scalars or vectors along `axis`.
  public func quantized<Q: TensorScalar>(
    scale: Tensor, zeroPoint: Tensor<Q>, axis: Int = 1, file: String = #fileID, line: Int = #line
  ) -> Tensor<Q> {
    context.emit([self, scale, zeroPoint], at: SourceSite(file: file, line: line)) {
      try $0.quantize($1[0], scale: $1[1], zeroPoint: $1[2], axis: axis)
    }
  }
}

extension Tensor {
  /// `(x - zeroPoint) * scale`; scale and zero point are scalars or vectors along `axis`.
  public func dequantized<S: TensorFloat>(
    scale: Tensor<S>, zeroPoint: Tensor, axis: Int = 1, file: String = #fileID, line: Int = #line
  ) -> Tensor<S> {
    context.emit([self, scale, zeroPoint], at: SourceSite(file: file, line: line)) {
      try $0.dequantize($1[0], scale: $1[1], zeroPoint: $1[2], axis: axis)
    }
  }
}

/// The matrix product of whole numbers of 8 bits, each less its zero point, added up in 32.
public func quantizedMatmul<A: TensorScalar, B: TensorScalar>(
  _ a: Tensor<A>, _ b: Tensor<B>, zeroPoints: (Tensor<A>, Tensor<B>), file: String = #fileID, line: Int = #line
) -> Tensor<Int32> {
  a.context.emit([a, b, zeroPoints.0, zeroPoints.1], at: SourceSite(file: file, line: line)) {
    try $0.quantizedMatmul($1[0], $1[1], aZeroPoint: $1[2], bZeroPoint: $1[3])
  }
}
