import JacquardCore
import JacquardIR
import JacquardPlanner
import JacquardTransforms

/// Finds the step of a compilation that first changes what a graph computes: a pass, or a kernel.
///
/// Each step is judged alone, by the reference values of what it was given, so that rounding does not add up on the way to it.
public struct Bisection: Sendable {
  /// A value that is not what it should be.
  public struct Finding: Hashable, Sendable {
    /// An output, `update NAME`, or what a kernel writes.
    public var name: String
    /// How far it is from its reference.
    public var difference: TensorDifference
    /// The user's line.
    public var site: SourceSite?
  }

  /// What became of one pass or kernel.
  public struct Step: Sendable {
    /// Of the pass or kernel.
    public var name: String
    /// Of a kernel its position.
    public var number: Int
    /// Values compared with their reference.
    public var compared = 0
    /// The largest relative difference among them.
    public var relative = 0.0
    /// Those that do not agree.
    public var findings: [Finding] = []
    /// What narrows it down. Of a pass, the rules without which it is right; of a kernel, others that write what it reads and could not
    /// be judged alone.
    public var suspects: [String] = []
    /// What the kernel reads that does not hold any more what was written there: then another kernel overwrote it.
    public var overwritten: [String] = []

    /// Whether anything that it gives does not agree, or lost what another gave.
    public var isWrong: Bool { !findings.isEmpty || !overwritten.isEmpty }

    init(_ name: String, _ number: Int) { (self.name, self.number) = (name, number) }

    /// Compares a value with its reference.
    ///
    /// - Parameter noise: how far rounding moves the reference; asked only for what is too far off without it.
    mutating func judge(
      _ name: String, _ value: HostTensor, _ reference: HostTensor, _ agreement: Agreement, site: SourceSite? = nil,
      noise: () throws -> RoundingNoise?
    ) rethrows {
      var difference = TensorDifference(value, reference, within: agreement)
      compared += 1
      relative = max(relative, difference.relative)
      if difference.isAgreement { return }
      if agreement.allowsNoise, let noise = try noise() {
        difference = TensorDifference(value, reference, within: agreement, noise: noise)
      }
      if !difference.isAgreement { findings.append(Finding(name: name, difference: difference, site: site)) }
    }
  }

  /// Without symbols.
  public let graph: Graph
  /// A value for each input.
  public let inputs: [String: HostTensor]
  /// How near values must be to their reference.
  public let agreement: Agreement

  /// A search in what a graph computes of inputs.
  public init(_ graph: Graph, inputs: [String: HostTensor], agreement: Agreement = .ofOneStep) {
    self.graph = graph
    self.inputs = inputs
    self.agreement = agreement
  }

  // MARK: Passes

  /// Runs passes one after another, each result by the reference, until one computes something else than the graph before it.
  ///
  /// - Parameters:
  ///   - pipeline: the passes.
  ///   - options: what a compilation leaves out of them.
  ///   - report: called after each pass.
  /// - Returns: the passes that were judged: only the last may be wrong.
  /// - Throws: `Diagnostic` if an input is missing, an operation has no value, or a pass fails.
  public func passes(
    _ pipeline: Pipeline = .standard, options: CompileOptions = CompileOptions(), report: (Step) -> Void = { _ in }
  ) throws -> [Step] {
    var values = try graph.evaluate(inputs)
    var (current, steps) = (graph, [Step]())
    func judge(
      _ name: String, _ after: Graph, isChange: Bool, _ suspects: (GraphValues, NoisyValues) throws -> [String]
    ) throws {
      var step = Step(name, steps.count)
      if isChange {
        let (found, noisy) = (try after.evaluate(inputs), NoisyValues(current, inputs))
        try step.judge(found, values, agreement, noisy)
        if step.isWrong { step.suspects = try suspects(values, noisy) }
        values = found
      }
      current = after
      steps.append(step)
      report(step)
    }
    if options.sharesScans {
      let shared = try current.sharingScans()
      try judge("sharedScans", shared, isChange: shared != current) { _, _ in [] }
    }
    for pass in pipeline.passes where !options.pipeline.disabledPasses.contains(pass.name) {
      if steps.last?.isWrong ?? false { break }
      let before = current
      let record = try Bisection.run(pass, before, options.pipeline)
      try judge(pass.name, record.graph, isChange: record.isChange) { expected, noisy in
        try suspects(pass, record, before, expected, noisy, options.pipeline)
      }
    }
    return steps
  }

  private static func run(_ pass: Pass, _ graph: Graph, _ options: Pipeline.Options) throws -> PassRecord {
    do { return try pass.run(graph, options: options) } catch let error as Diagnostic {
      throw error.at("pass '\(pass.name)'")
    }
  }

  /// The rules that fired in a wrong pass and without which it is right.
  private func suspects(
    _ pass: Pass, _ record: PassRecord, _ before: Graph, _ expected: GraphValues, _ noisy: NoisyValues,
    _ options: Pipeline.Options
  ) throws -> [String] {
    try record.counts.map(\.rule).sorted().filter { rule in
      var without = options
      without.disabledRules.insert(rule)
      var step = Step(pass.name, 0)
      let graph = try Bisection.run(pass, before, without).graph
      try step.judge(try graph.evaluate(inputs), expected, agreement, noisy)
      return !step.isWrong
    }
  }
}

/// What a graph computes where its inputs change in their last places; found when it is asked for.
private final class NoisyValues {
  private let graph: Graph
  private let inputs: [String: HostTensor]
  private var trials: [GraphValues] = []

  init(_ graph: Graph, _ inputs: [String: HostTensor]) { (self.graph, self.inputs) = (graph, inputs) }

  /// The noise of an output, or of an update.
  func noise(_ reference: HostTensor, _ value: (GraphValues) -> HostTensor?) throws -> RoundingNoise {
    if trials.isEmpty {
      trials = try (0..<RoundingNoise.trials).map { trial in
        try graph.evaluate(inputs.mapValues { RoundingNoise.changing($0, trial: trial) })
      }
    }
    return RoundingNoise(reference, trials.compactMap(value))
  }
}

extension Bisection.Step {
  /// Compares what two graphs of one signature compute.
  fileprivate mutating func judge(
    _ values: GraphValues, _ references: GraphValues, _ agreement: Agreement, _ noisy: NoisyValues
  ) throws {
    for (prefix, part) in [("", \GraphValues.outputs), ("update ", \GraphValues.updates)] {
      for name in references[keyPath: part].keys.sorted() {
        guard let value = values[keyPath: part][name], let reference = references[keyPath: part][name] else { continue }
        try judge(prefix + name, value, reference, agreement) {
          try noisy.noise(reference) { $0[keyPath: part][name] }
        }
      }
    }
  }
}
