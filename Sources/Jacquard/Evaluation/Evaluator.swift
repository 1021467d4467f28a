import JacquardCore
import JacquardIR
import JacquardRuntime

/// Figures of a model on data, in which every example counts exactly once.
public struct Evaluation: Sendable, Hashable {
  /// The number of examples counted.
  public var examples: Int
  /// `accuracy` where there is an output `logits` and labels; scalar outputs by their name.
  public var figures: [String: Double]

  /// The share of examples whose largest logit is that of their label; nil without logits or labels.
  public var accuracy: Double? { figures["accuracy"] }
}

/// Runs a graph over a whole data set. The last, smaller batch has a plan of its own.
public final class Evaluator {
  private let session: Session
  private let feed: Feed
  private let data: DataSet
  private let batchSize: Int
  private let labels: DataSet.Column?

  /// - Parameters:
  ///   - labels: Column of the classes, which `logits` are compared with.
  ///   - map: Columns by input, where the graph's hints are not meant.
  /// - Throws: `Diagnostic` if the data does not fit the graph's inputs, or the graph is fixed to a size of batch that does
  ///   not divide the examples.
  public init(
    _ graph: Graph, _ store: ParameterStore, on data: DataSet, batchSize: Int = 256, labels: String = "label",
    map: [String: String] = [:], options: Session.Options = .init()
  ) throws {
    session = try Session(graph, store, options: options)
    feed = try Feed(graph, data, map: map)
    self.data = data
    self.batchSize = feed.fixedBatch ?? max(1, batchSize)
    let column = data[labels]
    self.labels = column?.values.sizes.count == 1 && column?.values.dtype.isInteger == true ? column : nil
    if let fixed = feed.fixedBatch, data.count % fixed != 0 {
      throw Diagnostic("graph '\(graph.name)' takes \(fixed) examples at a time, which do not divide \(data.count)")
    }
  }

  /// - Throws: `Diagnostic` if a step fails.
  public func run() throws -> Evaluation {
    var tally = Tally(labels: labels?.values)
    let loader = BatchLoader(feed, data.batches(batchSize))
    defer { loader.stop() }
    while let batch = try loader.next() {
      tally.add(try session.step(bound: batch.inputs), batch.rows)
    }
    return tally.result
  }
}

/// Adds up the figures of batches.
private struct Tally {
  let labels: HostTensor?
  private var examples = 0
  private var correct = 0
  private var hasLogits = false
  private var sums: [String: Double] = [:]

  init(labels: HostTensor?) { self.labels = labels }

  mutating func add(_ outputs: [String: HostTensor], _ rows: ArraySlice<Int32>) {
    examples += rows.count
    for (name, value) in outputs where value.sizes.isEmpty && value.dtype.isFloat {
      sums[name, default: 0] += value[linear: 0].asDouble * Double(rows.count)
    }
    guard let labels, let logits = outputs["logits"], logits.sizes.count == 2, logits.sizes[0] == rows.count
    else { return }
    hasLogits = true
    let classes = logits.largestInRows()
    for (predicted, row) in zip(classes, rows) where labels[linear: Int(row)].asInt == Int64(predicted) {
      correct += 1
    }
  }

  var result: Evaluation {
    var figures = sums.mapValues { $0 / Double(max(1, examples)) }
    if hasLogits { figures["accuracy"] = Double(correct) / Double(max(1, examples)) }
    return Evaluation(examples: examples, figures: figures)
  }
}

extension HostTensor {
  /// For each row of a matrix of floats the position of its largest element, the first of equal ones; NaN never wins.
  public func largestInRows() -> [Int] {
    guard sizes.count == 2, sizes[1] > 0 else { return [] }
    return withUnsafeBytes { bytes in
      dtype == .f32
        ? HostTensor.largest(bytes.bindMemory(to: Float.self), sizes[1])
        : HostTensor.largest(dtype == .f64 ? Array(bytes.bindMemory(to: Double.self)) : doubles(), sizes[1])
    }
  }

  private static func largest<C: RandomAccessCollection>(_ values: C, _ width: Int) -> [Int]
  where C.Element: BinaryFloatingPoint, C.Index == Int {
    stride(from: 0, to: values.count, by: width).map { start in
      var best = start
      for index in start..<start + width where values[index] > values[best] || values[best].isNaN { best = index }
      return best - start
    }
  }
}
