import Jacquard
import Synchronization
import Testing

@Suite struct SessionTests {
  private func double() throws -> Graph {
    try Graph("double", symbols: ["N": 4]) { g in
      let x = g.input("x", Float.self, ["N", 2])
      g.output("y", x * 2 + g.parameter("b", Float.self, [2], Initializer(.ones)))
    }
  }

  private func counter() throws -> Graph {
    try Graph("counter") { g in
      let count = g.state("count", Float.self, [])
      g.update(count, to: count + g.input("by", Float.self, []))
      g.output("before", count)
    }
  }

  private func rows(_ count: Int) throws -> HostTensor {
    try HostTensor((0..<2 * count).map { Float($0) }, [count, 2])
  }

  @Test func stepsFollowSizes() throws {
    let messages = Mutex<[String]>([])
    var options = Session.Options()
    options.planLimit = 2
    options.onCompile = { text in messages.withLock { $0.append(text) } }
    let session = try Session(try double(), ParameterStore(), options: options)
    for count in [3, 5, 3, 5, 7, 3] {
      let y = try session.step(["x": try rows(count)])["y"]
      #expect(y?.elements(Float.self) == (0..<2 * count).map { Float($0) * 2 + 1 })
    }
    let expected = [
      "compiling the first plan for N = 3", "compiling a plan: N changed from 3 to 5; 1 kept",
      "compiling a plan: N changed from 5 to 7; 2 kept", "compiling a plan: N changed from 7 to 3; 2 kept",
    ]
    #expect(messages.withLock { $0 } == expected)
  }

  @Test func stateIsKeptInTheStore() throws {
    let store = ParameterStore()
    let session = try Session(try counter(), store)
    let other = try Session(try counter(), store)
    for (step, each) in [session, other, session].enumerated() {
      #expect(try each.step(["by": HostTensor(Float(2))])["before"]?[linear: 0].asDouble == Double(2 * step))
    }
    #expect(store["count"]?[linear: 0].asDouble == 6)
  }

  @Test func wrongInputsAreNamed() throws {
    let session = try Session(try double(), ParameterStore())
    let cases: [([String: HostTensor], String)] = [
      ([:], "input 'x' of graph 'double' is missing; its type is f32[N,2]"),
      (["x": try rows(1), "z": try rows(1)], "graph 'double' has no data input 'z'; it has 'x'"),
      (["x": try HostTensor(zeros: .f32, [3, 5])], "input 'x' has type f32[3,5]; the graph wants f32[3,2]"),
      (["x": try HostTensor(zeros: .f64, [3, 2])], "input 'x' has type f64[3,2]; the graph wants f32[N,2]"),
    ]
    for (inputs, expected) in cases {
      do {
        _ = try session.step(inputs)
        Issue.record("no error: \(expected)")
      } catch {
        #expect("\(error)".hasPrefix(expected), "\(error)")
      }
    }
    #expect(try session.step(["x": try rows(1)]).count == 1, "a refused step does no harm")
  }

  @Test func aBadIndexChangesNothing() throws {
    let graph = try Graph("table", mode: .training) { g in
      let table = Embedding(4, 2)
      let rows = table(g.input("i", Int32.self, ["N"]))
      g.minimize((rows * rows).sum(), with: Adam(learningRate: 0.1))
    }
    for options in [Session.Options(executor: .vm), Session.Options(executor: .reference)] {
      let store = ParameterStore()
      let session = try Session(graph, store, options: options)
      func contents() -> [HostTensor?] { store.names.map { store[$0] } }
      _ = try session.step(["i": HostTensor([1, 2] as [Int32], [2])])
      let before = contents()
      #expect(throws: Diagnostic.self) { try session.step(["i": HostTensor([1, 9] as [Int32], [2])]) }
      #expect(contents() == before, "\(options.executor)")
      _ = try session.step(["i": HostTensor([1] as [Int32], [1])])
      #expect(contents() != before, "the session goes on")
    }
  }

  /// The row is looked up by a count that is updated in the same step: the check cannot come before the update.
  private func late() throws -> Graph {
    try Graph("late") { g in
      let count = g.state("count", Int32.self, [])
      let next = count + g.input("by", Int32.self, [])
      g.update(count, to: next)
      g.output("row", g.parameter("table", Float.self, [4], Initializer(.ones)).gathered(next, axis: 0))
    }
  }

  @Test func aHalfDoneStepIsNotBuiltUpon() throws {
    let folder = try TemporaryFolder()
    let store = ParameterStore()
    let session = try Session(try late(), store, options: .init(executor: .vm))
    let other = try Session(try late(), store)
    func step(_ session: Session, _ by: Int32) throws -> Double? {
      try session.step(["by": HostTensor(by)])["row"]?[linear: 0].asDouble
    }
    #expect(try step(session, 1) == 1)
    try store.save(to: folder("good.safetensors"))
    #expect(throws: Diagnostic.self) { try step(session, 9) }
    for refused in [{ _ = try step(session, 1) }, { _ = try step(other, 1) }, { try store.save(to: folder("bad")) }] {
      let error = #expect(throws: Diagnostic.self) { try refused() }
      #expect(error?.kind == .runtime)
      #expect(error?.description.contains("is out of range 0..<4") == true, "the first error is kept: \(error as Any)")
    }
    #expect(throws: Diagnostic.self, "not before the store is loaded") { try session.reset() }
    try store.load(from: folder("good.safetensors"))
    try session.reset()
    #expect(try step(session, 1) == 1 && step(other, 1) == 1)
    #expect(store["count"]?[linear: 0].asInt == 3)
  }

  @Test func fromTrainingToUseInThreeLines() async throws {
    let folder = try TemporaryFolder()
    let store = ParameterStore(seed: 1)
    try store.initialize(try double())
    try store.save(to: folder("w.safetensors"))
    let predictor = try Predictor(try double(), weights: folder("w.safetensors"))
    let expected: [Float] = [1, 3, 5, 7]
    let awaited = try await predictor.predict(try rows(2))
    #expect(awaited.elements(Float.self) == expected)
    let plain = try { try predictor.predict(try rows(2)) }()
    #expect(plain == awaited)
    #expect(throws: Diagnostic.self) { try Predictor(try counter(), weights: folder("none.safetensors")) }
  }

  @Test func manyTasksPredictAtOnce() async throws {
    let predictor = try Predictor(try double(), ParameterStore())
    let sums = try await withThrowingTaskGroup(of: Float.self) { group in
      for task in 0..<32 {
        group.addTask {
          let x = try HostTensor([Float(task), 0], [1, 2])
          var sum: Float = 0
          for _ in 0..<20 { sum += try await predictor.predict(x).elements(Float.self)[0] }
          return sum - 20 * (2 * Float(task) + 1)
        }
      }
      return try await group.reduce(into: [Float]()) { $0.append($1) }
    }
    #expect(sums == [Float](repeating: 0, count: 32))
  }
}
