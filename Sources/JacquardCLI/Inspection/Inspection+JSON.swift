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
    case .graph: return try graph.map { [("document", try $0.jsonValue())] } ?? []
    case .optimized: return try optimizedFields()
    case .kernels: return kernelFields()
    case .plan: return planFields()
    case .memory: return memoryFields()
    case .c: return try emittedFields()
    }
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
    // No `compactMap`: a literal `nil` would be the JSON value null.
    let buffers = plan.program.buffers.indices.filter { plan.storage[$0] != .unused }.map { buffer($0, plan) }
    return [
      ("bindings", JSONValue(fields: plan.bindings.map { ($0.symbol, JSONValue($0.size)) })),
      ("inputs", JSONValue(plan.inputs.map(input))), ("outputs", JSONValue(plan.outputs.map(output))),
      ("schedule", JSONValue(schedule)), ("sections", JSONValue(plan.sections.map(section))),
      ("buffers", JSONValue(buffers)), ("arena_bytes", JSONValue(plan.arenaBytes)),
      ("block_memory_bytes", JSONValue(plan.localBytes)),
    ]
  }

  private func section(_ section: Plan.SectionReport) -> JSONValue {
    JSONValue(fields: [
      ("first", JSONValue(section.kernels.lowerBound)), ("count", JSONValue(section.kernels.count)),
      ("blocks", JSONValue(section.blocks)), ("locals", JSONValue(section.locals.map { JSONValue($0.index) })),
      ("bytes", JSONValue(section.bytes)),
    ])
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
    case .scratch(let offset, let slice):
      fields += [("place", "scratch"), ("offset", JSONValue(offset)), ("slice", JSONValue(slice))]
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
      ("parameter_bytes", JSONValue(plan.inputBytes(.parameter))), ("state_bytes", JSONValue(plan.inputBytes(.state))),
      ("data_bytes", JSONValue(plan.inputBytes(.data))), ("in_place_joins", JSONValue(report.joins.count)),
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
