import JacquardCore
import JacquardIR
import Testing

@Suite struct RandomGraphTests {
  /// Seeds in groups, so that they run side by side.
  static let groups = 0..<8
  static let seedsPerGroup = 40

  @Test(arguments: groups) func executorsAgree(_ group: Int) throws {
    for seed in (group * RandomGraphTests.seedsPerGroup)..<((group + 1) * RandomGraphTests.seedsPerGroup) {
      let random = try RandomGraph(seed: seed, size: 4 + seed % 37)
      let trial = Trial(graph: random.graph, inputs: random.inputs)
      guard let failure = trial.failure() else { continue }
      var shrinker = Shrinker(trial, failure)
      shrinker.shrink()
      let text = (try? shrinker.trial.graph.text().text) ?? ""
      Issue.record("seed \(seed): \(shrinker.failure)\n\(text)")
    }
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
