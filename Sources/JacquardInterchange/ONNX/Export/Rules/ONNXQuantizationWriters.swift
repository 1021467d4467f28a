import JacquardIR
import JacquardOps

/// Quantization to 8 bits.
enum ONNXQuantizationWriters {
  static let all: [ONNXWriter] = [
    ONNXWriter(Quantize.self) { $1.emit("QuantizeLinear", $1.inputs, .int("axis", $0.axis)) },
    ONNXWriter(Dequantize.self) { $1.emit("DequantizeLinear", $1.inputs, .int("axis", $0.axis)) },
    .same(Determinant.self, "Det"),
  ]
}
