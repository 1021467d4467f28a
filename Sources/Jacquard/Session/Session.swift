import Foundation
import JacquardCore
import JacquardIR
import JacquardPlanner
import JacquardRuntime

/// Runs a graph on values of a store.
///
/// A plan is compiled for each binding of the symbols that is met, and kept. One caller runs at a time; several sessions
/// may run at once.
public final class Session: @unchecked Sendable {
  /// How plans are made and run.
  public struct Options: Sendable {
    /// What runs the plans.
    public var executor: ExecutorKind
    /// Threads of a step; nil for as many as there are cores.
    public var threads: Int?
    /// What the compiler leaves out, and its memory limit.
    public var compile: CompileOptions
    /// Measures the products of each plan first, and makes them in the fastest way; nil for what follows from their shapes.
    public var tuner: ProductTuner?
    /// How many plans are kept; the one used longest ago goes first.
    public var planLimit: Int
    /// Called with one line whenever a plan had to be compiled: it says which symbol changed.
    public var onCompile: (@Sendable (String) -> Void)?
    /// Called, by the thread that steps, once a plan's C compiler failed, or its code was not kept; steps go on all the same.
    public var onNotice: (@Sendable (NativeNotice) -> Void)?
    /// Whether a step ends with an error at the first value that is not a number: its node, line and operands are named. Slow.
    public var checksNaN: Bool
    /// Called after each step, by the thread that steps, with each probe's value; steps are counted from 0.
    public var onProbe: (@Sendable (_ step: Int, _ probe: String, _ value: HostTensor) -> Void)?

    /// The native executor where a C compiler is found, every core, no memory limit, unless told otherwise.
    public init(
      executor: ExecutorKind = .auto, threads: Int? = nil, compile: CompileOptions = CompileOptions(),
      tuner: ProductTuner? = nil, planLimit: Int = 8,
      onCompile: (@Sendable (String) -> Void)? = nil, onNotice: (@Sendable (NativeNotice) -> Void)? = nil,
      checksNaN: Bool = false, onProbe: (@Sendable (_ step: Int, _ probe: String, _ value: HostTensor) -> Void)? = nil
    ) {
      self.executor = executor
      self.threads = threads
      self.compile = compile
      self.tuner = tuner
      self.planLimit = planLimit
      self.onCompile = onCompile
      self.onNotice = onNotice
      self.checksNaN = checksNaN
      self.onProbe = onProbe
    }
  }

  /// What a step computes.
  public let graph: Graph
  /// Where parameters and state live; other sessions may share it.
  public let store: ParameterStore
  /// As given to the initialiser.
  public let options: Options
  private var plans: PlanCache
  /// The last step's types, so that the next of the same types need not look for its plan.
  private var latest: (types: [String: TensorType], plan: BoundPlan)?
  private let lock = NSLock()
  private var failure: Diagnostic?
  private let changesStore: Bool
  private var stepCount = 0
  private var probeValues: [String: HostTensor] = [:]

  /// - Throws: `Diagnostic` if the store's entries do not fit the graph's parameters and state.
  public init(_ graph: Graph, _ store: ParameterStore, options: Options = Options()) throws {
    self.graph = graph
    self.store = store
    self.options = options
    changesStore = !graph.updates.isEmpty
    plans = PlanCache(limit: options.planLimit)
    try store.initialize(graph)
  }

  /// One step: outputs by name. Parameters and state with updates are replaced in the store.
  ///
  /// - Parameter inputs: One for each data input. Their sizes bind the symbols.
  /// - Throws: `Diagnostic` if an input is missing, unknown or does not fit; if compiling fails; if the step fails. Of a step
  ///   that failed before it changed the store nothing is left; after a later failure session and store refuse to go on
  ///   until they are loaded anew.
  public func step(_ inputs: [String: HostTensor] = [:]) throws -> [String: HostTensor] {
    try run(inputs.mapValues(\.type)) { plan in
      for (name, tensor) in inputs { try plan.set(name, tensor) }
    }
  }

  /// One step on inputs that are already in memory of their own, which is read without copying.
  /// - Throws: `Diagnostic`, as `step` of tensors.
  public func step(bound inputs: [String: TensorStorage]) throws -> [String: HostTensor] {
    try run(inputs.mapValues(\.type)) { plan in
      for (name, storage) in inputs { try plan.bind(name, storage) }
    }
  }

  private func run(
    _ types: [String: TensorType], _ fill: (BoundPlan) throws -> Void
  ) throws -> [String: HostTensor] {
    let (step, number) = try lock.withLock {
      if let failure { throw Diagnostic("the session failed before: \(failure)", kind: .runtime) }
      try store.checkIntact()
      let plan = try plan(for: types)
      try fill(plan)
      let step = try changesStore ? store.gate.writing { try change(plan) } : store.gate.reading { try plan.run() }
      probeValues = step.probes
      stepCount += 1
      return (step, stepCount - 1)
    }
    tell(step.probes, number)
    return step.outputs
  }

  private func change(_ plan: BoundPlan) throws -> BoundPlan.Step {
    do {
      return try plan.run()
    } catch {
      if plan.keptInputs { throw error }
      let diagnostic = error as? Diagnostic ?? Diagnostic("\(error)", kind: .runtime)
      failure = diagnostic
      store.markFailed(diagnostic)
      throw diagnostic
    }
  }

  /// Makes a session whose step failed usable again, once its store has been loaded anew.
  /// - Throws: `Diagnostic` if the store is still half changed.
  public func reset() throws {
    try store.checkIntact()
    lock.withLock {
      failure = nil
      plans.removeAll()
      latest = nil
    }
  }

  // MARK: Probes

  /// The values of the graph's probes in the last step, by name: none before the first one. `HostTensor.statistics` sums a value up.
  public var probes: [String: HostTensor] { lock.withLock { probeValues } }

  private func tell(_ probes: [String: HostTensor], _ step: Int) {
    guard let onProbe = options.onProbe else { return }
    for (name, value) in probes.sorted(by: { $0.key < $1.key }) { onProbe(step, name, value) }
  }

  // MARK: Plans

  /// Compiles the plan for input types beforehand.
  /// - Throws: `Diagnostic` if a type is missing, unknown or does not fit, or compiling fails.
  public func prepare(_ types: [String: TensorType]) throws {
    try lock.withLock { _ = try plan(for: types) }
  }

  private func plan(for types: [String: TensorType]) throws -> BoundPlan {
    if let latest, latest.types == types { return latest.plan }
    try check(types)
    let bindings = try graph.bindings(for: types)
    let plan = try plans.find(bindings) ?? compile(types, bindings)
    try check(types, against: plan.graph)
    latest = (types, plan)
    return plan
  }

  private func compile(_ types: [String: TensorType], _ bindings: [String: Int]) throws -> BoundPlan {
    options.onCompile?(plans.explainMiss(bindings))
    let bound = try graph.binding(bindings)
    try check(types, against: bound)
    let plan = try BoundPlan(bound, store: store, options: options)
    plans.insert(plan, bindings)
    return plan
  }

  private func check(_ types: [String: TensorType]) throws {
    let wanted = graph.inputs.filter { $0.role == .data }
    let names = wanted.map { "'\($0.name)'" }.joined(separator: ", ")
    for name in types.keys.sorted() where !wanted.contains(where: { $0.name == name }) {
      throw Diagnostic("graph '\(graph.name)' has no data input '\(name)'; it has \(names.isEmpty ? "none" : names)")
    }
    for input in wanted where types[input.name] == nil {
      throw Diagnostic("input '\(input.name)' of graph '\(graph.name)' is missing; its type is \(input.type)")
    }
  }

  private func check(_ types: [String: TensorType], against bound: Graph) throws {
    for input in bound.inputs {
      guard let given = types[input.name], given != input.type else { continue }
      throw Diagnostic("input '\(input.name)' has type \(given); the graph wants \(input.type)")
    }
  }
}
