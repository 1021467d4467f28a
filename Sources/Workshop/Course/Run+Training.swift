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
    let key = try weightsKey(graph, recipe: parts.joined(separator: "\n"))
    return try trained(key) { store in
      let checkpoint = "\(settings.out)/weights/\(key).checkpoint.safetensors"
      let options = TrainingOptions(
        epochs: epochs, batchSize: batch, seed: seed, progress: settings.progress, checkpoint: checkpoint,
        checkpointEvery: 1000, session: session)
      let trainer = try Trainer(graph, store, on: data, options: options)
      if let evaluating { try trainer.evaluate(evaluating.graph, on: evaluating.data) }
      if FileManager.default.fileExists(atPath: checkpoint) { try trainer.resume(from: checkpoint) }
      let history = try trainer.fit()
      try? FileManager.default.removeItem(atPath: checkpoint)
      return history
    }
  }

  /// Weights of a training loop of the exercise's own, kept as `fit` keeps its.
  ///
  /// - Parameters:
  ///   - graph: Whose parameters they are.
  ///   - recipe: Everything else that decides what comes out: epochs, batch, data (`Digest.of`), order.
  ///   - train: Fills the store; the history may be empty.
  func trained(
    _ graph: Graph, recipe: String, _ train: (ParameterStore) throws -> [EpochResult]
  ) throws -> Trained {
    try save(graph)
    return try trained(try weightsKey(graph, recipe: recipe), train)
  }

  /// Names the content: graph, recipe and seed.
  private func weightsKey(_ graph: Graph, recipe: String) throws -> String {
    let text = [try Digest.of(graph), recipe, "seed \(seed)"].joined(separator: "\n")
    return String(SHA256.hex(of: Array(text.utf8)).prefix(24))
  }

  private func trained(_ key: String, _ train: (ParameterStore) throws -> [EpochResult]) throws -> Trained {
    let folder = "\(settings.out)/weights"
    try Folder.make(folder)
    let path = "\(folder)/\(key).safetensors"
    noteWeights("../weights/\(key).safetensors")
    if FileManager.default.fileExists(atPath: path) {
      let text = try SafetensorsFile(path).metadata[Run.historyKey] ?? "[]"
      let history = try JSONDecoder().decode([EpochResult].self, from: Data(text.utf8))
      return Trained(store: try ParameterStore.load(path), history: history, wasFound: true)
    }
    let store = ParameterStore(seed: seed)
    let history = try train(store)
    let text = String(decoding: try JSONEncoder().encode(history), as: UTF8.self)
    try store.save(to: path, metadata: [Run.historyKey: text])
    return Trained(store: store, history: history, wasFound: false)
  }

  private static let historyKey = "workshop.history"

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

/// Hashes that name content.
enum Digest {
  /// Of a graph, whatever lines of whatever file declare it.
  static func of(_ graph: Graph) throws -> String {
    let json = try JSONValue.parse(Array(try graph.json().text.utf8), file: graph.name)
    return SHA256.hex(of: withoutSites(json).utf8(.compact))
  }

  /// Of the columns' names, types and values.
  static func of(_ data: DataSet) throws -> String {
    var hash = SHA256()
    for column in data.columns {
      hash.update(Array("\(column.name) \(column.values.type)\n".utf8))
      column.values.withUnsafeBytes { hash.update($0) }
    }
    return hash.hexDigest()
  }

  private static func withoutSites(_ value: JSONValue) -> JSONValue {
    switch value.content {
    case .array(let values): JSONValue(values.map(withoutSites))
    case .object(let fields):
      JSONValue(fields: fields.filter { $0.name != "site" }.map { ($0.name, withoutSites($0.value)) })
    default: value
    }
  }
}
