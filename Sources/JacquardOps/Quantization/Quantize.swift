import JacquardCore
import JacquardIR

/// Floats as whole numbers of 8 bits.
public struct Quantize: CompositeOperation {
  public static let name = "quantize"
  public static let defaults = [AttributeField("axis", .int(1))]
  public static let doc = OperationDoc(
    "Floats as u8 or i8, the type of the zero point: of the whole tensor, or with a scale for each slice along an axis; "
      + "operands x, scale, zero point.",
    formula: "saturate(round(x / scale) + zero point)",
    constraints: [
      "c1: x and scale have one floating type, the zero point is u8 or i8", "c2: \(QuantizationRule.scaleDoc)",
      "c3: \(QuantizationRule.axisDoc)",
    ],
    conventions: ["halves go to the even number", "NaN gives 0", "there is no derivative: it is made of steps"])

  public static let samples = [
    OperationSample(
      Quantize(), [.uniform("f32[4,9]", -2, 2), .uniform("f32[]", 0.005, 0.02), .integers("u8[]", 90, 160)],
      gradient: .none(reason: "steps")),
    OperationSample(
      Quantize(axis: 0), [.uniform("f32[3,9]", -2, 2), .uniform("f32[3]", 0.005, 0.05), .integers("i8[3]", -9, 9)],
      gradient: .none(reason: "steps")),
    OperationSample(
      Quantize(axis: 0), [.values(ElementRule.edges), .uniform("f32[]", 0.5, 0.6), .integers("i8[]", 0, 1)],
      gradient: .none(reason: "steps")),
  ]
  public static let violations = [
    OperationViolation(1, Quantize(), ["f32[2,3]", "f64[]", "u8[]"]),
    OperationViolation(1, Quantize(), ["i32[2,3]", "i32[]", "u8[]"]),
    OperationViolation(1, Quantize(), ["f32[2,3]", "f32[]", "i32[]"]),
    OperationViolation(2, Quantize(), ["f32[2,3]", "f32[2]", "u8[2]"]),
    OperationViolation(2, Quantize(), ["f32[2,3]", "f32[3]", "u8[]"]),
    OperationViolation(3, Quantize(axis: 2), ["f32[2,3]", "f32[3]", "u8[3]"]),
  ]

  /// The axis of the scale, where it is not a scalar.
  public var axis: Int

  /// The default is ONNX's. The axis is checked where types are inferred (c3).
  public init(axis: Int = 1) { self.axis = axis }

  public func inferTypes(_ context: TypeContext) throws -> [TensorType] {
    try requireOperands(3, context)
    let types = context.inputs
    let fits =
      types[0].dtype.isFloat && types[1].dtype == types[0].dtype && QuantizationRule.isQuantized(types[2].dtype)
    try require(1, fits, "not defined for \(types.map(\.description).joined(separator: ", "))")
    try requireScale(types[0].shape, types[1].shape, types[2].shape, axis: axis, 2)
    return [TensorType(types[2].dtype, types[0].shape)]
  }

  public func decompose(_ builder: GraphBuilder, _ inputs: [ValueID]) throws -> [ValueID] {
    let (type, whole) = (builder.type(inputs[0]), builder.type(inputs[2]).dtype)
    let scale = try builder.along(inputs[1], axis: axis, rank: type.shape.rank)
    let zero = try builder.cast(builder.along(inputs[2], axis: axis, rank: type.shape.rank), type.dtype)
    // Casting saturates.
    return [try builder.cast(builder.add(builder.round(builder.divide(inputs[0], scale)), zero), whole)]
  }
}

extension GraphBuilder {
  /// Floats as u8 or i8: `saturate(round(x / scale) + zero point)`.
  public func quantize(_ x: ValueID, scale: ValueID, zeroPoint: ValueID, axis: Int = 1) throws -> ValueID {
    try apply(Quantize(axis: normalized(axis, rank: shape(x).rank)), x, scale, zeroPoint)
  }
}
