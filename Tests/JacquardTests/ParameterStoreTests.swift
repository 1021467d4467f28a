import Foundation
import Testing

@testable import Jacquard

@Suite struct ParameterStoreTests {
  private func graph() throws -> Graph {
    try Graph("model", mode: .training) { g in
      let x = g.input("x", Float.self, ["N", 12])
      let y = g.module(ModelZoo.MLP([12, 5, 3]))(x)
      g.minimize((y * y).mean(), with: Adam())
      g.output("noise", g.normal(Float.self, [4]))
    }
  }

  @Test func startsFollowTheFormulas() throws {
    let store = ParameterStore(seed: 11)
    try store.initialize(try graph())
    let weight = store["hidden/weight"]
    #expect(weight?.type == "f32[12,5]")
    let key = Philox(seed: 11).folded(1)
    let bound = (1.0 / 12).squareRoot()
    let expected = (0..<60).map { Float(-bound + 2 * bound * key.uniform($0)) }
    #expect(weight?.elements(Float.self) == expected)
    #expect(store["hidden/bias"]?.elements(Float.self).allSatisfy { abs(Double($0)) <= bound } == true)
    #expect(store["adam/m/hidden/weight"]?.elements(Float.self).allSatisfy { $0 == 0 } == true)
    #expect(store.parameterCount == 12 * 5 + 5 + 5 * 3 + 3)
    #expect(store.role(of: "adam/step") == .state)
  }

  @Test func differentSeedsDiffer() throws {
    let stores = [0, 0, 1].map { ParameterStore(seed: $0) }
    for store in stores { try store.initialize(try graph()) }
    #expect(stores[0]["hidden/weight"] == stores[1]["hidden/weight"])
    #expect(stores[0]["hidden/weight"] != stores[2]["hidden/weight"])
    #expect(stores[0]["rng/key"] != stores[2]["rng/key"])
  }

  @Test func everyKindOfStart() throws {
    let type = TensorType(.f64, [200, 300])
    let cases: [(Initializer, low: Double, high: Double, deviation: Double)] = [
      (Initializer(.zeros), 0, 0, 0), (Initializer(.ones), 1, 1, 0),
      (Initializer(.constant, value: 2.5), 2.5, 2.5, 0),
      (Initializer(.uniform, seed: 1, low: -2, high: 4), -2, 4, 6 / 12.0.squareRoot()),
      (
        Initializer(.kaimingUniform, seed: 2), -1 / 200.0.squareRoot(), 1 / 200.0.squareRoot(), (1 / 600.0).squareRoot()
      ),
      (
        Initializer(.xavierUniform, seed: 3), -(6.0 / 500).squareRoot(), (6.0 / 500).squareRoot(),
        (2.0 / 500).squareRoot()
      ),
      (Initializer(.normal, seed: 4, mean: 1, deviation: 3), -20, 22, 3),
      (Initializer(.kaimingNormal, seed: 5), -1, 1, (1 / 200.0).squareRoot()),
      (Initializer(.xavierNormal, seed: 6), -1, 1, (2.0 / 500).squareRoot()),
      // The deviation of N(0, 1) cut to -2 ... 2, times 3.
      (Initializer(.truncatedNormal, seed: 7, low: -6, high: 6, deviation: 3), -6, 6, 3 * 0.8796),
      (Initializer(.orthogonal, seed: 8, gain: 2), -2, 2, 2 / 300.0.squareRoot()),
    ]
    for (initializer, low, high, deviation) in cases {
      let values = try initializer.tensor(type, seed: 9).elements(Double.self)
      let mean = values.reduce(0, +) / Double(values.count)
      let variance = values.reduce(0) { $0 + ($1 - mean) * ($1 - mean) } / Double(values.count)
      #expect(values.allSatisfy { $0 >= low && $0 <= high }, "\(initializer.kind)")
      #expect(
        abs(variance.squareRoot() - deviation) <= 0.02 * deviation, "\(initializer.kind): \(variance.squareRoot())")
    }
  }

  /// The draws are those of f64, rounded once.
  @Test(arguments: [DType.f32, .f16, .bf16]) func startsOfEveryFloat(_ dtype: DType) throws {
    for kind in Initializer.Kind.allCases {
      let start = Initializer(kind, seed: 4)
      let wide = try start.tensor(TensorType(.f64, [9, 7]), seed: 2)
      var expected = try HostTensor(zeros: dtype, [9, 7])
      for index in 0..<wide.count { expected[linear: index] = wide[linear: index] }
      #expect(try start.tensor(TensorType(dtype, [9, 7]), seed: 2) == expected, "\(kind)")
    }
  }

  /// Points of N(0, 1) from tables, and there and back in the middle and in both tails.
  @Test func quantilesOfTheNormalDistribution() {
    for (p, z) in [(0.5, 0), (0.975, 1.959963984540054), (0.001, -3.090232306167813), (1e-10, -6.361340902404056)] {
      #expect(abs(TruncatedNormal.inverse(p) - z) <= 1e-12, "\(p)")
    }
    for z in stride(from: -6.0, through: 4, by: 0.25) {
      #expect(abs(TruncatedNormal.inverse(TruncatedNormal.below(z)) - z) <= 1e-9, "\(z)")
    }
  }

  @Test(arguments: [[5, 9], [9, 5], [4, 2, 3], [6]]) func orthogonalStarts(_ sizes: [Int]) throws {
    let start = Initializer(.orthogonal, seed: 3, gain: 1.5)
    let tensor = try start.tensor(TensorType(.f64, Shape(sizes)), seed: 1)
    let (rows, values) = (sizes[0], tensor.elements(Double.self))
    let columns = values.count / rows
    let vectors = (0..<min(rows, columns)).map { vector in
      (0..<max(rows, columns)).map { values[rows <= columns ? vector * columns + $0 : $0 * columns + vector] }
    }
    var worst = 0.0
    for (i, a) in vectors.enumerated() {
      for (j, b) in vectors.enumerated() {
        let product = zip(a, b).reduce(0) { $0 + $1.0 * $1.1 }
        worst = max(worst, abs(product - (i == j ? 2.25 : 0)))
      }
    }
    #expect(worst <= 1e-12, "\(sizes)")
  }

  @Test func filesKeepEverything() throws {
    let folder = try TemporaryFolder()
    let store = ParameterStore(seed: 5)
    try store.initialize(try graph())
    try store.save(to: folder("a.safetensors"))
    let loaded = try ParameterStore.load(folder("a.safetensors"))
    #expect(loaded.seed == 5)
    #expect(Set(loaded.names) == Set(store.names))
    for name in store.names {
      #expect(loaded[name] == store[name], "\(name)")
      #expect(loaded.role(of: name) == store.role(of: name), "\(name)")
    }
    try loaded.save(to: folder("b.safetensors"))
    let bytes = try ["a", "b"].map { try Data(contentsOf: URL(fileURLWithPath: folder("\($0).safetensors"))) }
    #expect(bytes[0] == bytes[1])
  }

  @Test func wrongTypesAreNamed() throws {
    let store = ParameterStore()
    try store.set("hidden/weight", try HostTensor(zeros: .f32, [2, 2]))
    #expect(throws: Diagnostic.self) { try store.initialize(try graph()) }
    do {
      _ = try Session(try graph(), store)
    } catch {
      #expect(
        "\(error)".contains("'hidden/weight' has type f32[2,2] in the store; the graph wants f32[12,5]"), "\(error)")
    }
  }
}
