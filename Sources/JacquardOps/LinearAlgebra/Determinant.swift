import JacquardCore
import JacquardIR

/// Determinants.
public struct Determinant: CompositeOperation {
  public static let name = "determinant"
  public static let doc = OperationDoc(
    "The determinant of each square matrix of the last two axes.",
    formula: "the product of the pivots of lu, with the sign of the order of rows", constraints: MatrixRule.square,
    conventions: [
      "0 for a singular matrix, which has no gradient here: triangularSolve reports it", MatrixRule.undefined,
      "it leaves the range of floats soon: logAbsDeterminant does not",
    ])

  public static let samples = [
    OperationSample(Determinant(), [MatrixRule.matrices([4, 4], diagonal: 1)], ulps: 256),
    OperationSample(Determinant(), [MatrixRule.matrices([2, 3, 3], diagonal: 1)], ulps: 256),
    OperationSample(Determinant(), [.uniform("f32[0,2,2]", 0, 1)], gradient: .none(reason: "empty")),
  ]
  public static let violations = [
    OperationViolation(1, Determinant(), ["i32[2,2]"]), OperationViolation(2, Determinant(), ["f32[2,3]"]),
    OperationViolation(3, Determinant(), ["f32[0,0]"]),
  ]

  /// The operation, which has no attributes.
  public init() {}

  public func inferTypes(_ context: TypeContext) throws -> [TensorType] {
    try requireOperands(1, context)
    try matrix(context, isSquare: true)
    return [TensorType(context.inputs[0].dtype, context.inputs[0].shape.replacingMatrix())]
  }

  public func decompose(_ builder: GraphBuilder, _ inputs: [ValueID]) throws -> [ValueID] {
    let lu = try builder.lu(inputs[0])
    return [try builder.multiply(lu.sign, builder.product(builder.diagonal(lu.factors), axes: [-1]))]
  }
}

extension GraphBuilder {
  /// The determinant of each square matrix.
  public func determinant(_ a: ValueID) throws -> ValueID { try apply(Determinant(), a) }
}
