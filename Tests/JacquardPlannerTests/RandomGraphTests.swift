import Foundation
import JacquardCore
import JacquardIR
import Testing

@Suite struct RandomGraphTests {
  /// Seeds in groups, which run side by side; the emitted C of a group is one unit.
  static let graphsPerGroup = 50
  /// `JACQUARD_RANDOM_GRAPHS` asks for more, or fewer.
  static let groups: Range<Int> = {
    let wish = ProcessInfo.processInfo.environment["JACQUARD_RANDOM_GRAPHS"].flatMap { Int($0) }
    return 0..<max(1, (wish ?? 2000) / graphsPerGroup)
  }()

  private static func random(_ seed: Int) throws -> RandomGraph {
    try RandomGraph(seed: seed, size: seed % 5 == 0 ? 4 + seed % 37 : 2 + seed % 13)
  }

  private static func trial(_ seed: Int) throws -> Trial {
    let random = try random(seed)
    return Trial(graph: random.graph, inputs: random.inputs)
  }

  @Test("Random graphs: reference, tile machine and emitted C agree", arguments: groups)
  func executorsAgree(_ group: Int) throws {
    var batch = NativeBatch()
    for seed in (group * Self.graphsPerGroup)..<((group + 1) * Self.graphsPerGroup) {
      let trial = try Self.trial(seed)
      let (failure, plan) = trial.outcome()
      if let failure { Self.record(seed, trial, failure) } else if let plan { batch.add("\(seed)", plan, trial.inputs) }
    }
    let outcome = try batch.outcome(steps: 2, threads: [1, 3])
    for (name, text) in outcome.differences {
      let seed = Int(name) ?? 0
      var trial = try Self.trial(seed)
      trial.isNative = true
      Self.record(seed, trial, "emitted C: \(text)")
    }
    #expect(2 * outcome.emitted > outcome.refused, "\(outcome.emitted) emitted, \(outcome.refused) not")
  }

  /// Makes a failing graph small, and shows it.
  private static func record(_ seed: Int, _ trial: Trial, _ failure: String) {
    var shrinker = Shrinker(trial, failure)
    shrinker.shrink()
    let text = (try? shrinker.trial.graph.text().text) ?? ""
    Issue.record("seed \(seed): \(shrinker.failure)\n\(text)")
  }

  /// A fault in emitted C is found, and shown in a graph of the operation that has it and little else.
  @Test func faultsAreFoundAndMadeSmall() throws {
    var target = NativeTarget.standard
    target.fault = ["jqv_tanh(", "jqv_sin("]
    var batch = NativeBatch()
    for seed in 0..<100 {
      let trial = try Self.trial(seed)
      if let plan = trial.outcome().plan { batch.add("\(seed)", plan, trial.inputs) }
    }
    let found = try batch.outcome(steps: 2, target: target).differences
    let seed = try #require(found.first.flatMap { Int($0.name) })
    var trial = try Self.trial(seed)
    (trial.isNative, trial.target) = (true, target)
    var shrinker = Shrinker(trial, try #require(trial.failure()))
    shrinker.shrink()
    let operations = shrinker.trial.graph.nodes.map { Swift.type(of: $0.operation).name }
    #expect(operations.contains { ["tanh", "gelu"].contains($0) } && operations.count <= 3, "\(operations)")
  }

  /// What makes replacing parameters and state in place dangerous.
  @Test func everyKindOfUpdateIsDrawn() throws {
    var counts: [String: Int] = [:]
    for seed in 0..<300 {
      for trait in try Self.random(seed).graph.updateTraits { counts[trait, default: 0] += 1 }
    }
    for trait in Graph.allUpdateTraits { #expect(counts[trait, default: 0] >= 10, "\(trait): \(counts[trait] ?? 0)") }
  }

  /// Graphs that random ones have found wrong once.
  private static var found: [(String, [String: TensorType], (GraphBuilder, [String: ValueID]) throws -> ValueID)] {
    [
      (
        "outer product of a row function with another vector", ["a": "f32[19,1]", "x": "f32[19]"],
        { b, v in try b.multiply(at(v, "a"), b.softmax(at(v, "x"), axis: 0)) }
      ),
      (
        "outer product of two results of one nest", ["x": "f32[17,6]"],
        { b, v in
          let rows = try b.sum(at(v, "x"), axes: [1], keepDims: true)
          return try b.multiply(rows, b.reshape(b.tanh(rows), [17]))
        }
      ),
      (
        "padding between the elements of a broadcast", ["x": "f32[1,1]"],
        { b, v in
          let wide = try b.broadcast(at(v, "x"), to: [11, 1])
          return try b.pad(wide, low: [1, 4], high: [21, 28], interior: [0, 2])
        }
      ),
      (
        "padding around draws", ["key": "i32[2]"],
        { b, v in try b.pad(b.uniform(key: at(v, "key"), shape: [5, 3], dtype: .f32), low: [1, 2], high: [0, 1]) }
      ),
      (
        "interior of a padded value", ["x": "f32[4,5]"],
        { b, v in
          let padded = try b.pad(at(v, "x"), low: [2, 2], high: [2, 2])
          return try b.slice(padded, starts: [2, 2], limits: [6, 7])
        }
      ),
      (
        "a sum beside an element-wise result in the place of its operand", ["x": "f32[8,40]"],
        { b, v in
          let x = try b.sin(b.reverse(at(v, "x"), axes: [1]))
          let y = try b.add(x, x)
          let total = try b.multiply(b.sum(y, axes: [1]), b.reduceMax(x, axes: [1]))
          return try b.add(y, b.expandDims(total, axis: 1))
        }
      ),
      (
        "scatter to a reshaped base", ["x": "f32[]", "i": "i32[1]", "u": "f32[1]"],
        { b, v in try b.scatterAdd(b.reshape(at(v, "x"), [1]), at(v, "i"), at(v, "u"), axis: 0) }
      ),
    ]
  }

  private static func at(_ values: [String: ValueID], _ name: String) throws -> ValueID {
    try #require(values[name])
  }

  @Test func graphsOnceWrong() throws {
    for (name, types, build) in RandomGraphTests.found {
      var random = Random(4)
      var inputs: [String: HostTensor] = [:]
      let graph = try graph { b in
        var values: [String: ValueID] = [:]
        for (input, type) in types.sorted(by: { $0.key < $1.key }) {
          values[input] = try b.input(input, type)
          inputs[input] = try random.tensor(type, 0, 0.4)
        }
        try b.output("y", build(b, values))
      }
      let failure = Trial(graph: graph, inputs: inputs).failure()
      #expect(failure == nil, "\(name)")
    }
  }
}

extension Graph {
  fileprivate static let allUpdateTraits = [
    "exchange", "one value for two", "a value of the step", "an input", "from other places", "old as output",
    "new as output",
    "one value as two outputs",
  ]

  /// What the updates and outputs have in common.
  fileprivate var updateTraits: Set<String> {
    var traits: Set<String> = []
    let own = Dictionary(uniqueKeysWithValues: updates.map { (inputValues[$0.input], $0) })
    for update in updates {
      let old = inputValues[update.input]
      if let other = own[update.value], update.value != old, other.value == old { traits.insert("exchange") }
      if updates.count(where: { $0.value == update.value }) > 1 { traits.insert("one value for two") }
      traits.insert(inputValues.contains(update.value) ? "an input" : "a value of the step")
      let node = nodes.first { $0.results.contains(update.value) }
      if let node, Swift.type(of: node.operation).name == "reverse", node.inputs == [old] {
        traits.insert("from other places")
      }
      if outputs.contains(where: { $0.value == old }) { traits.insert("old as output") }
      if outputs.contains(where: { $0.value == update.value }) { traits.insert("new as output") }
    }
    if Set(outputs.map(\.value)).count < outputs.count { traits.insert("one value as two outputs") }
    return traits
  }
}
