import JacquardCore
import JacquardIR
import JacquardOps
import Testing

@testable import JacquardTransforms

@Suite struct PassTests {
  /// x -> h = relu(x + 0) -> loss = sum(log(softmax(h))), with names, scopes and lines.
  private func example() throws -> Graph {
    let builder = GraphBuilder(name: "example")
    let x = try builder.input("x", "f64[2,3]")
    func at(_ name: String, _ line: Int) {
      builder.origins = [Origin(name: name, scope: "net", site: SourceSite(file: "User.swift", line: line))]
    }
    at("sum", 1)
    let shifted = try builder.add(x, builder.constant(0, .f64))
    at("h", 2)
    let h = try builder.relu(shifted)
    at("p", 3)
    let p = try builder.softmax(h, axis: 1)
    at("logp", 4)
    let logp = try builder.log(p)
    at("loss", 5)
    try builder.output("y", builder.sum(logp, axes: [0, 1]))
    at("unused", 6)
    _ = try builder.exp(x)
    return builder.graph
  }

  @Test func recordsSayWhatChangedAndWhy() throws {
    let source = try example()
    let (result, record) = try Pipeline.standard.run(source)
    #expect(record.passes.map(\.name) == Pipeline.standard.passes.map(\.name))
    #expect(record.graph == result)
    let useless = record.passes[0]
    #expect(useless.nodesBefore == source.nodes.count)
    #expect(useless.counts.map(\.rule) == ["addZero"])
    #expect(useless.firings[0].site.file.hasPrefix("JacquardTransforms/"))
    let stabilise = try #require(record.passes.first { $0.name == "stabilise" })
    let firing = try #require(stabilise.firings.first { $0.rule == "logOfSoftmax" })
    let before = record.passes[1].graph
    #expect(firing.old.map { before.nodes[$0.index].operationName }.sorted() == ["log", "softmax"])
    #expect(firing.new.map { stabilise.graph.nodes[$0.index].operationName } == ["logSoftmax"])
    #expect(stabilise.nodesAfter == stabilise.graph.nodes.count)
  }

  @Test func everyNodeIsTracedBothWays() throws {
    let source = try example()
    let (result, record) = try Pipeline.standard.run(source)
    let sources = record.sources()
    for node in result.nodes {
      #expect(!sources[node.id.index].isEmpty, "\(node.operationName) has no source")
      #expect(node.site != nil)
    }
    let softmax = try #require(source.nodes.first { $0.operationName == "softmax" })
    let fate = record.successors(of: softmax.id).map { result.nodes[$0.index].operationName }
    #expect(fate.contains("exp") && fate.contains("log"))
    let dead = try #require(source.nodes.last)
    #expect(record.successors(of: dead.id).isEmpty)
  }

  @Test func replacementsInheritNamesAndEveryLine() throws {
    let (_, record) = try Pipeline.standard.run(try example())
    let graph = try #require(record.passes.first { $0.name == "stabilise" }).graph
    let node = try #require(graph.nodes.first { $0.operationName == "logSoftmax" })
    #expect(node.name == "logp")
    #expect(Set(node.origins.compactMap { $0.site?.line }) == [3, 4])
    let relu = try #require(graph.nodes.first { $0.operationName == "relu" })
    #expect(relu.name == "h")
  }

  @Test func passesAndRulesCanBeSwitchedOff() throws {
    let source = try example()
    var options = Pipeline.Options(disabledPasses: ["stabilise", "expand"])
    let (without, record) = try Pipeline.standard.run(source, options: options)
    #expect(without.count("softmax") == 1 && !record.passes.contains { $0.name == "expand" })
    options = Pipeline.Options(disabledRules: ["logOfSoftmax", "expand"])
    #expect(try Pipeline.standard.run(source, options: options).graph.count("softmax") == 1)
  }

  @Test func nothingToDoIsSkipped() throws {
    let (result, _) = try Pipeline.standard.run(try example())
    let record = try Pass("expand", "", .expansion, tidying: .tidying).run(result)
    #expect(record.skipped && record.firings.isEmpty && record.graph == result)
    #expect(record.successors == result.nodes.map { [$0.id] })
  }

  @Test func eachPassIsVerified() throws {
    let options = Pipeline.Options(verification: .eachPass { _ in throw Diagnostic("broken") })
    do {
      _ = try Pipeline.standard.run(try example(), options: options)
      Issue.record("no error")
    } catch let error as Diagnostic {
      #expect(error.description == "pass 'useless': broken")
    }
    _ = try Pipeline.standard.run(try example(), options: .init(verification: .eachPass { try $0.verify() }))
  }

  @Test func circlesAreNamed() throws {
    let there = Rule("there", "sin is cos", on: [Sin.name]) { node, context in
      try context.builder.cos(context.builder.negate(node.operand))
    }
    let back = Rule("back", "cos is sin", on: [Cos.name]) { node, context in try context.builder.sin(node.operand) }
    let flip = Rule("flip", "sin is cos", on: [Sin.name]) { node, context in try context.builder.cos(node.operand) }
    for rules in [[there, back], [flip, back]] {
      let graph = try graph([("x", "f64[2]")]) { b, x in try b.sin(x[0]) }
      do {
        _ = try Pass("mill", "", RuleSet("mill", rules)).run(graph)
        Issue.record("no error")
      } catch let error as Diagnostic {
        let text = error.description
        #expect(text.contains("rules of 'mill' run in circles") && text.contains("'back'"), "\(text)")
      }
    }
  }

  @Test func aRuleMustKeepTheType() throws {
    let bad = Rule("bad", "wrong", on: [Sin.name]) { node, context in try context.builder.sum(node.operand, axes: [0]) }
    let graph = try graph([("x", "f64[2]")]) { b, x in try b.sin(x[0]) }
    do {
      _ = try Pass("p", "", RuleSet("p", [bad])).run(graph)
      Issue.record("no error")
    } catch let error as Diagnostic {
      #expect(error.description.contains("rule 'bad'") && error.description.contains("changes the type"))
    }
  }

  @Test func foldingKeepsToItsBudget() throws {
    let graph = try graph([]) { b, _ in
      try b.multiply(b.constant(HostTensor([1.0, 2], [2, 1])), b.constant(HostTensor([1.0, 2, 3], [3])))
    }
    let rules = RuleSet.folding
    #expect(try Pass("fold", "", rules).run(graph).graph.count("multiply") == 0)
    let small = Pipeline.Options(foldingBudget: 8)
    #expect(try Pass("fold", "", rules).run(graph, options: small).graph.count("multiply") == 1)
  }

  @Test func updatesAndInputsStay() throws {
    let builder = GraphBuilder(name: "step", symbols: [Graph.Symbol("N", defaultSize: 4)])
    let x = try builder.input("x", "f64[N]")
    let w = try builder.input(Input(name: "w", type: "f64[]", role: .parameter, initializer: Initializer(.zeros)))
    try builder.output("unchanged", x)
    try builder.update("w", builder.add(w, builder.multiply(builder.sum(x, axes: [0]), builder.constant(1, .f64))))
    let (result, _) = try Pipeline.standard.run(builder.graph)
    #expect(result.inputs == builder.graph.inputs && result.symbols == builder.graph.symbols)
    #expect(result.updates.count == 1 && result.nodes.count == 2)
    try result.verify()
  }

  /// The pipeline leaves nothing for a second run, and keeps values, over every operation with its gradient. Operands are in
  /// f64: samples whose sub-graphs are not are left out.
  @Test func everyOperationKeepsItsValueAndSettles() throws {
    for operation in OperationRegistry.standard.operations {
      for (index, sample) in operation.samples.enumerated() where sample.graphs.allSatisfy(\.isInDouble) {
        let label = "\(operation.name) sample \(index)"
        var random = Random(index + 3)
        let builder = GraphBuilder(name: "sample")
        var point: [String: HostTensor] = [:]
        var inputs: [ValueID] = []
        for (k, input) in sample.inputs.enumerated() {
          let value = try random.value(input)
          point["x\(k)"] = value
          inputs.append(try builder.input("x\(k)", value.type))
        }
        let results = try builder.append(sample.operation, inputs, graphs: sample.graphs)
        for (k, result) in results.enumerated() { try builder.output("y\(k)", result) }
        if case .secondOrder = sample.gradient {
          let floats = inputs.filter { builder.type($0).dtype.isFloat }
          let ones = try results.map { try builder.fill(1, like: $0) }
          for (k, value) in try builder.vjp(results, cotangents: ones, withRespectTo: floats).enumerated() {
            try builder.output("g\(k)", value)
          }
        }
        try Self.compare(builder.graph, point, label)
      }
    }
  }

  private static func compare(_ graph: Graph, _ point: [String: HostTensor], _ label: String) throws {
    let (result, _) = try Pipeline.standard.run(graph, options: .init(verification: .eachPass { try $0.verify() }))
    let (again, record) = try Pipeline.standard.run(result)
    #expect(again == result, "\(label)")
    #expect(record.passes.allSatisfy { $0.firings.isEmpty }, "\(label)")
    let (old, new) = (try graph.evaluate(point).outputs, try result.evaluate(point).outputs)
    for (name, value) in old {
      let other = try #require(new[name])
      #expect(other.type == value.type)
      for (a, b) in zip(value.doubles, other.doubles) {
        #expect(abs(a - b) <= 1e-12 * max(1, abs(a)) || (a.isNaN && b.isNaN) || a == b, "\(label) \(name)")
      }
    }
  }
}

extension Graph {
  fileprivate var isInDouble: Bool { inputs.allSatisfy { !$0.type.dtype.isFloat || $0.type.dtype == .f64 } }
}
