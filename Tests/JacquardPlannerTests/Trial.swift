import JacquardCore
import JacquardIR
import JacquardPlanner

@testable import JacquardRuntime

/// Compiles a graph in several ways and says what is wrong first.
struct Trial {
  let graph: Graph
  let inputs: [String: HostTensor]
  /// Whether emitted C is compared with the tile machine, and nothing else.
  var isNative = false
  var target = NativeTarget.standard

  func failure() -> String? { outcome().failure }

  /// What is wrong, else the fused plan.
  func outcome() -> (failure: String?, plan: Plan?) {
    do {
      let plan = try Compiler.compile(graph, options: SectionTests.options()).plan
      return (isNative ? try checkNative(plan) : try check(plan), plan)
    } catch {
      return ("\(error)", nil)
    }
  }

  private func checkNative(_ plan: Plan) throws -> String? {
    var batch = NativeBatch()
    batch.add("native", plan, inputs)
    return try batch.outcome(steps: 2, threads: [1, 3], target: target).differences.first?.text
  }

  private func check(_ fused: Plan) throws -> String? {
    let expected = try Harness.reference(graph, inputs, steps: 2)
    try fused.verify()
    let actual = try Harness.vm(fused, inputs, threads: 1, steps: 2, poisonsFreed: true)
    for (name, tensor) in expected {
      guard let result = actual[name] else { return "'\(name)' is missing" }
      if let difference = tolerance(tensor).difference(result, tensor) { return "'\(name)': \(difference)" }
    }
    let threads = try Harness.vm(fused, inputs, threads: 3, steps: 2, poison: 0x7F)
    if let difference = firstDifference(actual, threads) { return "3 threads: \(difference)" }
    if let text = try checkLimited(fused, actual) { return text }
    let plain = try Compiler.compile(graph, options: Harness.options(fuse: false)).plan
    try plain.verify()
    let unfused = try Harness.vm(plain, inputs, threads: 1, steps: 2, poison: 0xFF)
    return firstDifference(actual, unfused).map { "without fusion: \($0)" }
  }

  /// A plan that is to fit a smaller arena either is refused or gives the same bytes.
  private func checkLimited(_ fused: Plan, _ expected: Results) throws -> String? {
    guard let limited = try MemoryLimits.plan(graph, within: MemoryLimits.limit(fused)), limited != fused else {
      return nil
    }
    try limited.verify()
    let actual = try Harness.vm(limited, inputs, threads: 2, steps: 2, poisonsFreed: true)
    return firstDifference(actual, expected).map { "within \(limited.memory.limited?.limit ?? 0) bytes: \($0)" }
  }

  /// Rounding errors grow through a graph, but stay far below those of a wrong element.
  private func tolerance(_ tensor: HostTensor) -> Tolerance {
    let eps = tensor.dtype == .f64 ? 1e-9 : 2e-3
    var large = 1.0
    for index in 0..<tensor.count where tensor[linear: index].asDouble.isFinite {
      large = max(large, abs(tensor[linear: index].asDouble))
    }
    return Tolerance(relative: eps, absolute: eps * large)
  }
}

/// Makes a failing trial small: drops results, puts inputs in the place of nodes.
struct Shrinker {
  private(set) var trial: Trial
  private(set) var failure: String
  private var names = 0

  init(_ trial: Trial, _ failure: String) {
    self.trial = trial
    self.failure = failure
  }

  mutating func shrink() {
    var progress = true
    while progress {
      progress = dropRoots()
      for index in trial.graph.nodes.indices.reversed() where index < trial.graph.nodes.count {
        if let smaller = try? cut(index), accept(smaller) { progress = true }
      }
    }
  }

  private mutating func accept(_ smaller: Trial) -> Bool {
    guard smaller.graph.nodes.count + smaller.graph.roots.count < trial.graph.nodes.count + trial.graph.roots.count,
      let failure = smaller.failure()
    else { return false }
    trial = smaller
    self.failure = failure
    return true
  }

  private mutating func dropRoots() -> Bool {
    var progress = false
    for position in (0..<trial.graph.roots.count).reversed() {
      let builder = GraphBuilder(extending: trial.graph)
      builder.clearRoots()
      do {
        for (k, output) in trial.graph.outputs.enumerated() where k != position {
          try builder.output(output.name, output.value)
        }
        for (k, update) in trial.graph.updates.enumerated() where k + trial.graph.outputs.count != position {
          try builder.update(trial.graph.inputs[update.input].name, update.value)
        }
        if accept(try compact(builder.graph, trial.inputs)) { progress = true }
      } catch { continue }
    }
    return progress
  }

  /// The graph with a node's results given as inputs.
  private mutating func cut(_ index: Int) throws -> Trial {
    let node = trial.graph.nodes[index]
    let probe = GraphBuilder(extending: trial.graph)
    probe.clearRoots()
    for (k, value) in node.results.enumerated() { try probe.output("r\(k)", value) }
    let values = try Harness.reference(probe.graph, trial.inputs)
    var inputs = trial.inputs
    names += 1
    let builder = GraphBuilder(name: trial.graph.name)
    let prefix = "cut\(names)_"
    let graph = try trial.graph.rebuilding(into: builder) { other, operands in
      if other.id != node.id { return try builder.append(other.operation, operands, graphs: other.graphs) }
      return try node.results.indices.map { k in
        inputs["\(prefix)\(k)"] = values["r\(k)"]
        return try builder.input("\(prefix)\(k)", trial.graph.type(node.results[k]))
      }
    }
    return try compact(graph, inputs)
  }

  /// Without nodes and inputs that nothing needs.
  private func compact(_ graph: Graph, _ inputs: [String: HostTensor]) throws -> Trial {
    let small = graph.compacted().graph
    var used = Set(small.nodes.flatMap(\.inputs)).union(small.roots)
    for update in small.updates { used.insert(small.inputValues[update.input]) }
    let builder = GraphBuilder(name: small.name)
    var map: [ValueID: ValueID] = [:]
    var kept: [String: HostTensor] = [:]
    for (input, value) in zip(small.inputs, small.inputValues) where used.contains(value) {
      map[value] = try builder.input(input)
      kept[input.name] = inputs[input.name]
    }
    for node in small.nodes {
      let results = try builder.append(node.operation, node.inputs.compactMap { map[$0] }, graphs: node.graphs)
      for (old, new) in zip(node.results, results) { map[old] = new }
    }
    for output in small.outputs { if let value = map[output.value] { try builder.output(output.name, value) } }
    for update in small.updates {
      if let value = map[update.value] { try builder.update(small.inputs[update.input].name, value) }
    }
    return Trial(graph: builder.graph, inputs: kept, isNative: trial.isNative, target: trial.target)
  }
}
