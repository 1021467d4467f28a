import JacquardCore
import JacquardIR

/// The matrix product of whole numbers of 8 bits, added up in 32.
public struct QuantizedMatmul: CompositeOperation {
  public static let name = "quantizedMatmul"
  public static let doc = OperationDoc(
    "The matrix product of u8 or i8, each less its zero point, added up in i32; operands a, b, a's zero point, b's.",
    formula: "sum over k of (a[..., m, k] - za) * (b[..., k, n] - zb)",
    constraints: [
      "c1: each operand is u8 or i8, and its zero point of the same type", "c2: zero points are scalars",
      "c3: the operands have at least two axes, sizes along k agree, and the leading axes broadcast",
    ],
    conventions: ["i32 wraps around: exact for k up to 32768"])

  public static let samples = [
    OperationSample(
      QuantizedMatmul(),
      [
        .integers("u8[5,70]", 0, 256), .integers("i8[70,3]", -128, 128), .integers("u8[]", 0, 256),
        .integers("i8[]", -9, 9),
      ],
      gradient: .none(reason: "integers")),
    OperationSample(
      QuantizedMatmul(),
      [
        .integers("i8[2,3,4]", -128, 128), .integers("i8[2,4,1]", -128, 128), .integers("i8[]", -9, 9),
        .integers("i8[]", -9, 9),
      ], gradient: .none(reason: "integers")),
  ]
  public static let violations = [
    OperationViolation(1, QuantizedMatmul(), ["u8[2,3]", "u8[3,2]", "i8[]", "u8[]"]),
    OperationViolation(1, QuantizedMatmul(), ["i32[2,3]", "i32[3,2]", "i32[]", "i32[]"]),
    OperationViolation(2, QuantizedMatmul(), ["u8[2,3]", "u8[3,2]", "u8[1]", "u8[]"]),
    OperationViolation(3, QuantizedMatmul(), ["u8[2,3]", "u8[2,2]", "u8[]", "u8[]"]),
    OperationViolation(3, QuantizedMatmul(), ["u8[3]", "u8[3,2]", "u8[]", "u8[]"]),
    OperationViolation(3, QuantizedMatmul(), ["u8[2,4,3]", "u8[3,3,2]", "u8[]", "u8[]"]),
  ]

  /// The operation, which has no attributes.
  public init() {}

  public func inferTypes(_ context: TypeContext) throws -> [TensorType] {
    try requireOperands(4, context)
    let types = context.inputs
    let fit = (0..<2).allSatisfy {
      QuantizationRule.isQuantized(types[$0].dtype) && types[$0 + 2].dtype == types[$0].dtype
    }
    try require(1, fit, "not defined for \(types.map(\.description).joined(separator: ", "))")
    try require(2, types[2].shape.rank == 0 && types[3].shape.rank == 0, "zero points \(types[2]) and \(types[3])")
    let (a, b) = (types[0].shape, types[1].shape)
    let lead = Shape(Array(a.dims.dropLast(2))).broadcast(with: Shape(Array(b.dims.dropLast(2))))
    guard a.rank >= 2, b.rank >= 2, a[a.rank - 1] == b[b.rank - 2], let lead else {
      throw violated(3, "no product of \(types[0]) and \(types[1])")
    }
    return [TensorType(.i32, Shape(lead.dims + [a[a.rank - 2], b[b.rank - 1]]))]
  }

  public func decompose(_ builder: GraphBuilder, _ inputs: [ValueID]) throws -> [ValueID] {
    func wide(_ k: Int) throws -> ValueID {
      try builder.subtract(builder.cast(inputs[k], .i32), builder.cast(inputs[k + 2], .i32))
    }
    return [try builder.matmul(wide(0), wide(1))]
  }
}

extension GraphBuilder {
  /// The matrix product of u8 or i8, each less its zero point, added up in i32.
  public func quantizedMatmul(
    _ a: ValueID, _ b: ValueID, aZeroPoint: ValueID, bZeroPoint: ValueID
  ) throws -> ValueID {
    try apply(QuantizedMatmul(), a, b, aZeroPoint, bZeroPoint)
  }
}
