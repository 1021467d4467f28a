import JacquardCore
import JacquardIR
import JacquardOps
import Testing

@testable import JacquardTransforms

/// Every operation that has a gradient has a sample by which it is tested.
@Suite struct GradientSampleTests {
  @Test func everyDifferentiableOperationHasOne() {
    let missing = GradientSampleTests.missing(in: .standard)
    #expect(missing.isEmpty, "no gradient sample for \(missing.joined(separator: ", "))")
  }

  @Test func anOperationWithoutOneIsFound() {
    var registry = OperationRegistry.standard
    registry.register(Unsampled.self)
    registry.register(Untouched.self)
    #expect(GradientSampleTests.missing(in: registry) == ["unsampled"])
  }

  /// Operations whose rule answers a cotangent for some float operand, and none of whose samples checks it.
  static func missing(in registry: OperationRegistry) -> [String] {
    registry.operations.filter { operation in
      let checked = operation.samples.contains { sample in
        if case .none = sample.gradient { return false }
        return sample.inputs.contains { $0.type.dtype.isFloat }
      }
      return !checked && operation.samples.contains(where: claimsGradient)
    }
    .map { $0.name }
  }

  /// Whether the rule answers a cotangent, for the sample's operands or for floats in place of its integers.
  private static func claimsGradient(_ sample: OperationSample) -> Bool {
    let types = sample.inputs.map(\.type)
    let floats = types.map { TensorType($0.dtype.isInteger ? .f64 : $0.dtype, $0.shape) }
    return answers(sample, types) || answers(sample, floats)
  }

  private static func answers(_ sample: OperationSample, _ types: [TensorType]) -> Bool {
    let builder = GraphBuilder(name: "claim")
    do {
      let inputs = try types.enumerated().map { try builder.input("x\($0.offset)", $0.element) }
      let outputs = try builder.append(sample.operation, inputs, graphs: sample.graphs)
      let floats = outputs.filter { builder.type($0).dtype.isFloat }
      let wanted = inputs.filter { builder.type($0).dtype.isFloat }
      let seeds = try floats.enumerated().map { try builder.input("g\($0.offset)", builder.type($0.element)) }
      return try builder.connectedVJP(floats, cotangents: seeds, withRespectTo: wanted).contains { $0 != nil }
    } catch {
      return false
    }
  }
}

/// Has a gradient, and no sample of it.
private struct Unsampled: CompositeOperation {
  static let name = "unsampled"
  static let doc = OperationDoc("For a test.", formula: "-x")
  static let samples = [OperationSample(Unsampled(), [.integers("i32[2]", 0, 3)], gradient: .none(reason: "forgotten"))]
  static let violations: [OperationViolation] = []
  func inferTypes(_ context: TypeContext) throws -> [TensorType] { context.inputs }
  func decompose(_ builder: GraphBuilder, _ inputs: [ValueID]) throws -> [ValueID] { [try builder.negate(inputs[0])] }
}

/// Has no gradient, and needs no sample.
private struct Untouched: CompositeOperation {
  static let name = "untouched"
  static let doc = OperationDoc("For a test.", formula: "floor x")
  static let samples = [OperationSample(Untouched(), [.uniform("f32[2]", 0, 3)], gradient: .none(reason: "steps"))]
  static let violations: [OperationViolation] = []
  func inferTypes(_ context: TypeContext) throws -> [TensorType] { context.inputs }
  func decompose(_ builder: GraphBuilder, _ inputs: [ValueID]) throws -> [ValueID] { [try builder.floor(inputs[0])] }
}
