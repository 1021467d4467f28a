import JacquardCore
import JacquardFiles
import JacquardIR
import JacquardKernels
import JacquardPlanner
import JacquardTransforms

/// The form that docs/inspect.md describes.
extension Inspection {
  /// One stage has its keys beside the common ones; several stand under `stages`.
  func json(_ stages: [Stage]) throws -> JSONValue {
    var fields: [(name: String, value: JSONValue)] = [
      ("format", "jacquard.inspect"), ("version", 1), ("graph", JSONValue(name)),
    ]
    if stages.count == 1 {
      fields.append(("stage", JSONValue(stages[0].rawValue)))
      fields += try self.fields(stages[0])
    } else {
      fields.append(("stage", "all"))
      let parts = try stages.map { (name: $0.rawValue, value: JSONValue(fields: try self.fields($0))) }
      fields.append(("stages", JSONValue(fields: parts)))
    }
    return JSONValue(fields: fields)
  }

  private func fields(_ stage: Stage) throws -> [(name: String, value: JSONValue)] {
    switch stage {
    case .graph: return try graph.map { [("document", try Inspection.document($0))] } ?? []
    case .optimized: return try optimizedFields()
    case .kernels: return kernelFields()
    case .plan: return planFields()
    case .memory: return memoryFields()
    case .c: return try emittedFields()
    }
  }

  /// The graph as its file has it, constants inline.
  private static func document(_ graph: Graph) throws -> JSONValue {
    try JSONValue.parse(Array(graph.json().text.utf8), file: graph.name)
  }

  // MARK: Optimized

  private func optimizedFields() throws -> [(name: String, value: JSONValue)] {
    guard let compilation else { return [] }
    let times = compilation.times.map { time in
      JSONValue(fields: [("step", JSONValue(time.step)), ("ms", milliseconds(time.milliseconds))])
    }
    return [
      ("passes", JSONValue(compilation.record.passes.map(pass))), ("times", JSONValue(times)),
      ("document", try Inspection.document(compilation.graph)),
    ]
  }

  private func pass(_ pass: PassRecord) -> JSONValue {
    let rules = pass.counts.map { rule, count in
      let site = pass.firings.first { $0.rule == rule }?.site.description ?? ""
      return JSONValue(fields: [("rule", JSONValue(rule)), ("site", JSONValue(site)), ("count", JSONValue(count))])
    }
    let firings = pass.firings.map { firing in
      JSONValue(fields: [
        ("rule", JSONValue(firing.rule)), ("old", numbers(firing.old)), ("new", numbers(firing.new)),
      ])
    }
    return JSONValue(fields: [
      ("name", JSONValue(pass.name)), ("explanation", JSONValue(pass.explanation)),
      ("ms", milliseconds(pass.seconds * 1000)), ("nodes_before", JSONValue(pass.nodesBefore)),
      ("nodes_after", JSONValue(pass.nodesAfter)), ("skipped", JSONValue(pass.skipped)), ("rules", JSONValue(rules)),
      ("firings", JSONValue(firings)), ("successors", JSONValue(pass.successors.map(numbers))),
    ])
  }

  private func numbers(_ nodes: [NodeID]) -> JSONValue { JSONValue(nodes.map { JSONValue($0.index) }) }
  private func milliseconds(_ value: Double) -> JSONValue { JSONValue((value * 1e4).rounded() / 1e4) }

  // MARK: Kernels

  private func kernelFields() -> [(name: String, value: JSONValue)] {
    guard let plan else { return [] }
    var fields: [(name: String, value: JSONValue)] = [
      ("kernels", JSONValue(plan.program.kernels.indices.map { kernel($0, plan) }))
    ]
    if let compilation { fields.append(("kernels_before_fusion", JSONValue(compilation.lowered.kernels.count))) }
    if whyNotFused, let compilation {
      let refusals = Inspection.unique(compilation.fusion.refusals).map { refusal in
        JSONValue(fields: [
          ("producer", JSONValue(refusal.producer.map(node))), ("consumer", JSONValue(refusal.consumer.map(node))),
          ("reason", JSONValue("\(refusal.reason)")), ("text", JSONValue(refusal.reason.rawValue)),
        ])
      }
      fields.append(("not_fused", JSONValue(refusals)))
    }
    return fields
  }

  private func kernel(_ index: Int, _ plan: Plan) -> JSONValue {
    let kernel = plan.program.kernels[index]
    func names(_ buffers: [BufferID]) -> JSONValue { JSONValue(buffers.map { JSONValue($0.index) }) }
    return JSONValue(fields: [
      ("index", JSONValue(index)), ("name", JSONValue(kernel.name)), ("kind", JSONValue(Inspection.kind(kernel))),
      ("cost_ns", JSONValue(plan.costs[index])), ("barrier", JSONValue(plan.barriers[index])),
      ("nodes", JSONValue(kernel.nodes.map(node))), ("reads", names(kernel.reads)), ("writes", names(kernel.writes)),
      ("loops", JSONValue(KernelText(plan: plan, kernel: kernel).lines.map { JSONValue($0) })),
    ])
  }

  static func kind(_ kernel: Kernel) -> String {
    switch kernel.kind {
    case .loops: "loops"
    case .contraction: "product"
    case .scatter: "scatter"
    case .library: "library"
    case .control: "control"
    }
  }

  private func node(_ id: NodeID) -> JSONValue {
    var fields: [(name: String, value: JSONValue)] = [("id", JSONValue(id.index))]
    if let node = plan?.node(id) {
      fields += [("operation", JSONValue(node.operation)), ("label", JSONValue(node.label))]
      if let site = node.site { fields.append(("site", JSONValue(site))) }
    } else if let graph = compilation?.graph, graph.nodes.indices.contains(id.index) {
      let node = graph.nodes[id.index]
      fields += [("operation", JSONValue(node.operationName)), ("label", JSONValue(graph.describe(node)))]
      if let site = node.site { fields.append(("site", JSONValue(site.description))) }
    }
    return JSONValue(fields: fields)
  }

  // MARK: Plan

  private func planFields() -> [(name: String, value: JSONValue)] {
    guard let plan else { return [] }
    let schedule = plan.program.kernels.enumerated().map { index, kernel in
      JSONValue(fields: [
        ("kernel", JSONValue(kernel.name)), ("cost_ns", JSONValue(plan.costs[index])),
        ("barrier", JSONValue(plan.barriers[index])),
      ])
    }
    let buffers = plan.program.buffers.indices.compactMap { index in
      plan.storage[index] == .unused ? nil : buffer(index, plan)
    }
    return [
      ("bindings", JSONValue(fields: plan.bindings.map { ($0.symbol, JSONValue($0.size)) })),
      ("inputs", JSONValue(plan.inputs.map(input))), ("outputs", JSONValue(plan.outputs.map(output))),
      ("schedule", JSONValue(schedule)), ("buffers", JSONValue(buffers)), ("arena_bytes", JSONValue(plan.arenaBytes)),
    ]
  }

  private func buffer(_ index: Int, _ plan: Plan) -> JSONValue {
    let buffer = plan.program.buffers[index]
    var fields: [(name: String, value: JSONValue)] = [
      ("buffer", JSONValue(index)), ("name", JSONValue(buffer.name)),
      ("type", JSONValue(TensorType(buffer.dtype, Shape(buffer.extents)).description)),
    ]
    switch plan.storage[index] {
    case .unused: break
    case .input(let input): fields += [("place", "input"), ("input", JSONValue(plan.inputs[input].name))]
    case .constant(let constant): fields += [("place", "constant"), ("constant", JSONValue(constant))]
    case .arena(let offset): fields += [("place", "arena"), ("offset", JSONValue(offset))]
    }
    return JSONValue(fields: fields)
  }

  private func input(_ input: Plan.PlanInput) -> JSONValue {
    JSONValue(fields: [
      ("name", JSONValue(input.name)), ("type", JSONValue(input.type.description)),
      ("role", JSONValue(input.role.rawValue)), ("buffer", JSONValue(input.buffer.index)),
      ("updated", JSONValue(input.isUpdated)),
    ])
  }

  private func output(_ output: Plan.PlanOutput) -> JSONValue {
    JSONValue(fields: [
      ("name", JSONValue(output.name)), ("type", JSONValue(output.type.description)),
      ("buffer", JSONValue(output.buffer.index)),
    ])
  }

  // MARK: Memory

  private func memoryFields() -> [(name: String, value: JSONValue)] {
    guard let plan else { return [] }
    let report = plan.memory
    return [
      ("arena_bytes", JSONValue(report.achieved)), ("arena_lower_bound_bytes", JSONValue(report.lowerBound)),
      ("arena_naive_bytes", JSONValue(report.naive)), ("arena_unfused_peak_bytes", JSONValue(report.unfusedPeak)),
      ("parameter_bytes", JSONValue(bytes(plan, .parameter))), ("state_bytes", JSONValue(bytes(plan, .state))),
      ("data_bytes", JSONValue(bytes(plan, .data))), ("in_place_joins", JSONValue(report.joins.count)),
      ("in_place_updates", JSONValue(report.inPlaceUpdates.map { JSONValue($0) })),
      ("copies", JSONValue(report.copies.map(copy))), ("joins", JSONValue(report.joins.map(join))),
      ("buffers", JSONValue(report.buffers.map(entry))),
    ] + limitedFields(plan) + savedFields()
  }

  private func limitedFields(_ plan: Plan) -> [(name: String, value: JSONValue)] {
    guard let limited = plan.memory.limited else { return [] }
    let repeated = limited.repeated.map { run in
      JSONValue(fields: [
        ("kernel", JSONValue(run.kernel)), ("of", JSONValue(run.of)), ("cost_ns", JSONValue(plan.costs[run.kernel])),
      ])
    }
    return [
      ("memory_limit_bytes", JSONValue(limited.limit)), ("arena_unlimited_bytes", JSONValue(limited.unlimited)),
      ("repeated", JSONValue(repeated)), ("repeated_cost_ns", JSONValue(plan.repeatedCost)),
    ]
  }

  private func copy(_ copy: MemoryReport.Copy) -> JSONValue {
    JSONValue(fields: [("name", JSONValue(copy.name)), ("reason", JSONValue(copy.reason))])
  }

  private func join(_ join: MemoryReport.Join) -> JSONValue {
    JSONValue(fields: [
      ("buffer", JSONValue(join.buffer.index)), ("over", JSONValue(join.over.index)),
      ("kernel", JSONValue(join.kernel)),
    ])
  }

  private func entry(_ entry: MemoryReport.Entry) -> JSONValue {
    var fields: [(name: String, value: JSONValue)] = [
      ("buffer", JSONValue(entry.buffer.index)), ("name", JSONValue(entry.name)), ("type", JSONValue(entry.type)),
      ("bytes", JSONValue(entry.bytes)), ("offset", JSONValue(entry.offset)), ("first", JSONValue(entry.first)),
      ("last", JSONValue(entry.last)),
    ]
    if let site = entry.site { fields.append(("site", JSONValue(site))) }
    return JSONValue(fields: fields)
  }
}
