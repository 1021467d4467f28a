import JacquardCore
import JacquardIR
import JacquardKernels

/// Solves systems whose matrix is triangular.
public struct TriangularSolve: LeadingAxesOperation {
  public static let name = "triangularSolve"
  public static let defaults = [
    AttributeField("lower", .bool(true)), AttributeField("transposed", .bool(false)),
    AttributeField("unitDiagonal", .bool(false)),
  ]
  public static let doc = OperationDoc(
    "The solutions of triangular systems: operands the matrix A, and right-hand sides B, one a column.",
    formula:
      "T X = B, T the lower (or upper) triangle of A, or T^T X = B; gradient: Giles, Collected matrix derivative "
      + "results (2008)",
    constraints: [
      MatrixRule.floatDoc, "c2: the last two axes of A are a square matrix", MatrixRule.sizeDoc,
      "c4: A and B have the same axes but for the last one",
    ],
    conventions: [
      "the other triangle is not used; with unitDiagonal neither is the diagonal, which counts as ones",
      "a 0 on the diagonal is an error when the graph runs, with the matrix's number in the batch", "NaN stays",
      "computed in double precision by BLAS, f32 rounded once at the end; O(n^2) for each right-hand side",
    ])

  public static let samples =
    [false, true].flatMap { lower in
      [false, true].flatMap { transposed in
        [false, true].map { unit in
          OperationSample(
            TriangularSolve(lower: lower, transposed: transposed, unitDiagonal: unit),
            [MatrixRule.matrices([2, 4, 4], diagonal: 3), .uniform("f32[2,4,3]", -2, 2)])
        }
      }
    } + [
      OperationSample(TriangularSolve(), [.uniform("f32[1,1]", 0.5, 2), .uniform("f32[1,1]", -2, 2)]),
      OperationSample(
        TriangularSolve(lower: false), [MatrixRule.matrices([40, 40], diagonal: 40), .uniform("f32[40,130]", -2, 2)],
        gradient: .none(reason: "long")),
      OperationSample(
        TriangularSolve(), [.uniform("f32[2,2]", 0.5, 2), .uniform("f32[2,0]", -2, 2)], gradient: .none(reason: "empty")
      ),
    ]
  public static let violations = [
    OperationViolation(1, TriangularSolve(), ["f32[2,2]", "f64[2,2]"]),
    OperationViolation(1, TriangularSolve(), ["bf16[2,2]", "bf16[2,2]"]),
    OperationViolation(2, TriangularSolve(), ["f32[2,3]", "f32[2,3]"]),
    OperationViolation(3, TriangularSolve(), ["f32[0,0]", "f32[0,3]"]),
    OperationViolation(4, TriangularSolve(), ["f32[2,2]", "f32[3,3]"]),
    OperationViolation(4, TriangularSolve(), ["f32[5,2,2]", "f32[2,3]"]),
    OperationViolation(4, TriangularSolve(), ["f32[2,2]", "f32[2]"]),
  ]

  /// Whether the lower triangle is used; else the upper one.
  public var lower: Bool
  /// Whether the triangle is transposed first: T^T X = B.
  public var transposed: Bool
  /// Whether the diagonal counts as ones, whatever it holds.
  public var unitDiagonal: Bool

  /// The lower triangle as it is, unless told otherwise.
  public init(lower: Bool = true, transposed: Bool = false, unitDiagonal: Bool = false) {
    self.lower = lower
    self.transposed = transposed
    self.unitDiagonal = unitDiagonal
  }

  public func inferTypes(_ context: TypeContext) throws -> [TensorType] {
    try requireOperands(2, context)
    try matrix(context, isSquare: true)
    try requireSameLeads(context, 4)
    return [context.inputs[1]]
  }

  /// B's is the solution of the transposed system for the cotangent; A's the triangle of `-B' X^T` or its transposed one.
  public func gradient(_ context: GradientContext) throws -> Gradient {
    let (b, a, x) = (context.builder, context.inputs[0], context.outputs[0])
    let side = try b.apply(
      TriangularSolve(lower: lower, transposed: !transposed, unitDiagonal: unitDiagonal), a, context.cotangent())
    return try context.perInput { k in
      if k == 1 { return side }
      let (left, right) = transposed ? (x, side) : (side, x)
      let outer = try b.negate(b.matmul(left, b.transposedMatrix(right)))
      let skipped = unitDiagonal ? 1 : 0
      return lower ? try b.tril(outer, diagonal: -skipped) : try b.triu(outer, diagonal: skipped)
    }
  }

  public func lower(_ context: LoweringContext) throws {
    context.emitMatrices(
      Self.name, .triangularSolve, isLower: lower, isTransposed: transposed, hasUnitDiagonal: unitDiagonal)
  }

  public func reference(_ context: ReferenceContext) throws -> [HostTensor] {
    try eachMatrix(context, .singular) { operands in
      let a = transposed ? operands[0].transposed : operands[0]
      let x = a.solvingTriangle(operands[1], isLower: lower != transposed, hasUnitDiagonal: unitDiagonal)
      return x.map { [$0.values] }
    }
  }
}

extension GraphBuilder {
  /// The solutions X of `T X = B`, or of `T^T X = B`, where T is the lower or upper triangle of a square matrix.
  public func triangularSolve(
    _ a: ValueID, _ b: ValueID, lower: Bool = true, transposed: Bool = false, unitDiagonal: Bool = false
  ) throws -> ValueID {
    try apply(TriangularSolve(lower: lower, transposed: transposed, unitDiagonal: unitDiagonal), a, b)
  }
}
