import JacquardIR
import JacquardOps

/// Activations.
enum ONNXActivationWriters {
  static let all: [ONNXWriter] = [
    .same(Relu.self, "Relu"), .same(Softplus.self, "Softplus"), .same(Softsign.self, "Softsign"),
    .same(HardSwish.self, "HardSwish"), .same(Mish.self, "Mish"), .same(Prelu.self, "PRelu"),
    .same(Selu.self, "Selu"),
    ONNXWriter(LeakyRelu.self) { $1.emit("LeakyRelu", $1.inputs, .float("alpha", $0.slope)) },
    ONNXWriter(Elu.self) { $1.emit("Elu", $1.inputs, .float("alpha", $0.alpha)) },
    ONNXWriter(Celu.self) { operation, use in
      use.inputTypes[0].dtype == .f32 ? use.emit("Celu", use.inputs, .float("alpha", operation.alpha)) : nil
    },
    ONNXWriter(ThresholdedRelu.self) { $1.emit("ThresholdedRelu", $1.inputs, .float("alpha", $0.alpha)) },
    ONNXWriter(HardSigmoid.self) {
      $1.emit("HardSigmoid", $1.inputs, .float("alpha", $0.alpha), .float("beta", $0.beta))
    },
    ONNXWriter(Gelu.self) { $1.emit("Gelu", $1.inputs, .string("approximate", $0.approximate ? "tanh" : "none")) },
    ONNXWriter(Softmax.self) { $1.emit("Softmax", $1.inputs, .int("axis", $0.axis)) },
    ONNXWriter(LogSoftmax.self) { $1.emit("LogSoftmax", $1.inputs, .int("axis", $0.axis)) },
  ]
}
