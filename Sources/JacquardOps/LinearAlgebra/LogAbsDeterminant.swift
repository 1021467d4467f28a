import JacquardCore
import JacquardIR

/// Determinants that do not leave the range of floats.
public struct LogAbsDeterminant: CompositeOperation {
  public static let name = "logAbsDeterminant"
  public static let doc = OperationDoc(
    "The sign of the determinant of each square matrix of the last two axes, and the logarithm of its absolute value (NumPy's "
      + "slogdet).",
    formula: "det A = sign * exp(y)", constraints: MatrixRule.square,
    conventions: [
      "a singular matrix gives sign 0 and -inf, and has no gradient: triangularSolve reports it", MatrixRule.undefined,
    ])

  public static let samples = [
    OperationSample(LogAbsDeterminant(), [MatrixRule.matrices([4, 4], diagonal: 1)], ulps: 256),
    OperationSample(LogAbsDeterminant(), [MatrixRule.matrices([2, 3, 3], diagonal: 1)], ulps: 256),
    OperationSample(LogAbsDeterminant(), [.values(singular)], gradient: .none(reason: "singular")),
    OperationSample(LogAbsDeterminant(), [.uniform("f32[0,2,2]", 0, 1)], gradient: .none(reason: "empty")),
  ]
  public static let violations = [
    OperationViolation(1, LogAbsDeterminant(), ["i32[2,2]"]), OperationViolation(2, LogAbsDeterminant(), ["f32[2,3]"]),
    OperationViolation(3, LogAbsDeterminant(), ["f32[0,0]"]),
  ]

  private static let singular: HostTensor =
    (try? HostTensor([1, 2, 2, 4, 0, 0, 0, 0, 0, 1, 1, 0] as [Float], [3, 2, 2])) ?? HostTensor(0 as Float)

  /// The operation, which has no attributes.
  public init() {}

  public func inferTypes(_ context: TypeContext) throws -> [TensorType] {
    try requireOperands(1, context)
    try matrix(context, isSquare: true)
    let type = TensorType(context.inputs[0].dtype, context.inputs[0].shape.replacingMatrix())
    return [type, type]
  }

  public func decompose(_ builder: GraphBuilder, _ inputs: [ValueID]) throws -> [ValueID] {
    let lu = try builder.lu(inputs[0])
    let pivots = try builder.diagonal(lu.factors)
    let sign = try builder.multiply(lu.sign, builder.product(builder.sign(pivots), axes: [-1]))
    return [sign, try builder.sum(builder.log(builder.abs(pivots)), axes: [-1])]
  }
}

extension GraphBuilder {
  /// The sign of the determinant of each square matrix, and the logarithm of its absolute value.
  public func logAbsDeterminant(_ a: ValueID) throws -> (sign: ValueID, logarithm: ValueID) {
    let results = try append(LogAbsDeterminant(), [a])
    return (results[0], results[1])
  }
}
