import JacquardCore
import JacquardIR
import JacquardKernels
import JacquardPlanner

/// Looks for values that are not numbers while a step runs, and for the node that made the first.
///
/// Each array that a kernel stores is looked through as soon as it is complete; infinities are no fault. What made a NaN is found by
/// going back from there: through nodes that read a NaN, in a fused kernel by replaying its nodes with the reference
/// evaluator, up to those that made one of operands without any. A NaN that never leaves a kernel (`select` threw it away) is not
/// seen; the executor `reference`, which stores every value, sees it.
public struct NaNCheck: Sendable {
  /// The optimised graph, by whose nodes the plan's kernels are numbered; nil for a plan from a file.
  let graph: Graph?
  /// For each value of the graph the plan's buffer.
  let buffers: [BufferID?]
  /// For each kernel the buffers that it writes last, and so completes.
  let completed: [[BufferID]]
  /// For each kernel the buffers that it reads and writes over.
  let overwritten: [[BufferID]]

  /// - Parameter compilation: that of the plan, whose graph tells which node of a fused kernel is to blame.
  public init(_ compilation: Compilation) {
    self.init(compilation.plan, compilation.graph, compilation.buffers)
  }

  /// - Parameter plan: from a file. It has no graph: the kernel is named, and its nodes.
  public init(_ plan: Plan) { self.init(plan, nil, []) }

  private init(_ plan: Plan, _ graph: Graph?, _ buffers: [BufferID?]) {
    self.graph = graph
    self.buffers = buffers
    let kernels = plan.program.kernels
    var last: [BufferID: Int] = [:]
    for (index, kernel) in kernels.enumerated() { for buffer in kernel.writes { last[buffer] = index } }
    var completed = [[BufferID]](repeating: [], count: kernels.count)
    for buffer in last.keys.sorted(by: { $0.index < $1.index }) where plan.program[buffer].dtype.isFloat {
      if let kernel = last[buffer] { completed[kernel].append(buffer) }
    }
    self.completed = completed
    overwritten = kernels.map { kernel in
      let writes = kernel.writes.compactMap { plan.region($0) }
      return Set(kernel.reads).filter { buffer in
        guard let region = plan.region(buffer) else { return false }
        return writes.contains { $0.overlaps(region) }
      }
    }
  }

  /// Ends an evaluation at a node with NaN among its results and none among its operands.
  static func observe(
    _ graph: Graph, _ node: Node, _ operands: [HostTensor], _ results: [HostTensor]
  ) throws {
    guard let number = results.firstIndex(where: { $0.firstNaN != nil }), operands.allSatisfy({ $0.firstNaN == nil })
    else { return }
    let names = node.inputs.map { graph.label($0) }
    throw NaNReport(
      operation: node.operationName, scope: node.scope, result: results.count > 1 ? number : nil,
      value: results[number],
      operands: Array(zip(names, operands))
    ).diagnostic
  }

  /// - Throws: `Diagnostic` if an input holds NaN before a step.
  static func check(input name: String, _ storage: TensorStorage, site: SourceSite?) throws(Diagnostic) {
    let dtype = storage.type.dtype
    guard let first = dtype.firstNaN(storage.bytes, storage.byteCount / dtype.byteSize) else { return }
    throw Diagnostic(
      "holds NaN before the step: \(NaNReport.place(first, storage.tensor()))", kind: .runtime,
      place: "input '\(name)'", site: site)
  }
}

/// What is said of the node that made a NaN.
struct NaNReport {
  let operation: String
  let scope: String
  /// Which result, if it has several.
  let result: Int?
  /// The value with the NaN.
  let value: HostTensor
  let operands: [(name: String, value: HostTensor)]

  /// `log makes NaN: 2 of 6 elements, the first at [0,2]; scope encoder; x f32[2,3]: min -1, max 2, not finite 0`
  var diagnostic: Diagnostic {
    let which = result.map { " in result \($0)" } ?? ""
    var parts = [
      "\(operation) makes NaN\(which): " + (value.firstNaN.map { NaNReport.place($0, value) } ?? "\(value.type)")
    ]
    if !scope.isEmpty { parts.append("scope \(scope)") }
    parts += operands.map { "\($0.name) \(NaNReport.range($0.value))" }
    return Diagnostic(parts.joined(separator: "; "), kind: .runtime)
  }

  /// `2 of 6 elements, the first at [0,2]`
  static func place(_ first: Int, _ tensor: HostTensor) -> String {
    if tensor.sizes.isEmpty { return "the only element" }
    let indices = Shape.indices(first, tensor.sizes).map(String.init).joined(separator: ",")
    return "\(tensor.statistics.nanCount) of \(tensor.count) elements, the first at [\(indices)]"
  }

  /// `f32[2,3]: min -1, max 2, not finite 0`
  static func range(_ tensor: HostTensor) -> String {
    let figures = tensor.statistics
    let range =
      figures.finiteCount == 0
      ? "no finite value" : "min \(NumberText.short(figures.minimum)), max \(NumberText.short(figures.maximum))"
    return "\(tensor.type): \(range), not finite \(figures.count - figures.finiteCount)"
  }
}

extension Graph {
  /// What a value is called in messages: the name of its input, or how its node is described.
  func label(_ value: ValueID) -> String {
    switch definition(value) {
    case .input(let index): inputs[index].name
    case .result(let id, let k): describe(nodes[id.index]) + (nodes[id.index].results.count > 1 ? ":\(k)" : "")
    }
  }
}
