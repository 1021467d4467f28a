import JacquardCore
import JacquardIR
import JacquardOps

/// Activation functions, with their defaults.
enum ONNXActivations {
  static let all: [ONNXTranslator] = [
    .single("Relu", since: 7, relu),
    .single("LeakyRelu", since: 7) { try $0.builder.leakyRelu($0.input(0), slope: $0.float("alpha", 0.01)) },
    .single("Elu", since: 7) { try $0.builder.elu($0.input(0), alpha: $0.float("alpha", 1)) },
    .single("Softplus", since: 7) { try $0.builder.softplus($0.input(0)) },
    .single("Gelu", since: 20, gelu), .single("Selu", since: 7, selu),
    .single("Celu", since: 12) { try $0.builder.celu($0.input(0), alpha: $0.float("alpha", 1)) },
    .single("ThresholdedRelu", since: 10) { try $0.builder.thresholdedRelu($0.input(0), alpha: $0.float("alpha", 1)) },
    .single("HardSigmoid", since: 7) {
      try $0.builder.hardSigmoid($0.input(0), alpha: $0.float("alpha", 0.2), beta: $0.float("beta", 0.5))
    },
    .single("HardSwish", since: 14) { try $0.builder.hardSwish($0.input(0)) },
    .single("Softsign", since: 7) { try $0.builder.softsign($0.input(0)) },
    .single("Mish", since: 18) { try $0.builder.mish($0.input(0)) },
    .single("PRelu", since: 9, prelu), .single("Swish", since: 24, swish),
    .single("SwiGLU", since: 28) { try $0.builder.multiply(swish($0), $0.input(1)) },
    .single("Shrink", since: 9, shrink),
  ]

  private static func relu(_ node: ONNXNode) throws -> ValueID {
    let (b, x) = (node.builder, try node.input(0))
    return b.type(x).dtype.isFloat ? try b.relu(x) : try b.maximum(x, node.constant(0, like: x))
  }

  private static func gelu(_ node: ONNXNode) throws -> ValueID {
    switch try node.string("approximate", "none") {
    case "none": return try node.builder.gelu(node.input(0))
    case "tanh": return try node.builder.gelu(node.input(0), approximate: true)
    default: throw Diagnostic("attribute 'approximate' is neither none nor tanh")
    }
  }

  private static func selu(_ node: ONNXNode) throws -> ValueID {
    let (b, x) = (node.builder, try node.input(0))
    let alpha = try node.float("alpha", 1.67326319217681884765625)
    let gamma = try node.float("gamma", 1.05070102214813232421875)
    return try b.multiply(b.elu(x, alpha: alpha), node.constant(gamma, like: x))
  }

  private static func prelu(_ node: ONNXNode) throws -> ValueID {
    let (b, x) = (node.builder, try node.input(0))
    return try b.select(b.less(x, node.constant(0, like: x)), b.multiply(x, node.input(1)), x)
  }

  private static func swish(_ node: ONNXNode) throws -> ValueID {
    let (b, x) = (node.builder, try node.input(0))
    let alpha = try node.constant(node.float("alpha", 1), like: x)
    return try b.multiply(x, b.sigmoid(b.multiply(alpha, x)))
  }

  /// x + bias under -lambd, x - bias over lambd, 0 between.
  private static func shrink(_ node: ONNXNode) throws -> ValueID {
    let (b, x) = (node.builder, try node.input(0))
    let bias = try node.constant(node.float("bias", 0), like: x)
    let (low, high) = (-(try node.float("lambd", 0.5)), try node.float("lambd", 0.5))
    let upper = try b.select(b.greater(x, node.constant(high, like: x)), b.subtract(x, bias), node.constant(0, like: x))
    return try b.select(b.less(x, node.constant(low, like: x)), b.add(x, bias), upper)
  }
}
