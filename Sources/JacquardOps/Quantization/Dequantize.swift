import JacquardCore
import JacquardIR

/// Whole numbers of 8 bits as the floats that they stand for.
public struct Dequantize: CompositeOperation {
  public static let name = "dequantize"
  public static let defaults = [AttributeField("axis", .int(1))]
  public static let doc = OperationDoc(
    "The floats that u8 or i8 stand for: of the whole tensor, or with a scale for each slice along an axis; operands x, scale, "
      + "zero point.",
    formula: "(x - zero point) * scale",
    constraints: [
      "c1: x and zero point are both u8 or both i8, the scale is floating", "c2: \(QuantizationRule.scaleDoc)",
      "c3: \(QuantizationRule.axisDoc)",
    ],
    conventions: ["the difference is exact; only the scale has a derivative"])

  public static let samples = [
    OperationSample(
      Dequantize(), [.integers("u8[4,9]", 0, 256), .uniform("f32[]", 0.5, 2), .integers("u8[]", 90, 160)]),
    OperationSample(
      Dequantize(axis: 0), [.integers("i8[3,9]", -128, 128), .uniform("f32[3]", 0.5, 2), .integers("i8[3]", -99, 99)]),
  ]
  public static let violations = [
    OperationViolation(1, Dequantize(), ["u8[2,3]", "f32[]", "i8[]"]),
    OperationViolation(1, Dequantize(), ["u8[2,3]", "i32[]", "u8[]"]),
    OperationViolation(1, Dequantize(), ["i32[2,3]", "f32[]", "i32[]"]),
    OperationViolation(2, Dequantize(), ["u8[2,3]", "f32[2]", "u8[2]"]),
    OperationViolation(3, Dequantize(axis: 2), ["u8[2,3]", "f32[3]", "u8[3]"]),
  ]

  /// The axis of the scale, where it is not a scalar.
  public var axis: Int

  /// The default is ONNX's. The axis is checked where types are inferred (c3).
  public init(axis: Int = 1) { self.axis = axis }

  public func inferTypes(_ context: TypeContext) throws -> [TensorType] {
    try requireOperands(3, context)
    let types = context.inputs
    let fits =
      QuantizationRule.isQuantized(types[0].dtype) && types[2].dtype == types[0].dtype && types[1].dtype.isFloat
    try require(1, fits, "not defined for \(types.map(\.description).joined(separator: ", "))")
    try requireScale(types[0].shape, types[1].shape, types[2].shape, axis: axis, 2)
    return [TensorType(types[1].dtype, types[0].shape)]
  }

  public func decompose(_ builder: GraphBuilder, _ inputs: [ValueID]) throws -> [ValueID] {
    let rank = builder.shape(inputs[0]).rank
    let scale = try builder.along(inputs[1], axis: axis, rank: rank)
    let zero = try builder.cast(builder.along(inputs[2], axis: axis, rank: rank), .i32)
    let difference = try builder.subtract(builder.cast(inputs[0], .i32), zero)
    return [try builder.multiply(builder.cast(difference, builder.type(scale).dtype), scale)]
  }
}

extension GraphBuilder {
  /// The floats that u8 or i8 stand for: `(x - zero point) * scale`.
  public func dequantize(_ x: ValueID, scale: ValueID, zeroPoint: ValueID, axis: Int = 1) throws -> ValueID {
    try apply(Dequantize(axis: normalized(axis, rank: shape(x).rank)), x, scale, zeroPoint)
  }
}
