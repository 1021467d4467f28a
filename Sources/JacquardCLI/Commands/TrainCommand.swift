import ArgumentParser
import Jacquard
import JacquardCore
import JacquardIR
import JacquardRuntime

extension ProgressStyle: ExpressibleByArgument {}

/// `jacquard train`
struct TrainCommand: ConsoleCommand {
  static let configuration = CommandConfiguration(
    commandName: "train", abstract: "Trains a graph (a whole step, with updates) on a data set.",
    discussion: """
      Columns feed inputs by --map, else by the graph's feed hints, else by the input's name, else x <- image and
      y <- label.
      """)

  @Argument(help: "A graph with updates, such as graphs/mlp.train.json.")
  var graph: String

  @Option(
    help: ArgumentHelp(
      "mnist, fashion-mnist, a folder of IDX files, a folder with one subfolder of PNG images a class, a .csv file, or "
        + "x=train_x.npy,y=train_y.npy.", valueName: "dataset"))
  var data: String

  @Option(help: ArgumentHelp("A graph that shares the parameters, evaluated after each epoch.", valueName: "graph"))
  var eval: String?

  @Option(help: ArgumentHelp("Data to evaluate on; by default the data set's own test part.", valueName: "dataset"))
  var evalData: String?

  @Option(help: "Passes over the data.")
  var epochs: Int = 1

  @Option(help: "Examples a step; by default the size that the graph's symbol has.")
  var batch: Int?

  @Option(name: .customLong("map"), help: ArgumentHelp("Column of an input.", valueName: "x=column"))
  var columns: [NamedText] = []

  @Option(help: "The output to show and to stop by.")
  var loss: String = "loss"

  @OptionGroup var bind: BindOptions
  @OptionGroup var seed: SeedOptions
  @OptionGroup var executor: ExecutorOptions
  @OptionGroup var memory: MemoryLimitOptions
  @OptionGroup var tune: TuneOptions

  @Option(help: ArgumentHelp("Parameters to begin with.", valueName: "file.safetensors"))
  var params: String?

  @Option(help: ArgumentHelp("Where to keep the trained parameters and state.", valueName: "file.safetensors"))
  var save: String?

  @Option(help: ArgumentHelp("Written after each epoch and on Ctrl-C, to resume from.", valueName: "file.safetensors"))
  var checkpoint: String?

  @Option(help: ArgumentHelp("Steps between further checkpoints.", valueName: "k"))
  var checkpointEvery: Int?

  @Option(help: ArgumentHelp("Go on from a checkpoint, bit for bit.", valueName: "file.safetensors"))
  var resume: String?

  @Option(help: ArgumentHelp("Stop after so many epochs without an improvement.", valueName: "epochs"))
  var patience: Int?

  @Option(help: "Figure that --patience looks at: one of the evaluation's, or 'train loss'.")
  var metric: String = "loss"

  @Option(help: ArgumentHelp("Stop after so many steps.", valueName: "k"))
  var steps: Int?

  @Flag(help: "Leave the examples in their order.")
  var noShuffle = false

  @Flag(help: "Leave out the last examples of an epoch if they do not fill a batch.")
  var dropRemainder = false

  @Option(help: ArgumentHelp("auto (a bar on a terminal, else lines), bar, lines, silent.", valueName: "style"))
  var progress: Progress = .auto

  enum Progress: String, CaseIterable, ExpressibleByArgument {
    case auto, bar, lines, silent

    var style: ProgressStyle {
      switch self {
      case .auto: .automatic
      case .bar: .bar
      case .lines: .lines
      case .silent: .silent
      }
    }
  }

  func validate() throws {
    let numbers = [
      (epochs, "--epochs"), (batch, "--batch"), (checkpointEvery, "--checkpoint-every"), (patience, "--patience"),
      (steps, "--steps"),
    ]
    for (value, name) in numbers { try requirePositive(value, name) }
    if checkpointEvery != nil && checkpoint == nil && resume == nil {
      throw ValidationError("--checkpoint-every needs --checkpoint")
    }
    if memory.memoryLimit != nil && executor.executor == .reference {
      throw ValidationError("--memory-limit is for executors with an arena, not for reference")
    }
  }

  func run(_ console: Console) throws {
    let graph = try trainable(self.graph)
    let forward = try eval.map { try trainable($0) }
    for path in [save, checkpoint, resume] { try OutputFile.check(path) }
    let splits = try DataSplits.load(data)
    let trainer = try trainer(graph, splits, console)
    if let forward { try evaluate(forward, trainer, splits, console) }
    if let resume { try trainer.resume(from: resume) }
    announce(graph, trainer, console)
    console.noteUnoptimisedRuntime()
    let history = try naming(self.graph) { try trainer.fit() }
    if let save { try trainer.store.save(to: save) }
    TrainingReport(history: history, store: trainer.store, evaluated: evaluatedPart(splits)).print(console)
  }

  private func trainable(_ path: String) throws -> Graph {
    guard case .graph(let graph) = try Loaded(path) else {
      throw Diagnostic("is a compiled plan; training needs the graph", place: path)
    }
    let sizes = try bind.sizes().filter { size in graph.symbols.contains { $0.name == size.key } }
    let bound = sizes.isEmpty ? graph : try naming(path) { try graph.binding(sizes) }
    try StaticProgram.checkMemory(of: bound.inputs.filter { $0.role != .data }, path: path)
    return bound
  }

  private func trainer(_ graph: Graph, _ splits: DataSplits, _ console: Console) throws -> Trainer {
    let store = ParameterStore(seed: seed.seed)
    try naming(self.graph) {
      if let params { try store.take(graph.inputs, from: params) }
    }
    return try naming(self.graph) {
      try Trainer(graph, store, on: splits.train, options: try options(graph, console))
    }
  }

  private func options(_ graph: Graph, _ console: Console) throws -> TrainingOptions {
    var map: [String: String] = [:]
    for column in columns { map[column.name] = column.text }
    var session = try executor.sessionOptions(console, tune)
    session.compile = memory.applied()
    let interruption = (checkpoint ?? resume).map { _ in Interruption() }
    return TrainingOptions(
      epochs: epochs, batchSize: batch ?? usualBatch(graph), seed: seed.seed, shuffles: !noShuffle,
      remainder: dropRemainder ? .drop : .keep, map: map, loss: loss, progress: progress.style,
      earlyStopping: patience.map { EarlyStopping(metric: metric, patience: $0) }, checkpoint: checkpoint ?? resume,
      checkpointEvery: checkpointEvery, stepLimit: steps, session: session,
      interrupted: { interruption?.isRequested ?? false })
  }

  /// The default size of the first dimension of the first data input.
  private func usualBatch(_ graph: Graph) -> Int {
    let symbols = graph.inputs.first { $0.role == .data }?.type.shape.dims.first?.symbols ?? []
    return graph.symbols.first { symbols.contains($0.name) }?.defaultSize ?? 128
  }

  private func evaluate(_ graph: Graph, _ trainer: Trainer, _ splits: DataSplits, _ console: Console) throws {
    let data = try evalData.map { try DataSplits.load($0) }
    if data == nil && splits.test == nil {
      console.note("\(splits.train.name) has no test part: figures are of the training data (see --eval-data)")
    }
    let chosen = data.map { $0.test ?? $0.train } ?? splits.test ?? splits.train
    try naming(eval ?? "") { try trainer.evaluate(graph, on: chosen) }
  }

  /// What the figures of the evaluation are of.
  private func evaluatedPart(_ splits: DataSplits) -> String {
    evalData != nil || splits.test != nil ? "test" : "train"
  }

  private func announce(_ graph: Graph, _ trainer: Trainer, _ console: Console) {
    let (examples, size) = (trainer.data.count, trainer.options.batchSize)
    let parameters = graph.inputs.filter { $0.role == .parameter }
    let numbers = parameters.compactMap { (try? $0.type.shape.elementCount())?.value }.reduce(0, +)
    console.print(
      "training \(graph.name) on \(trainer.data.name): \(NumberText.grouped(examples)) examples in batches of \(size), "
        + "\(NumberText.grouped(numbers)) parameters")
  }
}

/// What is printed after training.
struct TrainingReport {
  let history: [EpochResult]
  let store: ParameterStore
  /// `test` or `train`.
  let evaluated: String

  func print(_ console: Console) {
    for line in curves { console.print(line) }
    if let last = history.last {
      console.print("loss \(NumberText.short(last.loss))")
      for (name, value) in last.evaluation.sorted(by: { $0.key < $1.key }) {
        let text = name == "accuracy" ? "\(NumberText.fixed(value * 100, 1)) %" : NumberText.short(value)
        console.print("\(evaluated) \(name) \(text)")
      }
    }
    let seconds = history.reduce(0) { $0 + $1.seconds }
    let epochs = history.count == 1 ? "1 epoch" : "\(history.count) epochs"
    console.print("trained \(epochs) in \(NumberText.fixed(seconds, 2)) s")
  }

  /// The loss, and each figure of the evaluation, over the epochs.
  private var curves: [String] {
    var lines = TextChart(title: "loss", values: history.map(\.loss)).lines
    for name in (history.last?.evaluation ?? [:]).keys.sorted() {
      lines += TextChart(title: "\(evaluated) \(name)", values: history.compactMap { $0.evaluation[name] }).lines
    }
    return lines
  }
}
