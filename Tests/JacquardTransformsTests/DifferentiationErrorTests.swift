import JacquardCore
import JacquardIR
import JacquardOps
import Testing

@testable import JacquardTransforms

@Suite struct DifferentiationErrorTests {
  private func message(_ body: () throws -> Void) -> String {
    do {
      try body()
      return "no error"
    } catch {
      return "\(error)"
    }
  }

  @Test func wrongQuestions() throws {
    let builder = GraphBuilder(name: "test")
    let (x, i) = (try builder.input("x", "f64[2]"), try builder.input("i", "i32[]"))
    builder.origins = [Origin(name: "h", site: SourceSite(file: "User.swift", line: 4))]
    let h = try builder.exp(x)
    #expect(
      message { _ = try builder.gradients(of: h, withRespectTo: [x]) }
        == "the gradient of h is asked for, which is f64[2]: not a scalar float (User.swift:4)")
    #expect(
      message { _ = try builder.gradients(of: i, withRespectTo: [x]) }
        == "the gradient of input 'i' is asked for, which is i32[]: not a scalar float")
    let s = try builder.sum(h, axes: [0])
    #expect(
      message { _ = try builder.gradients(of: s, withRespectTo: [i]) }
        == "no derivative with respect to input 'i', which has type i32[]: not a float")
    #expect(
      message { _ = try builder.vjp([h], cotangents: [s], withRespectTo: [x]) }
        == "a cotangent of type f64[] for h, which is f64[2]")
  }

  @Test func unknownNames() throws {
    let graph = try graph([("x", "f64[]")]) { b, x in try b.exp(x[0]) }
    #expect(
      message { _ = try graph.addingGradients(of: "z", withRespectTo: ["x"]) }
        == "no output is named 'z'; there are 'y'")
    #expect(
      message { _ = try graph.addingGradients(of: "y", withRespectTo: ["q"]) } == "no input or node is named 'q'")
  }

  @Test func badRulesAreNamed() throws {
    for (rule, expected) in [
      (BadRule.Fault.dtype, "answers a cotangent f32[2] for input 0, which is f64[2]"),
      (.shape, "answers a cotangent f64[] for input 0, which is f64[2]"),
      (.count, "answers 0 cotangents for 1 inputs"), (.none, "has no gradient: it is a test"),
    ] {
      let builder = GraphBuilder(name: "test")
      let x = try builder.input("x", "f64[2]")
      builder.origins = [Origin(site: SourceSite(file: "User.swift", line: 9))]
      let y = try builder.sum(builder.apply(BadRule(fault: rule), x), axes: [0])
      let text = message { _ = try builder.gradients(of: y, withRespectTo: [x]) }
      #expect(text.contains(expected) && text.contains("badRule") && text.contains("User.swift:9"), "\(text)")
    }
  }
}

private struct BadRule: CompositeOperation {
  enum Fault: String, Codable { case dtype, shape, count, none }
  static let name = "badRule"
  static let doc = OperationDoc("For a test.", formula: "x")
  static let samples: [OperationSample] = []
  static let violations: [OperationViolation] = []
  let fault: Fault
  func inferTypes(_ context: TypeContext) throws -> [TensorType] { context.inputs }
  func decompose(_ builder: GraphBuilder, _ inputs: [ValueID]) throws -> [ValueID] { inputs }
  func gradient(_ context: GradientContext) throws -> Gradient {
    switch fault {
    case .dtype: .cotangents([.value(try context.builder.cast(context.cotangent(), .f32))])
    case .shape: .cotangents([.value(try context.builder.sum(context.cotangent(), axes: [0]))])
    case .count: .cotangents([])
    case .none: .nonDifferentiable("it is a test")
    }
  }
}
