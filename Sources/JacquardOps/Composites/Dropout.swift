import JacquardCore
import JacquardIR

/// Sets a random part of the elements to 0 and scales the others, so that the mean stays. Operands: x, key.
public struct Dropout: CompositeOperation {
  public static let name = "dropout"
  public static let doc = OperationDoc(
    "Sets a random part of the elements to 0 and scales the others, so that the mean stays; operands x, key.",
    formula: "keep ? x / (1 - rate) : 0, keep a draw of true with probability 1 - rate for each element",
    constraints: [
      "c1: the first operand has a floating type", "c2: the key is i32[2]", "c3: rate is at least 0 and less than 1",
    ],
    conventions: ["rate 0 is the identity", "a dropped element is 0 even where x is NaN or infinite"])

  public static let samples = [
    OperationSample(
      Dropout(rate: 0.5), [.uniform("f32[8,5]", -2, 2), .integers("i32[2]", 0, 1000)],
      gradient: .firstOrder(reason: "linear for a given key")),
    OperationSample(
      Dropout(rate: 0), [.uniform("f32[3,5]", -2, 2), .integers("i32[2]", 0, 1000)],
      gradient: .firstOrder(reason: "linear")),
  ]
  public static let violations = [
    OperationViolation(1, Dropout(rate: 0.5), ["i32[2]", "i32[2]"]),
    OperationViolation(2, Dropout(rate: 0.5), ["f32[2]", "i64[2]"]),
    OperationViolation(3, Dropout(rate: 1), ["f32[2]", "i32[2]"]),
  ]

  /// The probability with which an element is dropped.
  public let rate: Double

  /// The rate is checked where types are inferred (c3).
  public init(rate: Double) { self.rate = rate }

  public func inferTypes(_ context: TypeContext) throws -> [TensorType] {
    try requireOperands(2, context)
    let (x, key) = (context.inputs[0], context.inputs[1])
    try require(1, x.dtype.isFloat, "not defined for \(x.dtype.rawValue)")
    try require(2, key == "i32[2]", "the key is \(key) instead of i32[2]")
    try require(3, rate >= 0 && rate < 1, "rate \(rate) is not between 0 and 1")
    return [x]
  }

  public func decompose(_ builder: GraphBuilder, _ inputs: [ValueID]) throws -> [ValueID] {
    let (x, key) = (inputs[0], inputs[1])
    if rate == 0 { return [x] }
    let keep = try builder.bernoulli(key: key, probability: 1 - rate, shape: builder.shape(x))
    let scaled = try builder.multiply(x, builder.scalar(1 / (1 - rate), for: x))
    return [try builder.select(keep, scaled, builder.scalar(0, for: x))]
  }
}

extension GraphBuilder {
  /// Sets a random part of the elements to 0 and scales the others by `1 / (1 - rate)`.
  public func dropout(_ x: ValueID, key: ValueID, rate: Double) throws -> ValueID {
    try apply(Dropout(rate: rate), x, key)
  }
}
