import JacquardCore
import JacquardIR
import JacquardKernels

/// Eigenvalues and eigenvectors of symmetric matrices.
public struct Eigh: LeadingAxesOperation {
  public static let name = "eigh"
  public static let doc = OperationDoc(
    "The eigenvalues, ascending, and the eigenvectors, one a column, of each symmetric matrix of the last two axes.",
    formula: "A V = V diag(w); gradient: Giles, Collected matrix derivative results (2008)",
    constraints: MatrixRule.square,
    conventions: [
      MatrixRule.symmetric,
      "the first of the elements of largest magnitude of each eigenvector is positive",
      "the gradient of eigenvectors divides by differences of eigenvalues: where two are equal it is not defined, and not "
        + "finite",
      MatrixRule.undefined, "an iteration that does not converge is an error when the graph runs", MatrixRule.doubles,
    ])

  public static let samples = [
    OperationSample(Eigh(), [MatrixRule.matrices([4, 4])], ulps: 128),
    OperationSample(Eigh(), [MatrixRule.matrices([2, 3, 3])], ulps: 128),
    OperationSample(Eigh(), [.signed("f32[1,1]", 0.5, 2)]),
    OperationSample(Eigh(), [MatrixRule.matrices([39, 39])], gradient: .none(reason: "long"), ulps: 128),
    OperationSample(Eigh(), [.uniform("f32[0,2,2]", 0, 1)], gradient: .none(reason: "empty")),
  ]
  public static let violations = [
    OperationViolation(1, Eigh(), ["i32[2,2]"]), OperationViolation(2, Eigh(), ["f32[2,3]"]),
    OperationViolation(3, Eigh(), ["f32[0,0]"]),
  ]

  /// The operation, which has no attributes.
  public init() {}

  public func inferTypes(_ context: TypeContext) throws -> [TensorType] {
    try requireOperands(1, context)
    try matrix(context, isSquare: true)
    let type = context.inputs[0]
    return [TensorType(type.dtype, Shape(Array(type.shape.dims.dropLast()))), type]
  }

  /// The symmetric part of `V (diag(w') + V^T V' / (w_j - w_i)) V^T`, the quotient 0 on the diagonal.
  public func gradient(_ context: GradientContext) throws -> Gradient {
    let (b, w, v) = (context.builder, context.outputs[0], context.outputs[1])
    var inner = try b.diagonalMatrix(context.cotangentOrZeros(0))
    if let g = context.cotangents[1] {
      let quotient = try b.divide(b.matmul(b.transposedMatrix(v), g), b.differences(w))
      inner = try b.select(b.isOnDiagonal(v), inner, quotient)
    }
    let whole = try b.matmul(b.matmul(v, inner), b.transposedMatrix(v))
    return .cotangents([.value(try b.symmetricPart(whole))])
  }

  public func lower(_ context: LoweringContext) throws { context.emitMatrices(Self.name, .eigh) }

  public func reference(_ context: ReferenceContext) throws -> [HostTensor] {
    try eachMatrix(context) { operands in
      let (values, vectors) = operands[0].symmetricPart.eigh
      return [values, vectors.values]
    }
  }
}

extension GraphBuilder {
  /// The eigenvalues, ascending, and the eigenvectors, one a column, of each symmetric matrix.
  public func eigh(_ a: ValueID) throws -> (values: ValueID, vectors: ValueID) {
    let results = try append(Eigh(), [a])
    return (results[0], results[1])
  }
}
