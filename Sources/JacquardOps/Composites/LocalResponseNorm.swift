import JacquardCore
import JacquardIR

/// Divides each element by what its neighbours in other channels hold (https://papers.nips.cc/paper/4824).
public struct LocalResponseNorm: CompositeOperation {
  public static let name = "localResponseNorm"
  public static let defaults = [
    AttributeField("alpha", .float(1e-4)), AttributeField("beta", .float(0.75)), AttributeField("bias", .float(1)),
  ]
  public static let doc = OperationDoc(
    "Divides each element of x [batch, channels, ...] by a power of the mean square of neighbouring channels.",
    formula:
      "x / (bias + alpha / size * sum of squares of channels c - floor((size - 1) / 2) ... c + ceil((size - 1) / 2))"
      + "^beta",
    constraints: [
      "c1: the operand is floating", "c2: it has at least 2 axes; the number of channels is a number, not 0: bind it",
      "c3: size is 1 to 2^20; alpha and beta are finite, bias is positive and finite",
    ],
    conventions: ["channels that there are not count as 0", "PyTorch's window of even size has its middle one later"])

  public static let samples = [
    OperationSample(LocalResponseNorm(size: 3, alpha: 0.5), [.uniform("f32[2,5,3]", -2, 2)], ulps: 64),
    OperationSample(
      LocalResponseNorm(size: 2, alpha: 1, beta: 0.5, bias: 2), [.uniform("f32[1,4,2,2]", -2, 2)], ulps: 64),
    OperationSample(LocalResponseNorm(size: 9, alpha: 1), [.uniform("f32[3,2]", -2, 2)], ulps: 64),
  ]
  public static let violations = [
    OperationViolation(1, LocalResponseNorm(size: 3), ["i32[2,3]"]),
    OperationViolation(2, LocalResponseNorm(size: 3), ["f32[2]"]),
    OperationViolation(2, LocalResponseNorm(size: 3), ["f32[2,C]"]),
    OperationViolation(3, LocalResponseNorm(size: 0), ["f32[2,3]"]),
    OperationViolation(3, LocalResponseNorm(size: 3, bias: 0), ["f32[2,3]"]),
  ]

  /// Channels of the window.
  public var size: Int
  /// Factor of the mean square of the window.
  public var alpha: Double
  /// The power of what is divided by.
  public var beta: Double
  /// What is added before the power is taken; positive.
  public var bias: Double

  /// The defaults are PyTorch's and ONNX's. The numbers are checked where types are inferred (c3).
  public init(size: Int, alpha: Double = 1e-4, beta: Double = 0.75, bias: Double = 1) {
    self.size = size
    self.alpha = alpha
    self.beta = beta
    self.bias = bias
  }

  public func inferTypes(_ context: TypeContext) throws -> [TensorType] {
    try requireFloats(context, 1)
    let x = context.inputs[0]
    let channels = x.shape.rank < 2 ? nil : x.shape[1].value
    try require(2, channels.map { (1..<1 << 31).contains($0) } ?? false, "not defined for \(x)")
    let possible = (1...1 << 20).contains(size) && alpha.isFinite && beta.isFinite && bias.isFinite && bias > 0
    try require(3, possible, "size \(size), alpha \(alpha), beta \(beta), bias \(bias)")
    return context.inputs
  }

  public func decompose(_ builder: GraphBuilder, _ inputs: [ValueID]) throws -> [ValueID] {
    let (x, shape) = (inputs[0], builder.shape(inputs[0]))
    let rest = try Shape(Array(shape.dims.dropFirst(2))).elementCount()
    let planes = try builder.transpose(builder.reshape(builder.multiply(x, x), [shape[0], shape[1], rest]), [0, 2, 1])
    let low = (size - 1) / 2
    let windows = ConvGeometry(rank: 1, low: [low], high: [size - 1 - low])
    let sums = try builder.transpose(builder.sumPool(planes, window: [size], windows), [0, 2, 1])
    let scaled = try builder.multiply(builder.reshape(sums, shape), builder.scalar(alpha / Double(size), for: x))
    let base = try builder.add(scaled, builder.scalar(bias, for: x))
    return [try builder.multiply(x, builder.power(base, builder.scalar(-beta, for: x)))]
  }
}

extension GraphBuilder {
  /// Each element divided by a power of the mean square of neighbouring channels.
  public func localResponseNorm(
    _ x: ValueID, size: Int, alpha: Double = 1e-4, beta: Double = 0.75, bias: Double = 1
  ) throws -> ValueID {
    try apply(LocalResponseNorm(size: size, alpha: alpha, beta: beta, bias: bias), x)
  }
}
