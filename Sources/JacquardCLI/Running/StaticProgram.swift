import Jacquard
import JacquardCore
import JacquardIR
import JacquardPlanner
import JacquardRuntime

/// A graph whose symbols are bound, or a plan: what can be given inputs and run.
struct StaticProgram {
  enum Content {
    case graph(Graph)
    case plan(Plan)
  }

  let path: String
  let name: String
  let content: Content
  let inputs: [Input]

  /// Binds a graph: `--bind` first, then the sizes of the data that is given, then defaults.
  ///
  /// - Parameter types: of the data given, by input.
  /// - Throws: `Diagnostic` if a symbol is unknown, contradicted or left without a size.
  init(_ loaded: Loaded, path: String, bindings: [String: Int] = [:], types: [String: TensorType] = [:]) throws {
    self.path = path
    switch loaded {
    case .graph(let graph):
      let bound = try naming(path) { try StaticProgram.bind(graph, bindings, types) }
      (content, name, inputs) = (.graph(bound), graph.name, bound.inputs)
    case .plan(let plan):
      if let symbol = bindings.keys.sorted().first {
        throw Diagnostic("a plan has no symbols to bind, such as \(symbol)", place: path)
      }
      (content, name, inputs) = (.plan(plan), plan.name, plan.inputs.map(\.input))
    }
  }

  static func bind(_ graph: Graph, _ bindings: [String: Int], _ types: [String: TensorType]) throws -> Graph {
    for name in bindings.keys.sorted() where !graph.symbols.contains(where: { $0.name == name }) {
      let known = graph.symbols.map(\.name).joined(separator: ", ")
      throw Diagnostic("the graph has no symbol '\(name)'; it has \(known.isEmpty ? "none" : known)")
    }
    let partial = bindings.isEmpty ? graph : try graph.binding(bindings)
    let sizes = try partial.bindings(for: types)
    for symbol in partial.symbols where sizes[symbol.name] == nil {
      throw Diagnostic("symbol \(symbol.name) has no size: bind it (--bind \(symbol.name)=...)")
    }
    return partial.symbols.isEmpty ? partial : try partial.binding(sizes)
  }

  // MARK: Memory

  /// Refuses what needs more memory than there is, before any of it is allocated.
  ///
  /// - Parameter further: Bytes beside inputs, parameters and state.
  static func checkMemory(of inputs: [Input], _ further: Int = 0, path: String) throws {
    let bytes = try inputs.reduce(further) { try Overflow.add($0, try $1.type.byteCount() ?? 0) }
    let available = Machine.availableMemory
    if bytes > available { throw Diagnostic("needs \(bytes) bytes of memory; \(available) are available", place: path) }
  }

  func checkMemory(_ further: Int) throws { try StaticProgram.checkMemory(of: inputs, further, path: path) }

  /// Bytes of all values of a graph: what the reference executor holds.
  static func valueBytes(_ graph: Graph) throws -> Int {
    var total = 0
    for node in graph.nodes {
      for value in node.results { total = try Overflow.add(total, try graph.type(value).byteCount() ?? 0) }
    }
    return total
  }

  // MARK: Runners

  /// Options by which a graph's products are made as a tuner finds best.
  ///
  /// - Throws: `Diagnostic` if it is a plan, whose products are chosen; as the compiler.
  func tuned(_ options: CompileOptions, _ tuner: ProductTuner?) throws -> CompileOptions {
    guard let tuner else { return options }
    guard case .graph(let graph) = content else {
      throw Diagnostic("--autotune wants a graph; this plan is compiled already", kind: .unsupported, place: path)
    }
    return try naming(path) { try tuner.tuned(options, for: graph) }
  }

  /// - Parameters:
  ///   - options: for a graph; a plan is compiled already.
  ///   - checksNaN: whether a step ends at the first value that is not a number.
  /// - Throws: `Diagnostic` if the executor does not fit, or memory is short.
  func runner(
    _ executor: ExecutorKind, threads: Int?, options: CompileOptions = CompileOptions(), checksNaN: Bool = false
  ) throws -> any StepRunner {
    try naming(path) {
      if options.memoryLimit != nil {
        guard case .graph = content, executor != .reference else {
          throw Diagnostic("--memory-limit wants a graph, and an executor that compiles it", kind: .unsupported)
        }
      }
      switch (content, executor) {
      case (.graph(let graph), .reference):
        try checkMemory(try StaticProgram.valueBytes(graph))
        let runner = ReferenceRunner(graph: graph)
        runner.checksNaN = checksNaN
        return runner
      case (.plan, .reference): throw Diagnostic("a plan has no graph for the reference executor", kind: .unsupported)
      case (.graph(let graph), _):
        var compilation = try Compiler.compile(graph, options: options)
        if checksNaN { compilation = compilation.withoutSections() }
        let runner = try machine(compilation.plan, threads, executor)
        if checksNaN { runner.nanCheck = NaNCheck(compilation) }
        return runner
      case (.plan(let given), _):
        let plan = checksNaN ? given.withoutSections() : given
        let runner = try machine(plan, threads, executor)
        if checksNaN { runner.nanCheck = NaNCheck(plan) }
        return runner
      }
    }
  }

  private func machine(_ plan: Plan, _ threads: Int?, _ executor: ExecutorKind) throws -> PlanRunner {
    try checkMemory(plan.arenaBytes)
    return try PlanRunner(plan: plan, threads: threads, executor: executor)
  }

  /// Inputs alone, as a graph: what a store initialises.
  func inputGraph() throws -> Graph {
    if case .graph(let graph) = content { return graph }
    let builder = GraphBuilder(name: name)
    for input in inputs { try builder.input(input) }
    return builder.graph
  }
}

extension Plan.PlanInput {
  /// The graph's input that it was.
  var input: Input {
    Input(name: name, type: type, role: role, initializer: initializer, sample: sample, feed: feed)
  }
}
