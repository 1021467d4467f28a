import JacquardCore
import JacquardIR
import JacquardKernels

/// Singular values and vectors.
public struct SVD: LeadingAxesOperation {
  public static let name = "svd"
  public static let doc = OperationDoc(
    "The reduced singular value decomposition of each matrix of the last two axes: U, the values s (descending), V^T.",
    formula:
      "A = U diag(s) V^T, U of m rows and k columns, V^T of k rows and n columns, k = min(m, n); gradient: Giles, "
      + "Collected matrix derivative results (2008), Townsend, Differentiating the singular value decomposition (2016)",
    constraints: [
      MatrixRule.floatDoc, MatrixRule.matrixDoc, MatrixRule.sizeDoc,
      "c4: it is known whether rows or columns are fewer",
    ],
    conventions: [
      "the first of the elements of largest magnitude of each column of U is positive",
      "the gradient of the vectors divides by differences of squared values, and by the values if the matrix is not square: "
        + "where two are equal, or one is 0, it is not defined, and not finite",
      MatrixRule.undefined, "an iteration that does not converge is an error when the graph runs", MatrixRule.doubles,
    ])

  public static let samples = [
    OperationSample(SVD(), [MatrixRule.matrices([3, 3])], ulps: 128),
    OperationSample(SVD(), [MatrixRule.matrices([2, 5, 3])], ulps: 128),
    OperationSample(SVD(), [MatrixRule.matrices([2, 2, 5])], ulps: 128),
    OperationSample(SVD(), [.signed("f32[1,1]", 0.5, 2)]),
    OperationSample(SVD(), [MatrixRule.matrices([60, 33])], gradient: .none(reason: "long"), ulps: 128),
    OperationSample(SVD(), [.uniform("f32[0,2,3]", 0, 1)], gradient: .none(reason: "empty")),
  ]
  public static let violations = [
    OperationViolation(1, SVD(), ["i32[2,2]"]), OperationViolation(2, SVD(), ["f32[2]"]),
    OperationViolation(3, SVD(), ["f32[3,0]"]), OperationViolation(4, SVD(), ["f32[N,3]"]),
  ]

  /// The operation, which has no attributes.
  public init() {}

  public func inferTypes(_ context: TypeContext) throws -> [TensorType] {
    try requireOperands(1, context)
    let (rows, columns) = try matrix(context, isSquare: false)
    let (type, count) = (context.inputs[0], try smaller(rows, columns, 4))
    return [
      TensorType(type.dtype, type.shape.replacingMatrix(rows, count)),
      TensorType(type.dtype, type.shape.replacingMatrix(count)),
      TensorType(type.dtype, type.shape.replacingMatrix(count, columns)),
    ]
  }

  /// `U (X diag(s) + diag(s) Y + diag(s')) V^T`, X and Y being what turns U and V in their own planes, and what leaves these
  /// planes.
  public func gradient(_ context: GradientContext) throws -> Gradient {
    let (b, u, s, vt) = (context.builder, context.outputs[0], context.outputs[1], context.outputs[2])
    let gaps = try b.differences(b.multiply(s, s))
    let rank = b.shape(u).rank
    let (asRow, asColumn) = (try b.expandDims(s, axis: rank - 2), try b.expandDims(s, axis: rank - 1))
    var inner = try b.diagonalMatrix(context.cotangentOrZeros(1))
    var beside: [ValueID] = []
    if let g = context.cotangents[0] {
      let product = try b.matmul(b.transposedMatrix(u), g)
      inner = try b.add(inner, b.multiply(turn(b, product, gaps), asRow))
      if b.shape(u).dims[rank - 2] != b.shape(u).dims[rank - 1] {
        let rest = try b.subtract(g, b.matmul(u, product))
        beside.append(try b.matmul(b.divide(rest, asRow), vt))
      }
    }
    if let g = context.cotangents[2] {
      let product = try b.matmul(vt, b.transposedMatrix(g))
      inner = try b.add(inner, b.multiply(turn(b, product, gaps), asColumn))
      if b.shape(vt).dims[rank - 2] != b.shape(vt).dims[rank - 1] {
        let rest = try b.subtract(g, b.matmul(b.transposedMatrix(product), vt))
        beside.append(try b.matmul(u, b.divide(rest, asColumn)))
      }
    }
    let whole = try b.matmul(b.matmul(u, inner), vt)
    return .cotangents([.value(try beside.reduce(whole) { try b.add($0, $1) })])
  }

  private func turn(_ b: GraphBuilder, _ product: ValueID, _ gaps: ValueID) throws -> ValueID {
    try b.divide(b.subtract(product, b.transposedMatrix(product)), gaps)
  }

  public func lower(_ context: LoweringContext) throws { context.emitMatrices(Self.name, .svd) }

  public func reference(_ context: ReferenceContext) throws -> [HostTensor] {
    try eachMatrix(context) { operands in
      let (u, s, vt) = operands[0].svd
      return [u.values, s, vt.values]
    }
  }
}

extension GraphBuilder {
  /// The reduced singular value decomposition of each matrix: U, the singular values (descending), V^T.
  public func svd(_ a: ValueID) throws -> (u: ValueID, s: ValueID, vt: ValueID) {
    let results = try append(SVD(), [a])
    return (results[0], results[1], results[2])
  }
}
