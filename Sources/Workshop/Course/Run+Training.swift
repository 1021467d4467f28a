import Foundation
import Jacquard

/// Weights that were trained, or found as an earlier run left them.
struct Trained {
  let store: ParameterStore
  let history: [EpochResult]
  /// Whether no training was needed.
  let wasFound: Bool

  /// Seconds of the steps, as measured when they were made.
  var seconds: Double { history.reduce(0) { $0 + $1.seconds } }
}

extension Run {
  /// Trains a graph on data by `Trainer`, or finds the weights that the same training gave before; it goes on where one was
  /// interrupted.
  ///
  /// - Parameters:
  ///   - graph: A training step with an output `loss`.
  ///   - evaluating: A graph that shares the parameters, and data; its figures stand in the history.
  /// - Throws: `Diagnostic` if a step fails or the data does not fit.
  func fit(
    _ graph: Graph, on data: DataSet, epochs: Int, batch: Int = 128,
    evaluating: (graph: Graph, data: DataSet)? = nil
  ) throws -> Trained {
    try save(graph)
    if let evaluating { try save(evaluating.graph) }
    var parts = ["fit", "\(epochs)", "\(batch)", try Digest.of(data)]
    if let evaluating { parts += [try Digest.of(evaluating.graph), try Digest.of(evaluating.data)] }
    let files = try WeightFiles(self, try weightsKey(graph, recipe: parts.joined(separator: "\n"), seed: seed))
    return try trained(files) { store in
      try interruptible { interrupted in
        let options = TrainingOptions(
          epochs: epochs, batchSize: batch, seed: seed, progress: settings.progress, checkpoint: files.checkpoint,
          checkpointEvery: 1000, session: session, interrupted: interrupted)
        let trainer = try Trainer(graph, store, on: data, options: options)
        if let evaluating { try trainer.evaluate(evaluating.graph, on: evaluating.data) }
        if files.hasCheckpoint { try trainer.resume(from: files.checkpoint) }
        return try trainer.fit()
      }
    }
  }

  /// Trains by steps whose inputs a rule gives, where there is no data set for `fit` to go through; resumed and shared alike.
  ///
  /// - Parameters:
  ///   - graph: A training step with an output `loss`.
  ///   - title: Key of the progress bar's title.
  ///   - mean: Steps whose mean loss is one result of the history.
  ///   - recipe: All that decides the inputs (`Digest.of`).
  ///   - seed: Of the first parameters, instead of the run's.
  ///   - inputs: Those of a step; the same whenever it is asked.
  /// - Throws: `Diagnostic` if a step fails; `CancellationError` if training was interrupted.
  func fit(
    _ graph: Graph, _ title: String, steps: Int, mean: Int = 1, recipe: String, seed: Int? = nil,
    inputs: (Int) throws -> [String: HostTensor]
  ) throws -> Trained {
    try save(graph)
    let key = try weightsKey(graph, recipe: "\(steps) steps, mean of \(mean)\n\(recipe)", seed: seed ?? self.seed)
    let files = try WeightFiles(self, key)
    return try trained(files, seed: seed) { store in
      try interruptible { interrupted in
        var record = files.hasCheckpoint ? try StepRecord(resuming: store, from: files.checkpoint) : StepRecord()
        let session = try Session(graph, store, options: session)
        var bar = ProgressBar(settings.progress, title: text(title), total: steps)
        defer { bar.clear() }
        while record.losses.count < steps {
          if interrupted() {
            try record.save(store, to: files.checkpoint)
            throw CancellationError()
          }
          let step = record.losses.count
          let start = ContinuousClock.now
          record.losses.append(try session.step(inputs(step))["loss"]?[linear: 0].asDouble ?? .nan)
          record.seconds += ProgressBar.seconds(start.duration(to: .now))
          bar.step(step + 1)
          if (step + 1) % 100 == 0 { try record.save(store, to: files.checkpoint) }
        }
        return record.history(mean)
      }
    }
  }

  /// Names the content: graph, recipe and seed.
  private func weightsKey(_ graph: Graph, recipe: String, seed: Int) throws -> String {
    let text = [try Digest.of(graph), recipe, "seed \(seed)"].joined(separator: "\n")
    return String(SHA256.hex(of: Array(text.utf8)).prefix(24))
  }

  private func trained(
    _ files: WeightFiles, seed: Int? = nil, _ train: (ParameterStore) throws -> [EpochResult]
  ) throws -> Trained {
    noteWeights(files.link)
    if let found = try files.read() { return Trained(store: found.store, history: found.history, wasFound: true) }
    let store = ParameterStore(seed: seed ?? self.seed)
    let history = try train(store)
    try files.write(store, history)
    return Trained(store: store, history: history, wasFound: false)
  }

  /// Calls a training with what it must ask before each step.
  private func interruptible<T>(_ train: (@escaping @Sendable () -> Bool) throws -> T) rethrows -> T {
    switch settings.stop {
    case .never: return try train { false }
    case .when(let isAsked): return try train(isAsked)
    case .byUser:
      let interruption = Interruption()
      defer { interruption.end() }
      return try train { interruption.isRequested }
    }
  }

  /// Calls a body for 0 ..< count, with a progress bar.
  func progress(_ key: String, _ count: Int, _ body: (Int) throws -> Void) rethrows {
    var bar = ProgressBar(settings.progress, title: text(key), total: count)
    for index in 0..<count {
      try body(index)
      bar.step(index + 1)
    }
    bar.clear()
  }
}
