import JacquardCore
import JacquardFiles
import JacquardIR
import JacquardKernels
import JacquardPlanner

/// What a machine can do at most, which kernels are held against.
struct RooflineLimits {
  var gigaflops: Double
  var gigabytes: Double
  var origin: Origin

  enum Origin {
    /// Round figures of a small machine.
    case assumed
    /// By the user.
    case given
    /// When the kernels' times were measured.
    case measured
  }

  static let assumed = RooflineLimits(gigaflops: 100, gigabytes: 20, origin: .assumed)

  var json: JSONValue {
    var fields: [(name: String, value: JSONValue)] = [
      ("gflops", JSONValue(gigaflops)), ("gb_per_s", JSONValue(gigabytes)), ("given", JSONValue(origin == .given)),
    ]
    if origin == .measured { fields.append(("measured", true)) }
    return JSONValue(fields: fields)
  }
}

/// Stage `kernels` of the form that docs/inspect.md describes.
extension Inspection {
  func kernelFields() -> [(name: String, value: JSONValue)] {
    guard let plan else { return [] }
    var fields: [(name: String, value: JSONValue)] = [
      ("kernels", JSONValue(plan.program.kernels.indices.map { kernel($0, plan) })), ("limits", limits.json),
    ]
    guard let compilation else { return fields }
    fields.append(("kernels_before_fusion", JSONValue(compilation.lowered.kernels.count)))
    if whyNotFused {
      fields.append(("fused", JSONValue(compilation.fusion.steps.map(step))))
      fields.append(("not_fused", JSONValue(compilation.fusion.distinctRefusals.map(refusal))))
    }
    return fields
  }

  private func step(_ step: FusionRecord.Step) -> JSONValue {
    JSONValue(fields: [
      ("kind", JSONValue(step.kind.rawValue)), ("producer", numbers(step.producer)),
      ("consumer", numbers(step.consumer)),
    ])
  }

  private func refusal(_ refusal: FusionRefusal) -> JSONValue {
    JSONValue(fields: [
      ("producer", JSONValue(refusal.producer.map(node))), ("consumer", JSONValue(refusal.consumer.map(node))),
      ("reason", JSONValue("\(refusal.reason)")), ("text", JSONValue(refusal.reason.rawValue)),
    ])
  }

  private func kernel(_ index: Int, _ plan: Plan) -> JSONValue {
    let kernel = plan.program.kernels[index]
    let work = plan.work(of: kernel)
    func names(_ buffers: [BufferID]) -> JSONValue { JSONValue(buffers.map { JSONValue($0.index) }) }
    var fields: [(name: String, value: JSONValue)] = [
      ("index", JSONValue(index)), ("name", JSONValue(kernel.name)), ("kind", JSONValue(Inspection.kind(kernel))),
      ("cost_ns", JSONValue(plan.costs[index])), ("barrier", JSONValue(plan.barriers[index])),
    ]
    if let section = plan.sections.firstIndex(where: { $0.kernels.contains(index) }) {
      fields.append(("section", JSONValue(section)))
    }
    if let run = plan.memory.repeats?.first(where: { $0.kernel == index }) {
      fields.append(("repeats", JSONValue(run.of)))
    }
    if let measured { fields += times(measured, index) }
    if let operations = work.operations { fields.append(("flops", whole(operations))) }
    fields += [
      ("bytes_read", whole(work.bytesRead)), ("bytes_written", whole(work.bytesWritten)),
      ("nodes", JSONValue(kernel.nodes.map(node))), ("reads", names(kernel.reads)), ("writes", names(kernel.writes)),
      ("loops", JSONValue(KernelText(plan: plan, kernel: kernel).lines.map { JSONValue($0) })),
    ]
    return JSONValue(fields: fields)
  }

  private func times(_ measured: KernelTimes, _ index: Int) -> [(name: String, value: JSONValue)] {
    let threads = measured.threads[index].map { thread in
      JSONValue(fields: [("ns", JSONValue(thread.time)), ("waiting_ns", JSONValue(thread.waiting))])
    }
    return [("measured_ns", JSONValue(measured.nanoseconds[index]))]
      + (threads.isEmpty ? [] : [("measured_threads", JSONValue(threads))])
  }

  /// Exact for all that can run; a plan from a file may ask for more.
  private func whole(_ value: Double) -> JSONValue { JSONValue(Int(min(value, 1e18))) }

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
}
