import Foundation
import JacquardCore
import JacquardIR
import JacquardOps
import JacquardPlanner
import JacquardTransforms
import Testing

/// What a plan is without one part of the compiler: right, and not what it is with it.
@Suite struct CompilerPartTests {
  /// Graphs of `graphs/` at small sizes. - unlike: parts whose plan must differ from the whole compiler's.
  struct Case: Sendable, CustomStringConvertible {
    let name: String
    let bindings: [String: Int]
    let unlike: Set<String>
    var description: String { name }
  }

  static let cases = [
    Case(
      name: "mlp.sgd.train", bindings: ["N": 9],
      unlike: [
        "canonicalise", "fusion", "cheapMaps", "joins", "groups", "inPlaceJoins", "inPlaceUpdates", "arenaSharing",
      ]),
    Case(
      name: "vae.train", bindings: ["N": 5],
      unlike: ["canonicalise", "fusion", "cheapMaps", "joins", "groups", "schedule", "inPlaceUpdates", "arenaSharing"]),
    Case(
      name: "resnet.train", bindings: ["N": 2],
      unlike: [
        "canonicalise", "specialise", "fusion", "joins", "groups", "inPlaceJoins",
        "inPlaceUpdates", "arenaSharing", "fewBarriers", "padding",
      ]),
    Case(
      name: "transformer.train", bindings: ["N": 1],
      unlike: [
        "canonicalise", "multiplyAdd", "fusion", "joins", "specialise", "groups", "inPlaceJoins", "inPlaceUpdates",
      ]),
    Case(name: "gnn.train", bindings: ["N": 40, "E": 130], unlike: ["fusion", "joins", "inPlaceUpdates"]),
    Case(name: "word2vec.train", bindings: ["N": 6], unlike: ["specialise", "fusion", "inPlaceUpdates"]),
  ]

  private static let folder = URL(fileURLWithPath: #filePath).deletingLastPathComponent()
    .deletingLastPathComponent().deletingLastPathComponent().appendingPathComponent("graphs")

  /// A graph of `graphs/`.
  static func graph(_ name: String) throws -> Graph {
    let bytes = [UInt8](try Data(contentsOf: Self.folder.appendingPathComponent("\(name).json")))
    return try Graph(json: bytes, file: "\(name).json", registry: .standard)
  }

  /// Parts that may change the arithmetic; the others must not.
  private let rewrites = Set(Pipeline.standard.passes.map(\.name))

  @Test("Results without a part are those of the whole compiler", arguments: cases)
  func resultsStay(_ tried: Case) throws {
    let graph = try Self.graph(tried.name).binding(tried.bindings)
    let whole = try Compiler.compile(graph).plan
    let inputs = try Self.inputs(of: graph, nodes: tried.bindings["N"] ?? 1)
    let expected = try Harness.vm(whole, inputs, threads: 2)
    var unlike: Set<String> = []
    for part in CompilerPart.all {
      let plan = try Compiler.compile(graph, options: part.leftOut()).plan
      if plan == whole { continue }
      unlike.insert(part.name)
      try plan.verify()
      let results = try Harness.vm(plan, inputs, threads: 2, poison: 0xA5)
      let difference = rewrites.contains(part.name) ? far(results, expected) : firstDifference(results, expected)
      if let difference { Issue.record("without \(part.name): \(difference)") }
    }
    #expect(unlike.isSuperset(of: tried.unlike), "no trace of \(tried.unlike.subtracting(unlike).sorted())")
  }

  /// Values at which no update is a quotient of two small numbers: the second moments of Adam are not near 0.
  static func inputs(of graph: Graph, nodes: Int) throws -> [String: HostTensor] {
    var random = Random(7)
    var result: [String: HostTensor] = [:]
    for input in graph.inputs {
      let isWhole = !input.type.dtype.isFloat
      switch input.role {
      case .data:
        let high = min(input.sample?.high ?? 1, input.name == "edges" ? Double(nodes) : .infinity)
        result[input.name] = try random.tensor(input.type, 0, isWhole ? high - 1 : high)
      case .parameter: result[input.name] = try random.tensor(input.type, -0.1, 0.1)
      case .state: result[input.name] = try random.tensor(input.type, isWhole ? 1 : 0.5, isWhole ? 9 : 1)
      }
    }
    return result
  }

  /// The first result that is further from the expected one than rounding explains: 2e-4 of the largest element of the result.
  private func far(_ results: Results, _ expected: Results) -> String? {
    for name in expected.keys.sorted() {
      guard let result = results[name], let wanted = expected[name] else { return "'\(name)' is missing" }
      let largest = (0..<wanted.count).reduce(0.0) { max($0, abs(wanted[linear: $1].asDouble)) }
      let tolerance = Tolerance(relative: 0, absolute: 2e-4 * largest)
      if let text = tolerance.difference(result, wanted) { return "'\(name)': \(text)" }
    }
    return nil
  }

  @Test func whatThePartsSave() throws {
    let graph = try Self.graph("mlp.train")
    func plan(_ names: String...) throws -> Plan {
      let options = try names.reduce(CompileOptions()) { try #require(CompilerPart(named: $1)).leftOut(of: $0) }
      return try Compiler.compile(graph, options: options).plan
    }
    let whole = try plan()
    #expect(try plan("fusion").program.kernels.count > whole.program.kernels.count)
    #expect(try plan("inPlaceJoins").memory.joins.isEmpty && !whole.memory.joins.isEmpty)
    let copying = try plan("inPlaceUpdates").memory
    #expect(copying.inPlaceUpdates.isEmpty && copying.copies.count == whole.memory.inPlaceUpdates.count)
    let apart = try plan("arenaSharing", "inPlaceJoins")
    #expect(apart.arenaBytes == apart.memory.naive && apart.arenaBytes > whole.arenaBytes)
    #expect(try plan("fewBarriers").barriers.count { $0 } == whole.program.kernels.count - 1)
    // A rule goes by its own name.
    #expect(try plan("fma") == plan("multiplyAdd") && plan("fma") != whole)
    #expect(CompilerPart(named: "expand") == nil && CompilerPart(named: "nothing") == nil)
    #expect(Set(CompilerPart.all.map(\.name)).count == CompilerPart.all.count)
  }
}
