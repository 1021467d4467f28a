import JacquardCore
import JacquardIR
import JacquardKernels

/// A key for a purpose, from a key and a number.
public struct FoldKey: Operation {
  public static let name = "foldKey"
  public static let doc = OperationDoc(
    "A key for a purpose, from a key and a number.",
    formula: "the first two words of Philox 4x32-10 at counter (data low, data high, 0, 1)",
    constraints: ["c1: \(RandomRules.keyDoc)", "c2: data lies in 0 ..< 2^60"],
    conventions: ["does not depend on the key as far as derivatives go"])

  public static let samples = [
    OperationSample(FoldKey(data: 7), [RandomRules.sampleKey], gradient: RandomRules.noGradient, ulps: 0),
    OperationSample(FoldKey(data: 1 << 40), [RandomRules.sampleKey], gradient: RandomRules.noGradient, ulps: 0),
  ]
  public static let violations = [
    OperationViolation(1, FoldKey(data: 1), ["i32[3]"]),
    OperationViolation(2, FoldKey(data: 1 << 60), ["i32[2]"]),
    OperationViolation(2, FoldKey(data: -1), ["i32[2]"]),
  ]

  /// The number, in 0 ..< 2^60.
  public var data: Int

  /// The number is checked where types are inferred (c2).
  public init(data: Int) { self.data = data }

  public func inferTypes(_ context: TypeContext) throws -> [TensorType] {
    try requireKey(context, 1)
    if data < 0 || data >= 1 << 60 { throw violated(2, "data \(data) is out of range") }
    return [RandomRules.keyType]
  }

  public func gradient(_ context: GradientContext) throws -> Gradient { .cotangents([.zero]) }

  public func lower(_ context: LoweringContext) throws {
    context.emitMap(Self.name, to: context.outputs[0]) { body in
      let element = IndexExpression.axis(0) + IndexExpression(2 * data)
      return body.append(Instruction(.random(.fold, key: context.inputs[0], element: element), .i32))
    }
  }

  public func reference(_ context: ReferenceContext) throws -> [HostTensor] {
    let key = RandomRules.philox(context.inputs[0]).folded(data).key
    return [try HostTensor([Int32(bitPattern: key.low), Int32(bitPattern: key.high)], [2])]
  }
}

extension GraphBuilder {
  /// A key for a purpose: a site number, a step, a layer.
  public func foldKey(_ key: ValueID, _ data: Int) throws -> ValueID { try apply(FoldKey(data: data), key) }
}

extension FoldKey: BatchableOperation {
  public func batch(_ context: BatchingContext) throws -> [Batched] {
    try context.applyInTurn(self)
  }
}
