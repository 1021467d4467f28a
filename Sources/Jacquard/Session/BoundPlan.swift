import JacquardCore
import JacquardIR
import JacquardPlanner
import JacquardRuntime

/// A compiled plan attached to the memory of a store. All that sessions use of planner and runtime is here.
final class BoundPlan {
  /// The graph without symbols.
  let graph: Graph
  private let runner: any StepRunner
  private let outputs: [String]
  /// Memory for inputs that are copied in, made when first used.
  private var inputs: [String: TensorStorage] = [:]
  /// Told what the runner has to say; nil once it is said.
  private var onNotice: ((NativeNotice) -> Void)?

  /// - Parameter graph: Static.
  init(_ graph: Graph, store: ParameterStore, options: Session.Options) throws {
    self.graph = graph
    runner = try BoundPlan.runner(graph, options)
    for (name, storage) in try store.attach(graph) { try runner.bind(name, storage) }
    outputs = graph.outputs.map(\.name)
    onNotice = options.onNotice
    notify()
  }

  private func notify() {
    guard let onNotice, let notice = (runner as? PlanRunner)?.notice else { return }
    self.onNotice = nil
    onNotice(notice)
  }

  private static func runner(_ graph: Graph, _ options: Session.Options) throws -> any StepRunner {
    switch options.executor {
    case .reference:
      let runner = ReferenceRunner(graph: graph)
      runner.checksNaN = options.checksNaN
      return runner
    case .native, .vm, .auto:
      let compile = try options.tuner?.tuned(options.compile, for: graph) ?? options.compile
      var compilation = try Compiler.compile(graph, options: compile)
      if options.checksNaN { compilation = compilation.withoutSections() }
      let runner = try PlanRunner(plan: compilation.plan, threads: options.threads, executor: options.executor)
      if options.checksNaN { runner.nanCheck = NaNCheck(compilation) }
      return runner
    }
  }

  func set(_ name: String, _ tensor: HostTensor) throws {
    if let storage = inputs[name] {
      try storage.set(tensor)
      return try runner.bind(name, storage)
    }
    let storage = try TensorStorage(tensor)
    inputs[name] = storage
    try runner.bind(name, storage)
  }

  func bind(_ name: String, _ storage: TensorStorage) throws { try runner.bind(name, storage) }

  /// Whether the last run left parameters and state as they were.
  var keptInputs: Bool { runner.keptInputs }

  /// What a step gives.
  struct Step {
    var outputs: [String: HostTensor] = [:]
    /// By the names of the probes.
    var probes: [String: HostTensor] = [:]
  }

  func run() throws -> Step {
    try runner.run()
    notify()
    var result = Step()
    for name in outputs {
      let value = try runner.output(name)
      if let probe = Graph.Output.probe(name) { result.probes[probe] = value } else { result.outputs[name] = value }
    }
    return result
  }
}
