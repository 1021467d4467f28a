import Foundation
import JacquardCore
import JacquardIR

/// Trains a graph on a data set, epoch by epoch.
///
/// ```swift
/// let trainer = try Trainer(graph, store, on: data.train, options: TrainingOptions(epochs: 5))
/// try trainer.evaluate(forward, on: data.test)
/// let history = try trainer.fit()
/// ```
public final class Trainer {
  /// Where the parameters live that are trained.
  public let store: ParameterStore
  /// As given to the initialiser.
  public let options: TrainingOptions
  /// What is trained on.
  public let data: DataSet
  private let session: Session
  private let feed: Feed
  private var evaluator: Evaluator?
  private var position: TrainingPosition

  /// - Throws: `Diagnostic` if the graph has no updates or no such loss, or the data does not fit its inputs: one line that
  ///   lists the columns.
  public init(
    _ graph: Graph, _ store: ParameterStore, on data: DataSet, options: TrainingOptions = .init()
  ) throws {
    if graph.updates.isEmpty {
      throw Diagnostic("graph '\(graph.name)' has no updates: it is no training step (those end in .train.json)")
    }
    guard let loss = graph.output(named: options.loss) else {
      let names = graph.outputs.filter { $0.probe == nil }.map(\.name).joined(separator: ", ")
      throw Diagnostic("graph '\(graph.name)' has no output '\(options.loss)'; it has \(names)")
    }
    if graph.type(loss.value).shape.rank != 0 {
      throw Diagnostic("output '\(options.loss)' is \(graph.type(loss.value)), not a single number")
    }
    var options = options
    feed = try Feed(graph, data, map: options.map)
    if let fixed = feed.fixedBatch {
      options.batchSize = fixed
      if data.count % fixed != 0 { options.remainder = .drop }
    }
    if data.count == 0 { throw Diagnostic("has no examples", place: data.name) }
    self.options = options
    self.store = store
    self.data = data
    session = try Session(graph, store, options: options.session)
    position = TrainingPosition(options: options, dataCount: data.count)
  }

  /// After each epoch the figures of a graph, which shares parameters by name, are taken on other data.
  /// - Throws: `Diagnostic` if the data do not fit the graph's inputs, or the store its parameters.
  public func evaluate(_ graph: Graph, on data: DataSet, batchSize: Int = 256) throws {
    let names = Set(graph.inputs.filter { $0.role == .data }.map(\.name))
    evaluator = try Evaluator(
      graph, store, on: data, batchSize: batchSize, labels: options.labels,
      map: options.map.filter { names.contains($0.key) }, options: options.session)
  }

  /// What was measured so far, resumed epochs included.
  public var history: [EpochResult] { position.history }

  /// Goes on where a checkpoint was written: bit for bit as if there had been no interruption.
  ///
  /// - Throws: `Diagnostic` if the file is no checkpoint, or it was written under another seed, batch size or data.
  public func resume(from path: String) throws {
    let file = try SafetensorsFile(path)
    let saved = try TrainingPosition(file.metadata, path: path)
    try saved.check(position, path: path)
    try store.load(from: path)
    try store.initialize(session.graph)
    try session.reset()
    position = saved
  }

  /// Trains up to the last epoch, or until early stopping.
  ///
  /// - Returns: What was measured in each epoch.
  /// - Throws: `Diagnostic` if a step or a checkpoint fails; `CancellationError` if the task is cancelled or
  ///   `options.interrupted` says so, between two steps and after a checkpoint where there is a path for one.
  @discardableResult
  public func fit() throws -> [EpochResult] {
    var left = options.stepLimit ?? .max
    while position.epoch < options.epochs && left > 0 {
      if try !epoch(&left) { break }
      if let stopping = options.earlyStopping, stopping.shouldStop(position.history) { break }
    }
    return position.history
  }

  /// Writes a checkpoint, whole or not at all.
  /// - Throws: `Diagnostic` if the file cannot be written.
  public func save(to path: String) throws {
    try store.save(to: path, metadata: [TrainingPosition.key: try position.text()])
  }

  // MARK: One epoch

  /// - Parameter left: Steps that may still be made.
  /// - Returns: Whether the epoch came to its end.
  private func epoch(_ left: inout Int) throws -> Bool {
    let shuffle: Shuffle = options.shuffles ? .seeded(options.seed) : .none
    let batches = data.batches(
      options.batchSize, shuffle: shuffle, remainder: options.remainder, epoch: position.epoch)
    if batches.count == 0 {
      throw Diagnostic("\(data.count) examples do not fill a batch of \(options.batchSize)", place: data.name)
    }
    let title = "epoch \(position.epoch + 1)/\(options.epochs)"
    var bar = ProgressBar(options.progress, title: title, total: batches.count, done: position.step)
    try steps(batches, &bar, &left)
    if position.step < batches.count {
      if let path = options.checkpoint { try save(to: path) }
      return false
    }
    var result = EpochResult(
      epoch: position.epoch, loss: position.lossSum / Double(max(1, position.examples)), steps: position.step,
      examples: position.examples, seconds: position.seconds)
    if let evaluator { result.evaluation = try evaluator.run().figures }
    finish(result)
    bar.finish(result)
    if let path = options.checkpoint { try save(to: path) }
    return true
  }

  private func steps(_ batches: Batches, _ bar: inout ProgressBar, _ left: inout Int) throws {
    let loader = BatchLoader(feed, batches, from: position.step)
    defer { loader.stop() }
    let start = ContinuousClock.now
    let (secondsBefore, examplesBefore) = (position.seconds, position.examples)
    while left > 0, let batch = try loader.next() {
      left -= 1
      try stopIfAsked()
      let outputs = try session.step(bound: batch.inputs)
      let loss = outputs[options.loss]?[linear: 0].asDouble ?? .nan
      position.step += 1
      position.examples += batch.rows.count
      position.lossSum += loss * Double(batch.rows.count)
      position.seconds = secondsBefore + ProgressBar.seconds(start.duration(to: .now))
      let mean = position.lossSum / Double(position.examples)
      bar.step(position.step, position.examples - examplesBefore, loss: mean)
      if let every = options.checkpointEvery, let path = options.checkpoint, position.step % max(1, every) == 0 {
        try save(to: path)
      }
    }
  }

  private func stopIfAsked() throws {
    if !Task.isCancelled && options.interrupted?() != true { return }
    if let path = options.checkpoint { try save(to: path) }
    throw CancellationError()
  }

  private func finish(_ result: EpochResult) {
    position.history.append(result)
    position.epoch += 1
    (position.step, position.lossSum, position.examples, position.seconds) = (0, 0, 0, 0)
  }
}
