import JacquardCore
import JacquardFiles
import JacquardIR
import JacquardTransforms

/// Stage `optimized` of the form that docs/inspect.md describes.
extension Inspection {
  func optimizedFields() throws -> [(name: String, value: JSONValue)] {
    guard let compilation else { return [] }
    let times = compilation.times.map { time in
      JSONValue(fields: [("step", JSONValue(time.step)), ("ms", milliseconds(time.milliseconds))])
    }
    let documents = try stagedGraphs.map { (name: $0.name, value: try $0.graph.jsonValue()) }
    // The first is stage `graph`, the last stands beside the passes.
    let inner = documents.dropFirst().dropLast()
    var fields: [(name: String, value: JSONValue)] = []
    if let source = inner.first(where: { $0.name == Inspection.sourceName }) { fields.append(("source", source.value)) }
    let passes = compilation.record.passes.map { pass in
      self.pass(pass, document: inner.first { $0.name == pass.name }?.value)
    }
    return fields + [
      ("passes", JSONValue(passes)), ("times", JSONValue(times)),
      ("document", try documents.count > 1 ? documents[documents.count - 1].value : compilation.graph.jsonValue()),
    ]
  }

  static let sourceName = "source"

  /// The graphs of a compilation in order, each that differs from the one before: as the file has it, before the first pass if the
  /// nodes are numbered anew, after each pass that changed something.
  var stagedGraphs: [(name: String, graph: Graph)] {
    guard let graph else { return [] }
    var result = [(name: "graph", graph: graph)]
    guard let record = compilation?.record else { return result }
    // Only graphs with loops may share some of them.
    if record.source.nodes.contains(where: { !$0.graphs.isEmpty }) {
      result.append((name: Inspection.sourceName, graph: record.source))
    }
    return result + record.passes.filter(\.isChange).map { (name: $0.name, graph: $0.graph) }
  }

  private func pass(_ pass: PassRecord, document: JSONValue?) -> JSONValue {
    let rules = pass.counts.map { rule, count in
      let first = pass.firings.first { $0.rule == rule }
      return JSONValue(fields: [
        ("rule", JSONValue(rule)), ("explanation", JSONValue(first?.explanation ?? "")),
        ("site", JSONValue(first?.site.description ?? "")), ("count", JSONValue(count)),
      ])
    }
    let firings = pass.firings.map { firing in
      JSONValue(fields: [
        ("rule", JSONValue(firing.rule)), ("old", numbers(firing.old)), ("new", numbers(firing.new)),
      ])
    }
    var fields: [(name: String, value: JSONValue)] = [
      ("name", JSONValue(pass.name)), ("explanation", JSONValue(pass.explanation)),
      ("ms", milliseconds(pass.seconds * 1000)), ("nodes_before", JSONValue(pass.nodesBefore)),
      ("nodes_after", JSONValue(pass.nodesAfter)), ("skipped", JSONValue(pass.skipped)), ("rules", JSONValue(rules)),
      ("firings", JSONValue(firings)), ("successors", JSONValue(pass.successors.map(numbers))),
    ]
    if let document { fields.append(("document", document)) }
    return JSONValue(fields: fields)
  }

  func numbers(_ nodes: [NodeID]) -> JSONValue { JSONValue(nodes.map { JSONValue($0.index) }) }
  private func milliseconds(_ value: Double) -> JSONValue { JSONValue((value * 1e4).rounded() / 1e4) }
}
