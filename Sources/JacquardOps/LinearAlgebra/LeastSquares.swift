import JacquardCore
import JacquardIR

/// Solves systems with more equations than unknowns as well as can be.
public struct LeastSquares: CompositeOperation {
  public static let name = "leastSquares"
  public static let doc = OperationDoc(
    "The solutions of least squares for systems with at least as many equations as unknowns: operands the matrix A, and "
      + "right-hand sides B, one a column.",
    formula: "the X for which the sum of squares of A X - B is least: R X = Q^T B with A = Q R",
    constraints: [
      MatrixRule.floatDoc, "c2: the last two axes of A are a matrix", MatrixRule.sizeDoc,
      "c4: A and B have the same axes but for the last one", "c5: A has at least as many rows as columns",
    ],
    conventions: ["A has full rank: a 0 on the diagonal of R is an error of triangularSolve when the graph runs"])

  public static let samples = [
    OperationSample(
      LeastSquares(), [MatrixRule.matrices([6, 3], diagonal: 2), .uniform("f32[6,2]", -2, 2)], ulps: 256),
    OperationSample(
      LeastSquares(), [MatrixRule.matrices([2, 3, 3], diagonal: 2), .uniform("f32[2,3,1]", -2, 2)], ulps: 256),
    OperationSample(
      LeastSquares(), [.uniform("f32[0,2,2]", 0, 1), .uniform("f32[0,2,1]", 0, 1)], gradient: .none(reason: "empty")),
  ]
  public static let violations = [
    OperationViolation(1, LeastSquares(), ["f32[2,2]", "f64[2,2]"]),
    OperationViolation(2, LeastSquares(), ["f32[2]", "f32[2]"]),
    OperationViolation(3, LeastSquares(), ["f32[3,0]", "f32[3,1]"]),
    OperationViolation(4, LeastSquares(), ["f32[3,2]", "f32[2,3]"]),
    OperationViolation(5, LeastSquares(), ["f32[2,3]", "f32[2,3]"]),
    OperationViolation(5, LeastSquares(), ["f32[N,3]", "f32[N,3]"]),
  ]

  /// The operation, which has no attributes.
  public init() {}

  public func inferTypes(_ context: TypeContext) throws -> [TensorType] {
    try requireOperands(2, context)
    let (rows, columns) = try matrix(context, isSquare: false)
    try requireSameLeads(context, 4)
    try require(5, try smaller(rows, columns, 5) == columns, "\(rows) equations for \(columns) unknowns")
    let side = context.inputs[1]
    return [TensorType(side.dtype, side.shape.replacingMatrix(columns, side.shape[side.shape.rank - 1]))]
  }

  public func decompose(_ builder: GraphBuilder, _ inputs: [ValueID]) throws -> [ValueID] {
    let (q, r) = try builder.qr(inputs[0])
    let side = try builder.matmul(builder.transposedMatrix(q), inputs[1])
    return [try builder.triangularSolve(r, side, lower: false)]
  }
}

extension GraphBuilder {
  /// The X for which the sum of squares of `A X - B` is least; A has full rank and at least as many rows as columns.
  public func leastSquares(_ a: ValueID, _ b: ValueID) throws -> ValueID { try apply(LeastSquares(), a, b) }
}
