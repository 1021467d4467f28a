import JacquardCore
import JacquardIR

/// Solves systems of linear equations.
public struct Solve: CompositeOperation {
  public static let name = "solve"
  public static let doc = OperationDoc(
    "The solutions of systems of linear equations: operands the square matrix A, and right-hand sides B, one a column.",
    formula: "A X = B, by lu and two triangular systems; gradient: B' = A^-T X', A' = -B' X^T (Giles, 2008)",
    constraints: [
      MatrixRule.floatDoc, "c2: the last two axes of A are a square matrix", MatrixRule.sizeDoc,
      "c4: A and B have the same axes but for the last one",
    ],
    conventions: ["a matrix whose elimination ends in a pivot of 0 is an error of triangularSolve when the graph runs"])

  public static let samples = [
    OperationSample(
      Solve(), [MatrixRule.matrices([4, 4], diagonal: 2), .uniform("f32[4,2]", -2, 2)], ulps: 256),
    OperationSample(
      Solve(), [MatrixRule.matrices([2, 3, 3], diagonal: 2), .uniform("f32[2,3,3]", -2, 2)], ulps: 256),
    OperationSample(
      Solve(), [.uniform("f32[0,2,2]", 0, 1), .uniform("f32[0,2,1]", 0, 1)], gradient: .none(reason: "empty")),
  ]
  public static let violations = [
    OperationViolation(1, Solve(), ["f32[2,2]", "f64[2,2]"]), OperationViolation(2, Solve(), ["f32[2,3]", "f32[2,3]"]),
    OperationViolation(3, Solve(), ["f32[0,0]", "f32[0,3]"]), OperationViolation(4, Solve(), ["f32[2,2]", "f32[3,3]"]),
    OperationViolation(4, Solve(), ["f32[2,2]", "f32[2]"]),
  ]

  /// The operation, which has no attributes.
  public init() {}

  public func inferTypes(_ context: TypeContext) throws -> [TensorType] {
    try requireOperands(2, context)
    try matrix(context, isSquare: true)
    try requireSameLeads(context, 4)
    return [context.inputs[1]]
  }

  public func decompose(_ builder: GraphBuilder, _ inputs: [ValueID]) throws -> [ValueID] {
    let lu = try builder.lu(inputs[0])
    let rows = try builder.takeRows(inputs[1], lu.order)
    let middle = try builder.triangularSolve(lu.factors, rows, unitDiagonal: true)
    return [try builder.triangularSolve(lu.factors, middle, lower: false)]
  }

  public func gradient(_ context: GradientContext) throws -> Gradient {
    let b = context.builder
    let side = try b.solve(b.transposedMatrix(context.inputs[0]), context.cotangent())
    return try context.perInput { k in
      k == 1 ? side : try b.negate(b.matmul(side, b.transposedMatrix(context.outputs[0])))
    }
  }
}

extension GraphBuilder {
  /// The solutions X of `A X = B`.
  public func solve(_ a: ValueID, _ b: ValueID) throws -> ValueID { try apply(Solve(), a, b) }
}
