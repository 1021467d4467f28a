import JacquardCore
import JacquardFiles
import JacquardIR
import JacquardKernels
import JacquardPlanner
import JacquardTransforms

/// What `inspect` looks at. All of it comes from the graph, the record of its compilation and the plan.
struct Inspection {
  /// The stages that exist.
  enum Stage: String, CaseIterable {
    case graph, optimized, kernels, plan, memory, c
  }

  let path: String
  let name: String
  /// nil for a plan from a file.
  let graph: Graph?
  /// nil for a plan from a file, or if only the graph is wanted.
  let compilation: Compilation?
  private let readPlan: Plan?
  /// Whether to tell which kernels were not fused, and why.
  enum Refusals {
    case hidden, wanted
    /// A plan does not know.
    case whereKnown
  }

  private let refusals: Refusals
  let limits: RooflineLimits
  /// nil if kernels were not measured.
  let measured: KernelTimes?

  /// - Parameters:
  ///   - limits: of the machine; nil for those that the profile names, else round figures.
  ///   - profile: a file with measured times of the kernels.
  /// - Throws: `Diagnostic` if a file is damaged, the graph does not compile, or the profile is that of another plan.
  init(
    _ path: String, bindings: [String: Int], stages: [Stage], refusals: Refusals,
    options: CompileOptions = CompileOptions(), limits: RooflineLimits? = nil, profile: String? = nil
  ) throws {
    self.path = path
    self.refusals = refusals
    switch try Loaded(path, Loaded.Hints(bindings: bindings)) {
    case .graph(let graph):
      (self.graph, name, readPlan) = (graph, graph.name, nil)
      let needsCompilation = stages.contains { $0 != .graph }
      compilation =
        needsCompilation
        ? try naming(path) { try Compiler.compile(graph, bindings: bindings, options: options) } : nil
    case .plan(let plan):
      if options.memoryLimit != nil {
        throw Diagnostic("--memory-limit wants a graph; a plan is compiled already", kind: .unsupported, place: path)
      }
      (graph, name, readPlan, compilation) = (nil, plan.name, plan, nil)
    }
    let plan = compilation?.plan ?? readPlan
    measured = try profile.flatMap { path in try plan.map { try KernelTimes(path, for: $0) } }
    self.limits = limits ?? measured?.limits ?? .assumed
  }

  var plan: Plan? { compilation?.plan ?? readPlan }
  var whyNotFused: Bool { refusals != .hidden }

  /// The stages of a kind of file: a plan knows nothing of its graph.
  func available(_ stages: [Stage], isChosen: Bool) throws -> [Stage] {
    if graph != nil { return stages }
    let known = stages.filter { $0 != .graph && $0 != .optimized }
    if known.isEmpty || (isChosen && known.count < stages.count) {
      throw Diagnostic("a plan holds no stage \(stages[0].rawValue)", kind: .unsupported, place: path)
    }
    if refusals == .wanted {
      throw Diagnostic("a plan does not know why kernels were not fused", kind: .unsupported, place: path)
    }
    return known
  }

  // MARK: Names

  /// `add 'h' (Models/MLP.swift:12)`
  func describe(_ id: NodeID) -> String {
    guard let node = plan?.node(id) else {
      guard let graph = compilation?.graph, graph.nodes.indices.contains(id.index) else { return "%\(id.index)" }
      let node = graph.nodes[id.index]
      return Inspection.describe(node.operationName, graph.describe(node), node.site?.description)
    }
    return Inspection.describe(node.operation, node.label, node.site)
  }

  private static func describe(_ operation: String, _ label: String, _ site: String?) -> String {
    let name = label.hasPrefix(operation) ? label : "\(operation) '\(label)'"
    return name + (site.map { " (\($0))" } ?? "")
  }

  /// Where a buffer lives.
  static func place(_ storage: Plan.Storage, _ plan: Plan) -> String {
    switch storage {
    case .unused: "unused"
    case .input(let input): "input '\(plan.inputs[input].name)'"
    case .constant(let constant): "constant \(constant)"
    case .arena(let offset): "arena + \(offset)"
    case .scratch(let offset, let slice): "block memory + \(offset), \(slice) bytes a block"
    }
  }
}
