/// How a model is trained.
public struct TrainingOptions: Sendable {
  /// How often the data are gone through.
  public var epochs: Int
  /// Examples of a step.
  public var batchSize: Int
  /// S: with it the order of the examples is drawn.
  public var seed: Int
  /// Whether each epoch has its own order of the examples; else that of the data.
  public var shuffles: Bool
  /// What becomes of the examples that do not fill a batch.
  public var remainder: Remainder
  /// Columns by input, where the graph's hints are not meant.
  public var map: [String: String]
  /// Name of the output that is shown and stopped by.
  public var loss: String
  /// Column of the classes, for the accuracy.
  public var labels: String
  /// How training reports on standard error.
  public var progress: ProgressStyle
  /// When training ends before its last epoch; nil for never.
  public var earlyStopping: EarlyStopping?
  /// Where checkpoints are written; nil for none.
  public var checkpoint: String?
  /// Steps between checkpoints; one is also written after each epoch.
  public var checkpointEvery: Int?
  /// Most steps of one call of `fit`; nil for no limit. Training then stands within an epoch, and can go on.
  public var stepLimit: Int?
  /// How plans are made and run.
  public var session: Session.Options
  /// Asked before each step; if it says true, training ends with `CancellationError`, after a checkpoint where there is a path for
  /// one. See `Interruption`.
  public var interrupted: (@Sendable () -> Bool)?

  /// One epoch in batches of 128 without checkpoints, unless told otherwise.
  public init(
    epochs: Int = 1, batchSize: Int = 128, seed: Int = 0, shuffles: Bool = true, remainder: Remainder = .keep,
    map: [String: String] = [:], loss: String = "loss", labels: String = "label",
    progress: ProgressStyle = .automatic, earlyStopping: EarlyStopping? = nil, checkpoint: String? = nil,
    checkpointEvery: Int? = nil, stepLimit: Int? = nil,
    session: Session.Options = .init(), interrupted: (@Sendable () -> Bool)? = nil
  ) {
    self.epochs = epochs
    self.batchSize = max(1, batchSize)
    self.seed = seed
    self.shuffles = shuffles
    self.remainder = remainder
    self.map = map
    self.loss = loss
    self.labels = labels
    self.progress = progress
    self.earlyStopping = earlyStopping
    self.checkpoint = checkpoint
    self.checkpointEvery = checkpointEvery
    self.stepLimit = stepLimit
    self.session = session
    self.interrupted = interrupted
  }
}
