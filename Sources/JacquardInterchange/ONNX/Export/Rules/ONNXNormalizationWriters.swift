import JacquardCore
import JacquardIR
import JacquardOps

/// Normalisation and attention.
enum ONNXNormalizationWriters {
  static let all: [ONNXWriter] = [
    ONNXWriter(LayerNorm.self) {
      $1.emit("LayerNormalization", $1.inputs, .int("axis", -1), .float("epsilon", $0.epsilon))
    },
    ONNXWriter(RMSNorm.self) {
      $1.emit("RMSNormalization", $1.inputs, .int("axis", -1), .float("epsilon", $0.epsilon))
    },
    ONNXWriter(GroupNorm.self) {
      $1.emit("GroupNormalization", $1.inputs, .int("num_groups", $0.groups), .float("epsilon", $0.epsilon))
    },
    ONNXWriter(InstanceNorm.self) { $1.emit("InstanceNormalization", $1.inputs, .float("epsilon", $0.epsilon)) },
    ONNXWriter(LocalResponseNorm.self) { operation, use in
      use.emit(
        "LRN", use.inputs, .int("size", operation.size), .float("alpha", operation.alpha),
        .float("beta", operation.beta), .float("bias", operation.bias))
    },
    ONNXWriter(Attention.self) { operation, use in
      var attributes: [Onnx_AttributeProto] = [.int("is_causal", operation.causal ? 1 : 0)]
      if operation.scale != 0 { attributes.append(.float("scale", operation.scale)) }
      return use.emit("Attention", use.inputs, attributes, outputs: 1)
    },
  ]
}
