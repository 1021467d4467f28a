import JacquardCore
import JacquardIR
import JacquardKernels

/// Orthonormal columns times an upper triangle.
public struct QR: LeadingAxesOperation {
  public static let name = "qr"
  public static let doc = OperationDoc(
    "The reduced factors of each matrix of the last two axes: Q with orthonormal columns, R upper triangular.",
    formula:
      "A = Q R, Q of m rows and k columns, R of k rows and n columns, k = min(m, n); gradient: Walter and Lehmann, "
      + "Algorithmic differentiation of linear algebra functions (2010)",
    constraints: [
      MatrixRule.floatDoc, MatrixRule.matrixDoc, MatrixRule.sizeDoc,
      "c4: it is known whether rows or columns are fewer",
    ],
    conventions: [
      "the diagonal of R is not negative, so that a matrix of full rank has one pair of factors",
      "the gradient needs the first k columns to be independent: else triangularSolve reports a singular matrix",
      MatrixRule.undefined, MatrixRule.doubles,
    ])

  public static let samples = [
    OperationSample(QR(), [MatrixRule.matrices([3, 3], diagonal: 1)]),
    OperationSample(QR(), [MatrixRule.matrices([2, 5, 3], diagonal: 1)]),
    OperationSample(QR(), [MatrixRule.matrices([2, 2, 5], diagonal: 1)]),
    OperationSample(QR(), [.signed("f32[1,1]", 0.5, 2)]),
    OperationSample(QR(), [MatrixRule.matrices([70, 40], diagonal: 9)], gradient: .none(reason: "long")),
    OperationSample(QR(), [.uniform("f32[0,2,3]", 0, 1)], gradient: .none(reason: "empty")),
  ]
  public static let violations = [
    OperationViolation(1, QR(), ["i32[2,2]"]), OperationViolation(2, QR(), ["f32[2]"]),
    OperationViolation(3, QR(), ["f32[0,3]"]), OperationViolation(4, QR(), ["f32[N,3]"]),
  ]

  /// The operation, which has no attributes.
  public init() {}

  public func inferTypes(_ context: TypeContext) throws -> [TensorType] {
    try requireOperands(1, context)
    let (rows, columns) = try matrix(context, isSquare: false)
    let (type, count) = (context.inputs[0], try smaller(rows, columns, 4))
    return [
      TensorType(type.dtype, type.shape.replacingMatrix(rows, count)),
      TensorType(type.dtype, type.shape.replacingMatrix(count, columns)),
    ]
  }

  public func gradient(_ context: GradientContext) throws -> Gradient {
    let (b, a) = (context.builder, context.inputs[0])
    let (q, r) = (context.outputs[0], context.outputs[1])
    let (gq, gr) = (try context.cotangentOrZeros(0), try context.cotangentOrZeros(1))
    let (count, columns) = (b.shape(r).dims[b.shape(r).rank - 2], b.shape(r).dims[b.shape(r).rank - 1])
    if count == columns { return .cotangents([.value(try square(b, q, r, gq, gr))]) }
    // The last columns are Q times those of R, and reach the first ones through Q.
    func parts(_ x: ValueID) throws -> (first: ValueID, last: ValueID) {
      (try b.slice(x, axis: -1, from: 0, to: count), try b.slice(x, axis: -1, from: count, to: columns))
    }
    let (triangle, slopes) = (try parts(r).first, try parts(gr))
    let through = try b.add(gq, b.matmul(parts(a).last, b.transposedMatrix(slopes.last)))
    let first = try square(b, q, triangle, through, slopes.first)
    let axis = b.shape(a).rank - 1
    return .cotangents([.value(try b.concat([first, b.matmul(q, slopes.last)], axis: axis))])
  }

  /// Where R is square: `(Q' + Q sym(M)) R^-T`, M = `R R'^T - Q'^T Q`, of which the lower triangle counts for both.
  private func square(
    _ b: GraphBuilder, _ q: ValueID, _ r: ValueID, _ gq: ValueID, _ gr: ValueID
  ) throws -> ValueID {
    let outer = try b.subtract(
      b.matmul(r, b.transposedMatrix(gr)), b.matmul(b.transposedMatrix(gq), q))
    let mirrored = try b.transposedMatrix(b.tril(outer, diagonal: -1))
    let whole = try b.add(gq, b.matmul(q, b.add(b.tril(outer), mirrored)))
    return try b.transposedMatrix(b.triangularSolve(r, b.transposedMatrix(whole), lower: false))
  }

  public func lower(_ context: LoweringContext) throws { context.emitMatrices(Self.name, .qr) }

  public func reference(_ context: ReferenceContext) throws -> [HostTensor] {
    try eachMatrix(context) { operands in
      let (q, r) = operands[0].qr
      return [q.values, r.values]
    }
  }
}

extension GraphBuilder {
  /// The reduced factors of each matrix: Q with orthonormal columns, R upper triangular with a diagonal that is not negative.
  public func qr(_ a: ValueID) throws -> (q: ValueID, r: ValueID) {
    let results = try append(QR(), [a])
    return (results[0], results[1])
  }
}
