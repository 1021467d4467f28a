import JacquardCore
import JacquardIR

/// Inverse matrices.
public struct Inverse: CompositeOperation {
  public static let name = "inverse"
  public static let doc = OperationDoc(
    "The inverse of each square matrix of the last two axes; to solve a system, solve is faster and closer.",
    formula: "A^-1, the solution for the identity; gradient: -A^-T Y' A^-T (Giles, 2008)",
    constraints: MatrixRule.square,
    conventions: ["a matrix whose elimination ends in a pivot of 0 is an error of triangularSolve when the graph runs"])

  public static let samples = [
    OperationSample(Inverse(), [MatrixRule.matrices([4, 4], diagonal: 2)], ulps: 256),
    OperationSample(Inverse(), [MatrixRule.matrices([2, 3, 3], diagonal: 2)], ulps: 256),
    OperationSample(Inverse(), [.uniform("f32[0,2,2]", 0, 1)], gradient: .none(reason: "empty")),
  ]
  public static let violations = [
    OperationViolation(1, Inverse(), ["i32[2,2]"]), OperationViolation(2, Inverse(), ["f32[2,3]"]),
    OperationViolation(3, Inverse(), ["f32[0,0]"]),
  ]

  /// The operation, which has no attributes.
  public init() {}

  public func inferTypes(_ context: TypeContext) throws -> [TensorType] {
    try requireOperands(1, context)
    try matrix(context, isSquare: true)
    return context.inputs
  }

  public func decompose(_ builder: GraphBuilder, _ inputs: [ValueID]) throws -> [ValueID] {
    let a = inputs[0]
    let identity = try builder.cast(builder.isOnDiagonal(a), builder.type(a).dtype)
    return [try builder.solve(a, builder.broadcast(identity, to: builder.shape(a)))]
  }

  public func gradient(_ context: GradientContext) throws -> Gradient {
    let b = context.builder
    let y = try b.transposedMatrix(context.outputs[0])
    return .cotangents([.value(try b.negate(b.matmul(b.matmul(y, context.cotangent()), y)))])
  }
}

extension GraphBuilder {
  /// The inverse of each square matrix.
  public func inverse(_ a: ValueID) throws -> ValueID { try apply(Inverse(), a) }
}
