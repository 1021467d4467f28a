import Foundation
import Jacquard
import Testing

@Suite struct TrainingTests {
  /// Points in a plane with the class of the quadrant's sign.
  static func points(_ count: Int) throws -> DataSet {
    let key = Philox(3, 4)
    let x = try Draw.tensor(.f32, [count, 2]) { 2 * key.uniform($0) - 1 }
    let labels = (0..<count).map { x[linear: 2 * $0].asDouble * x[linear: 2 * $0 + 1].asDouble > 0 ? Int32(1) : 0 }
    return try DataSet("points", [DataSet.Column("x", x), DataSet.Column("label", try HostTensor(labels, [count]))])
  }

  static func training(_ rate: LearningRate = 0.01) throws -> Graph {
    try Graph("points.train", mode: .training, symbols: ["N": 16]) { g in
      let x = g.input("x", Float.self, ["N", 2])
      let y = g.input("y", Int32.self, ["N"], feed: FeedHint(column: "label"))
      let model = g.module(ModelZoo.MLP([2, 16, 2]))
      let loss = crossEntropy(logits: model(dropout(x, rate: 0.02)), labels: y)
      g.minimize(loss, with: Adam(learningRate: rate))
      g.output("loss", loss)
    }
  }

  static func forward() throws -> Graph {
    try Graph("points") { g in
      g.output("logits", g.module(ModelZoo.MLP([2, 16, 2]))(g.input("x", Float.self, ["N", 2])))
    }
  }

  private func options(_ epochs: Int) -> TrainingOptions {
    TrainingOptions(epochs: epochs, batchSize: 16, seed: 2, progress: .silent)
  }

  @Test func trainingLearnsAndEvaluationCountsEverything() throws {
    let data = try TrainingTests.points(200)
    let store = ParameterStore(seed: 2)
    let trainer = try Trainer(try TrainingTests.training(), store, on: data, options: options(40))
    try trainer.evaluate(try TrainingTests.forward(), on: data, batchSize: 64)
    let history = try trainer.fit()
    #expect(history.count == 40)
    #expect(history.allSatisfy { $0.examples == 200 && $0.steps == 13 })
    #expect((history.last?.evaluation["accuracy"] ?? 0) > 0.9, "\(history.last?.evaluation ?? [:])")
    #expect((history.last?.loss ?? 9) < 0.5 * (history.first?.loss ?? 0))
    let idle = try Trainer(try TrainingTests.training(0), ParameterStore(seed: 2), on: data, options: options(3))
    let flat = try idle.fit().map(\.loss)
    #expect(abs(flat[0] - flat[2]) < 0.05, "without a learning rate nothing is learned: \(flat)")
  }

  @Test func evaluationCountsTenThousandExactly() throws {
    let count = 10_000
    let columns = [
      DataSet.Column("x", try HostTensor((0..<count).map { Float($0 % 3) }, [count, 1])),
      DataSet.Column("label", try HostTensor((0..<count).map { Int64($0 % 3 == 0 ? 1 : 0) }, [count])),
    ]
    let graph = try Graph("zero is one") { g in
      let x = g.input("x", Float.self, ["N", 1])
      g.output("logits", concat(x - 0.5, 0.5 - x, axis: 1))
    }
    for size in [128, 256, 10_000] {
      let evaluator = try Evaluator(
        graph, ParameterStore(), on: try DataSet("count", columns), batchSize: size)
      let result = try evaluator.run()
      #expect(result.examples == count)
      #expect(result.accuracy == 1)
    }
  }

  @Test func anInterruptedTrainingGoesOnBitForBit() throws {
    let folder = try TemporaryFolder()
    let data = try TrainingTests.points(100)
    let whole = ParameterStore(seed: 2)
    let first = try Trainer(try TrainingTests.training(), whole, on: data, options: options(3))
    let expected = try first.fit()

    var writing = options(2)
    writing.checkpoint = folder("c.safetensors")
    writing.checkpointEvery = 4
    writing.earlyStopping = nil
    let broken = try Trainer(try TrainingTests.training(), ParameterStore(seed: 2), on: data, options: writing)
    _ = try broken.fit()
    let store = ParameterStore(seed: 77)
    let resumed = try Trainer(try TrainingTests.training(), store, on: data, options: options(3))
    try resumed.resume(from: folder("c.safetensors"))
    let found = try resumed.fit()
    #expect(found.map(\.loss) == expected.map(\.loss))
    for name in whole.names { #expect(store[name] == whole[name], "\(name)") }
  }

  @Test func aCheckpointWithinAnEpochIsResumed() throws {
    let folder = try TemporaryFolder()
    let data = try TrainingTests.points(100)
    let whole = ParameterStore(seed: 2)
    let trainer = try Trainer(try TrainingTests.training(), whole, on: data, options: options(2))
    let expected = try trainer.fit()
    var writing = options(2)
    writing.checkpoint = folder("c.safetensors")
    writing.checkpointEvery = 5
    writing.stepLimit = 11
    let broken = try Trainer(try TrainingTests.training(), ParameterStore(seed: 2), on: data, options: writing)
    #expect(try broken.fit().count == 1, "seven steps are an epoch: the second is interrupted")
    let store = ParameterStore(seed: 1)
    let resumed = try Trainer(try TrainingTests.training(), store, on: data, options: options(2))
    try resumed.resume(from: folder("c.safetensors"))
    #expect(try resumed.fit().map(\.loss) == expected.map(\.loss))
    for name in whole.names { #expect(store[name] == whole[name], "\(name)") }
  }

  /// Between two steps, after a checkpoint; from which training goes on bit for bit.
  @Test func trainingEndsWhenItIsAsked() throws {
    let folder = try TemporaryFolder()
    let data = try TrainingTests.points(100)
    let whole = ParameterStore(seed: 2)
    let expected = try Trainer(try TrainingTests.training(), whole, on: data, options: options(2)).fit()
    var asked = options(2)
    asked.checkpoint = folder("c.safetensors")
    let (interruption, store) = (Interruption(of: SIGUSR1), ParameterStore(seed: 2))
    defer { interruption.end() }
    asked.interrupted = { interruption.isRequested }
    let before = interruption.isRequested
    // The thread of a test may block signals; another one of the process gets it.
    kill(getpid(), SIGUSR1)
    for _ in 0..<5000 where !interruption.isRequested { usleep(1000) }
    let trainer = try Trainer(try TrainingTests.training(), store, on: data, options: asked)
    #expect(throws: CancellationError.self) { try trainer.fit() }
    #expect(!before && interruption.isRequested && !Interruption(of: SIGUSR1).isRequested)
    let resumed = try Trainer(try TrainingTests.training(), store, on: data, options: options(2))
    try resumed.resume(from: folder("c.safetensors"))
    #expect(try resumed.fit().map(\.loss) == expected.map(\.loss))
    for name in whole.names { #expect(store[name] == whole[name], "\(name)") }
  }

  @Test func whatDoesNotFitIsSaidBeforeTraining() throws {
    let data = try TrainingTests.points(20)
    let graph = try TrainingTests.training()
    let forward = try TrainingTests.forward()
    let list = "x f32[2], label i32[]"
    let cases: [(String, () throws -> Void)] = [
      ("graph 'points' has no updates", { _ = try Trainer(forward, ParameterStore(), on: data) }),
      (
        "has no output 'cost'; it has loss",
        {
          _ = try Trainer(graph, ParameterStore(), on: data, options: TrainingOptions(loss: "cost"))
        }
      ),
      (
        "input 'y' (i32[N]): has no column 'kind'; its columns are \(list)",
        {
          _ = try Trainer(graph, ParameterStore(), on: data, options: TrainingOptions(map: ["y": "kind"]))
        }
      ),
      (
        "input 'y' (i32[N]): an example is [], but column 'x' has f32[2]; all: \(list)",
        {
          _ = try Trainer(graph, ParameterStore(), on: data, options: TrainingOptions(map: ["y": "x"]))
        }
      ),
      (
        "graph 'points.train' has no data input 'z'; it has x, y",
        {
          _ = try Trainer(graph, ParameterStore(), on: data, options: TrainingOptions(map: ["z": "x"]))
        }
      ),
    ]
    for (expected, body) in cases {
      do {
        try body()
        Issue.record("no error: \(expected)")
      } catch {
        #expect("\(error)".contains(expected), "\(error)")
      }
    }
  }

  @Test func trainingStopsEarly() throws {
    var early = options(50)
    early.earlyStopping = EarlyStopping(metric: "train loss", patience: 2, minimumChange: 10)
    let trainer = try Trainer(
      try TrainingTests.training(), ParameterStore(), on: try TrainingTests.points(40), options: early)
    #expect(try trainer.fit().count == 3)
  }
}
