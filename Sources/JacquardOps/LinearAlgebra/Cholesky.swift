import JacquardCore
import JacquardIR
import JacquardKernels

/// The lower factor of a symmetric positive definite matrix.
public struct Cholesky: LeadingAxesOperation {
  public static let name = "cholesky"
  public static let doc = OperationDoc(
    "The lower triangular factor of each symmetric positive definite matrix of the last two axes.",
    formula: "A = L L^T; gradient: Murray, Differentiation of the Cholesky decomposition (2016)",
    constraints: MatrixRule.square,
    conventions: [
      MatrixRule.symmetric,
      "a matrix that is not positive definite or not finite is an error when the graph runs, with its number in the batch",
      MatrixRule.doubles,
    ])

  public static let samples = [
    OperationSample(Cholesky(), [MatrixRule.matrices([4, 4], diagonal: 4)]),
    OperationSample(Cholesky(), [MatrixRule.matrices([2, 3, 3, 3], diagonal: 4)]),
    OperationSample(Cholesky(), [.uniform("f32[1,1]", 0.5, 2)]),
    OperationSample(Cholesky(), [MatrixRule.matrices([41, 41], diagonal: 41)], gradient: .none(reason: "long")),
    OperationSample(Cholesky(), [.uniform("f32[0,2,2]", 0, 1)], gradient: .none(reason: "empty")),
  ]
  public static let violations = [
    OperationViolation(1, Cholesky(), ["i32[2,2]"]), OperationViolation(1, Cholesky(), ["f16[2,2]"]),
    OperationViolation(2, Cholesky(), ["f32[2]"]), OperationViolation(2, Cholesky(), ["f32[2,3]"]),
    OperationViolation(3, Cholesky(), ["f32[0,0]"]), OperationViolation(3, Cholesky(), ["f32[32769,32769]"]),
  ]

  /// The operation, which has no attributes.
  public init() {}

  public func inferTypes(_ context: TypeContext) throws -> [TensorType] {
    try requireOperands(1, context)
    try matrix(context, isSquare: true)
    return context.inputs
  }

  /// With `P = tril(L^T G)`, its diagonal halved: the symmetric part of `L^-T P L^-1`.
  public func gradient(_ context: GradientContext) throws -> Gradient {
    let (b, l) = (context.builder, context.outputs[0])
    let product = try b.tril(b.matmul(b.transposedMatrix(l), context.cotangent()))
    let half = try b.select(b.isOnDiagonal(l), b.scalar(0.5, for: l), b.scalar(1, for: l))
    let left = try b.triangularSolve(l, b.multiply(product, half), transposed: true)
    let right = try b.triangularSolve(l, b.transposedMatrix(left), transposed: true)
    return .cotangents([.value(try b.symmetricPart(right))])
  }

  public func lower(_ context: LoweringContext) throws { context.emitMatrices(Self.name, .cholesky) }

  public func reference(_ context: ReferenceContext) throws -> [HostTensor] {
    try eachMatrix(context, .notPositiveDefinite) { $0[0].symmetricPart.cholesky.map { [$0.values] } }
  }
}

extension GraphBuilder {
  /// The lower triangular factor of each symmetric positive definite matrix.
  public func cholesky(_ a: ValueID) throws -> ValueID { try apply(Cholesky(), a) }
}
