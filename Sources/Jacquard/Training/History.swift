/// What was measured in one epoch.
public struct EpochResult: Sendable, Codable, Hashable {
  /// From 0.
  public var epoch: Int
  /// The mean of the steps' losses, weighted by examples.
  public var loss: Double
  /// Steps that were made in it.
  public var steps: Int
  /// Examples that those steps saw.
  public var examples: Int
  /// Wall-clock time of the steps, batching included.
  public var seconds: Double
  /// Figures on the evaluation data, by name: `accuracy`, `loss`.
  public var evaluation: [String: Double]

  /// The figures of one epoch.
  public init(
    epoch: Int, loss: Double, steps: Int, examples: Int, seconds: Double, evaluation: [String: Double] = [:]
  ) {
    self.epoch = epoch
    self.loss = loss
    self.steps = steps
    self.examples = examples
    self.seconds = seconds
    self.evaluation = evaluation
  }
}

/// When training ends before its last epoch.
public struct EarlyStopping: Sendable, Hashable {
  /// The figure that is watched: one of the evaluation's, or `train loss`.
  public var metric: String
  /// Epochs without an improvement before training ends.
  public var patience: Int
  /// What counts as an improvement.
  public var minimumChange: Double

  /// - Parameter patience: At least 1; less counts as 1.
  public init(metric: String = "loss", patience: Int = 3, minimumChange: Double = 0) {
    self.metric = metric
    self.patience = max(1, patience)
    self.minimumChange = minimumChange
  }

  /// Accuracies grow, losses fall.
  private var grows: Bool { metric.hasSuffix("accuracy") }

  func value(_ result: EpochResult) -> Double? {
    metric == "train loss" ? result.loss : result.evaluation[metric]
  }

  /// Whether the last `patience` epochs were no better than the best before them.
  func shouldStop(_ history: [EpochResult]) -> Bool {
    let sign = grows ? -1.0 : 1.0
    let values = history.compactMap { value($0) }.map { sign * $0 }
    guard values.count > patience, let before = values.dropLast(patience).min() else { return false }
    return values.suffix(patience).allSatisfy { !($0 < before - minimumChange) }
  }
}
