import JacquardCore
import JacquardIR
import JacquardKernels

/// Triangular factors with partial pivoting.
public struct LU: LeadingAxesOperation {
  public static let name = "lu"
  public static let doc = OperationDoc(
    "The triangular factors of each square matrix with rows exchanged: both in one matrix (L below the diagonal, which has "
      + "ones, U on and above it), the order p (i64) of the rows, and the sign of that order.",
    formula:
      "A[p, :] = L U; gradient: de Hoog, Anderssen and Lukas, Differentiation of matrix functionals using triangular "
      + "factorization (2011)",
    constraints: MatrixRule.square,
    conventions: [
      "the pivot is the largest element of its column in magnitude; the order is constant where it does not change",
      "a singular matrix has a 0 on the diagonal of U and no gradient: a division by 0 that triangularSolve reports",
      MatrixRule.undefined + ", and the order of the rows as they are", MatrixRule.doubles,
    ])

  public static let samples = [
    OperationSample(LU(), [MatrixRule.matrices([4, 4])]),
    OperationSample(LU(), [MatrixRule.matrices([2, 3, 3, 3], diagonal: 1)]),
    OperationSample(LU(), [.signed("f32[1,1]", 0.5, 2)]),
    OperationSample(LU(), [MatrixRule.matrices([37, 37], diagonal: 20)], gradient: .none(reason: "long")),
    OperationSample(LU(), [.uniform("f32[0,2,2]", 0, 1)], gradient: .none(reason: "empty")),
    OperationSample(LU(), [.values(edges)], gradient: .none(reason: "singular, and not finite")),
  ]
  public static let violations = [
    OperationViolation(1, LU(), ["bool[2,2]"]), OperationViolation(2, LU(), ["f32[2,3]"]),
    OperationViolation(3, LU(), ["f32[0,0]"]),
  ]

  private static let edges: HostTensor =
    (try? HostTensor([0, 0, 0, 0, 1, 2, 2, 4, 1, .nan, 0, 1, 1, 2, .infinity, 3] as [Float], [4, 2, 2]))
    ?? HostTensor(0 as Float)

  /// The operation, which has no attributes.
  public init() {}

  public func inferTypes(_ context: TypeContext) throws -> [TensorType] {
    try requireOperands(1, context)
    try matrix(context, isSquare: true)
    let type = context.inputs[0]
    let batch = Shape(Array(type.shape.dims.dropLast(2)))
    return [type, TensorType(.i64, Shape(Array(type.shape.dims.dropLast()))), TensorType(type.dtype, batch)]
  }

  /// `L^-T (tril(L^T G, -1) + triu(G U^T)) U^-T`, its rows put back.
  public func gradient(_ context: GradientContext) throws -> Gradient {
    guard let g = context.cotangents[0] else { return context.noDependence }
    let (b, factors) = (context.builder, context.outputs[0])
    let strict = try b.tril(factors, diagonal: -1)
    let lower = try b.select(b.isOnDiagonal(factors), b.scalar(1, for: factors), strict)
    let below = try b.tril(b.matmul(b.transposedMatrix(lower), g), diagonal: -1)
    let above = try b.triu(b.matmul(g, b.transposedMatrix(b.triu(factors))))
    let left = try b.triangularSolve(factors, b.add(below, above), transposed: true, unitDiagonal: true)
    let both = try b.transposedMatrix(b.triangularSolve(factors, b.transposedMatrix(left), lower: false))
    let places = try b.argsort(context.outputs[1], axis: -1)
    return .cotangents([.value(try b.takeRows(both, places))])
  }

  public func lower(_ context: LoweringContext) throws { context.emitMatrices(Self.name, .lu) }

  public func reference(_ context: ReferenceContext) throws -> [HostTensor] {
    try eachMatrix(context) { operands in
      let (factors, order, sign) = operands[0].lu
      return [factors.values, order.map { Double($0) }, [sign]]
    }
  }
}

extension GraphBuilder {
  /// The triangular factors of each square matrix in one, the order of its rows (i64), and the sign of that order.
  public func lu(_ a: ValueID) throws -> (factors: ValueID, order: ValueID, sign: ValueID) {
    let results = try append(LU(), [a])
    return (results[0], results[1], results[2])
  }
}
