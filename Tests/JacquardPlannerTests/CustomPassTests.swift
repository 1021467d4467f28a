import JacquardCore
import JacquardIR
import JacquardOps
import JacquardPlanner
import JacquardTransforms
import Testing

/// Passes and rules of a user in the compiler.
@Suite struct CustomPassTests {
  static let line = #line + 1
  static let rule = Rule("logOfExp", "log(exp(x)) is x", on: [Log.name]) { node, context in
    context.node(node.inputs[0], Exp.name)?.inputs[0]
  }

  static func pass(_ name: String = "inverses", tidying: RuleSet? = nil) -> Pass {
    Pass(name, "drops functions that undo each other", RuleSet("inverses", [rule]), tidying: tidying)
  }

  /// log(exp(x)) * 1, with a loop whose body has the same.
  static func example() throws -> Graph {
    try graph { b in
      let x = try b.input("x", "f32[3,4]")
      let y = try b.multiply(b.log(b.exp(x)), b.constant(2, .f32))
      try b.output("y", b.softmax(y, axis: 1))
    }
  }

  static func compile(_ graph: Graph, _ pipeline: Pipeline? = nil) throws -> Compilation {
    var options = CompileOptions()
    if let pipeline { options.passes = pipeline }
    return try Compiler.compile(graph, options: options)
  }

  @Test func aRuleFiresAndIsOnRecord() throws {
    let graph = try Self.example()
    let without = try Self.compile(graph)
    #expect(without.graph.nodes.contains { $0.operation is Log })
    #expect(without.record.passes.map(\.name) == Pipeline.standard.passes.map(\.name))
    let with = try Self.compile(graph, Pipeline.standard.inserting(Self.pass(), after: "canonicalise"))
    #expect(!with.graph.nodes.contains { $0.operation is Log })
    let record = try #require(with.record.passes.first { $0.name == "inverses" })
    let firing = try #require(record.firings.first)
    #expect(record.firings.count == 1 && firing.rule == "logOfExp" && firing.explanation == Self.rule.explanation)
    #expect(firing.site == SourceSite(file: #fileID, line: Self.line))
    let text = with.record.description
    #expect(text.contains("logOfExp") && text.contains("\(#fileID):\(Self.line)"), "\(text)")
    #expect(!without.record.description.contains("logOfExp"))
  }

  @Test func passesStandWhereTheyAreWanted() throws {
    let names = Pipeline.standard.passes.map(\.name)
    for (position, name) in names.enumerated() {
      let after = try Pipeline.standard.inserting(Self.pass(), after: name).passes.map(\.name)
      let before = try Pipeline.standard.inserting(Self.pass(), before: name).passes.map(\.name)
      #expect(after == names[...position] + ["inverses"] + names[(position + 1)...])
      #expect(before == names[..<position] + ["inverses"] + names[position...])
      #expect(try !Self.compile(Self.example(), Pipeline.standard.inserting(Self.pass(), after: name)).graph.isLog)
    }
    #expect(Pipeline.standard.passes.map(\.name) == names)
  }

  @Test func wrongNamesAreErrors() throws {
    let cases: [(pass: String, place: String, expected: String)] = [
      ("inverses", "nothing", "the pipeline has no pass 'nothing'; it has useless, canonicalise"),
      ("expand", "useless", "the pipeline has a pass 'expand' already"),
    ]
    for (pass, place, expected) in cases {
      let error = #expect(throws: Diagnostic.self) {
        try Pipeline.standard.inserting(Self.pass(pass), after: place)
      }
      #expect(error?.message.hasPrefix(expected) ?? false, "\(String(describing: error))")
      #expect(throws: Diagnostic.self) { try Pipeline.standard.inserting(Self.pass(pass), before: place) }
    }
  }

  @Test func bodiesOfLoopsAreRewrittenToo() throws {
    let graph = try graph { b in
      let x = try b.input("x", "f32[3]")
      let body = try JacquardPlannerTests.graph { inner in
        let carry = try inner.input("c", "f32[3]")
        try inner.output("next", inner.log(inner.exp(carry)))
      }
      try b.output("y", b.append(Scan(length: 2, carried: 1, scanned: 0), [x], graphs: [body])[0])
    }
    let with = try Self.compile(graph, Pipeline.standard.inserting(Self.pass(), before: "expand"))
    #expect(try Self.compile(graph).programs.contains { $0.graph.isLog })
    #expect(!with.programs.isEmpty && !with.programs.contains { $0.graph.isLog })
  }

  @Test func aRuleThatGivesNonsenseIsNamed() throws {
    let cases: [(text: String, rule: Rule)] = [
      ("gives a value that is not of the graph", Rule("stray", "", on: [Exp.name]) { _, _ in ValueID(1 << 20) }),
      (
        "changes the type",
        Rule("wider", "", on: [Exp.name]) { node, context in try context.builder.cast(node.inputs[0], .f64) }
      ),
    ]
    for (text, rule) in cases {
      let pipeline = try Pipeline.standard.inserting(Pass("wrong", "", RuleSet("wrong", [rule])), before: "expand")
      let error = #expect(throws: Diagnostic.self) { try Self.compile(Self.example(), pipeline) }
      let message = error?.description ?? ""
      #expect(message.contains(text) && message.contains(rule.name) && message.contains("pass 'wrong'"), "\(message)")
    }
  }
}

extension Graph {
  fileprivate var isLog: Bool { nodes.contains { $0.operation is Log } }
}
