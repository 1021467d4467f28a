import Benchmark
import Jacquard
import JacquardPlanner
import JacquardTransforms

/// What becomes of a graph before it runs: each pass alone, then the whole compilation.
enum Passes {
  /// A training step, and its forward pass and loss.
  struct Subject: Sendable {
    let name: String
    let training: Graph
    let forward: Graph

    init(_ name: String, _ loss: (GraphContext) -> Tensor<Float>) throws {
      self.name = name
      training = try ModelZoo.graph("\(name).train")
      forward = try Graph(name, mode: .training) { g in
        g.symbol("N", default: 16)
        g.output("loss", loss(g))
      }
    }
  }

  static func subjects() throws -> [Subject] {
    [
      try Subject("resnet") { g in
        let logits = g.module(ModelZoo.ResNet())(g.input("x", Float.self, ["N", 3, 32, 32]))
        return crossEntropy(logits: logits, labels: g.input("y", Int32.self, ["N"]))
      },
      try Subject("transformer") { g in
        let place = g.iota(Int32.self, [128])
        let x = g.input("x", Int32.self, ["N", 128])
        let logits = g.module(ModelZoo.Transformer())(x, place: place, as: Float.self)
        let y = g.input("y", Int32.self, ["N", 128])
        return crossEntropy(logits: logits.reshaped([-1, 96]), labels: y.reshaped([-1]))
      },
    ]
  }

  static func register() {
    do {
      for subject in try subjects() { try register(subject) }
    } catch {
      fatalError("the graphs cannot be built: \(error)")
    }
  }

  private static func register(_ subject: Subject) throws {
    let (name, graph, forward) = (subject.name, subject.training, subject.forward)
    let parameters = forward.inputs.filter { $0.role == .parameter }.map(\.name)
    let bound = try graph.binding(["N": 16])
    let optimised = try Pipeline.standard.run(bound).graph
    Benchmark("\(name): infer") { _ in blackHole(try graph.binding(["N": 16])) }
    Benchmark("\(name): differentiate") { _ in
      blackHole(try forward.addingGradients(of: "loss", withRespectTo: parameters))
    }
    Benchmark("\(name): rewrite") { _ in blackHole(try Pipeline.standard.run(bound)) }
    Benchmark("\(name): lower") { _ in blackHole(try optimised.lowered()) }
    // These two need the program between them, which only the compiler has: it says how long each took.
    let steps = ["fuse", "schedule", "memory"]
    let metrics = steps.map { BenchmarkMetric.custom("\($0) (us)") }
    Benchmark("\(name): compile", configuration: .init(metrics: [.wallClock] + metrics)) { benchmark in
      let compilation = try Compiler.compile(graph, bindings: ["N": 16])
      for (step, metric) in zip(steps, metrics) {
        let time = compilation.times.first { $0.step == step }?.milliseconds ?? 0
        benchmark.measurement(metric, Int(time * 1000))
      }
    }
  }
}
