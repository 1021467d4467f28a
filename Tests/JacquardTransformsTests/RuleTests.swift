import JacquardCore
import JacquardIR
import JacquardOps
import Testing

@testable import JacquardTransforms

/// What each rule makes of a small graph, compared as graphs; and that the value stays.
@Suite struct RuleTests {
  struct Case: Sendable, CustomTestStringConvertible {
    let rule: String
    let types: [TensorType]
    let expected: String
    let build: @Sendable (GraphBuilder, [ValueID]) throws -> ValueID
    var testDescription: String { "\(rule): \(expected)" }

    init(
      _ rule: String, _ types: [TensorType], _ expected: String,
      _ build: @escaping @Sendable (GraphBuilder, [ValueID]) throws -> ValueID
    ) {
      self.rule = rule
      self.types = types
      self.expected = expected
      self.build = build
    }
  }

  /// Every rule of the standard pipeline.
  static let rules = RuleSet("all", Pipeline.standard.passes.flatMap { $0.rules.rules })

  static let site = SourceSite(file: "User.swift", line: 77)

  @Test(arguments: RuleCases.all) func rewrites(_ test: Case) throws {
    let builder = GraphBuilder(name: "test")
    let inputs = try test.types.enumerated().map { try builder.input("x\($0.offset)", $0.element) }
    builder.origins = [Origin(scope: "user", site: Self.site)]
    try builder.output("y", test.build(builder, inputs))
    let before = builder.graph
    let rule = try #require(Self.rules.rules.first { $0.name == test.rule })
    let record = try Pass("test", "", RuleSet("test", [rule])).run(before)
    #expect(record.firings.contains { $0.rule == test.rule })
    let tidy = try Pass("tidy", "", .tidying).run(record.graph).graph
    let expression = try tidy.expression()
    #expect(expression == test.expected, "\(expression)")
    for node in record.graph.nodes { #expect(node.site == Self.site, "\(node.operationName) lost its line") }
    try record.graph.verify()
    try compare(before, record.graph, test.types)
  }

  private func compare(_ a: Graph, _ b: Graph, _ types: [TensorType]) throws {
    var random = Random(5)
    var point: [String: HostTensor] = [:]
    for (index, type) in types.enumerated() {
      point["x\(index)"] = try random.value(
        type.dtype.isFloat ? .uniform(type, 0.2, 2) : .integers(type, 0, 2))
    }
    let (old, new) = (try a.evaluate(point).outputs["y"], try b.evaluate(point).outputs["y"])
    for (x, y) in zip(try #require(old).doubles, try #require(new).doubles) {
      #expect(abs(x - y) <= 1e-14 * max(1, abs(x)))
    }
  }

  /// A rule without a case here fails this test.
  @Test func everyRuleHasACase() {
    let covered = Set(RuleCases.all.map(\.rule))
    let missing = Self.rules.rules.map(\.name).filter { !covered.contains($0) }
    #expect(missing.isEmpty, "no case for \(missing.joined(separator: ", "))")
  }

  @Test func rulesKnowTheirLine() {
    for rule in Self.rules.rules {
      #expect(rule.site.file.hasPrefix("JacquardTransforms/") && rule.site.line > 0 && !rule.explanation.isEmpty)
    }
    #expect(Set(Self.rules.rules.map(\.site)).count == Self.rules.rules.count)
  }

  /// Formulas that look alike and must stay.
  @Test func whatIsNotRewritten() throws {
    let same: [(TensorType, (GraphBuilder, ValueID) throws -> ValueID)] = [
      ("f64[3]", { try $0.multiply($1, $0.constant(0, .f64)) }), ("f64[3]", { try $0.subtract($1, $1) }),
      ("f64[3]", { try $0.divide($1, $1) }), ("f64[3]", { try $0.divide($1, $0.constant(3, .f64)) }),
      ("f64[3]", { try $0.power($1, $0.constant(3, .f64)) }), ("f64[3]", { try $0.log($0.exp($1)) }),
      ("f64[3]", { try $0.add($0.add($1, $0.constant(0.1, .f64)), $0.constant(0.2, .f64)) }),
      ("f64[3]", { try $0.barrier([$0.exp($0.negate($1))], id: 1)[0] }),
      ("f32[3]", { try $0.cast($0.cast($1, .i32), .f32) }), ("f64[3]", { try $0.cast($0.cast($1, .f32), .f64) }),
      ("f64[3,2]", { try $0.reshape($0.transpose($1, [1, 0]), [6]) }),
      ("f64[3,2]", { try $0.log($0.sum($0.exp($1), axes: [0, 1])) }),
      ("f16[3]", { try $0.add($0.multiply($1, $1), $1) }), ("bf16[3]", { try $0.add($1, $0.multiply($1, $1)) }),
      ("f16[3]", { try $0.divide($1, $0.constant(0x1p-20, .f16)) }),
    ]
    for (type, build) in same {
      let graph = try graph([("x", type)]) { b, x in try build(b, x[0]) }
      let (result, _) = try Pipeline.standard.run(graph)
      #expect(try result.expression() == graph.expression())
    }
  }
}
