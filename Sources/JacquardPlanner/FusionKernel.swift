import JacquardCore
import JacquardKernels

/// A kernel while fusion works on it: its loops as data flow.
struct FusionKernel: Sendable {
  enum Body: Sendable {
    /// Independent loop nests; fusion by data flow is for kernels with exactly one.
    case flows([Flow])
    /// A product whose epilogue is the flow, over (batch..., m, n).
    case product(Contraction, epilogue: Flow)
    /// A scatter whose body is the flow; its only store is the target.
    case scatter(Scatter, body: Flow)
    case opaque(Kernel.Kind)
  }

  var body: Body
  var nodes: [NodeID]
  var label: String

  init(_ kernel: Kernel) {
    nodes = kernel.nodes
    label = kernel.name
    switch kernel.kind {
    case .loops(let nests):
      let flows = nests.compactMap { Flow($0)?.withoutUnitAxes() }
      body = flows.count == nests.count ? .flows(flows) : .opaque(kernel.kind)
    case .contraction(let product):
      let nest = LoopNest(outer: product.extents, stages: [Stage(body: product.epilogue, stores: product.stores)])
      body = Flow(nest).map { .product(product, epilogue: $0) } ?? .opaque(kernel.kind)
    case .scatter(let scatter):
      let stage = Stage(body: scatter.body, stores: [Store(scatter.target, scatter.value)])
      let nest = LoopNest(outer: scatter.space, stages: [stage])
      body = Flow(nest).map { .scatter(scatter, body: $0) } ?? .opaque(kernel.kind)
    case .library, .control: body = .opaque(kernel.kind)
    }
  }

  /// The one flow that may be changed, whatever it belongs to.
  var flow: Flow? {
    switch body {
    case .flows(let flows): flows.count == 1 ? flows[0] : nil
    case .product(_, let epilogue): epilogue
    case .scatter(_, let flow): flow
    case .opaque: nil
    }
  }

  mutating func setFlow(_ flow: Flow) {
    switch body {
    case .flows: body = .flows([flow])
    case .product(let product, _): body = .product(product, epilogue: flow)
    case .scatter(let scatter, _): body = .scatter(scatter, body: flow)
    case .opaque: break
    }
  }

  /// The flows that a map may be computed inside: of kernels of several nests too.
  var allFlows: [Flow] { if case .flows(let flows) = body { flows } else { flow.map { [$0] } ?? [] } }

  mutating func mapFlows(_ transform: (Flow) -> Flow) {
    if case .flows(let flows) = body {
      body = .flows(flows.map(transform))
    } else if let flow {
      setFlow(transform(flow))
    }
  }

  /// The flow, if the kernel is nothing but one loop nest.
  var loop: Flow? { if case .flows(let flows) = body, flows.count == 1 { flows[0] } else { nil } }

  /// Instructions of the one flow.
  var stepCount: Int {
    switch body {
    case .flows(let flows): flows.count == 1 ? flows[0].steps.count : 0
    case .product(_, let flow), .scatter(_, let flow): flow.steps.count
    case .opaque: 0
    }
  }

  /// Whether it is a reduction or a scatter.
  var gathersUp: Bool {
    if case .scatter = body { return true }
    return loop.map { !$0.reductions.isEmpty } ?? false
  }

  var isProduct: Bool { if case .product = body { true } else { false } }

  /// Buffers read other than through the flow's loads: operands of products, the base of a scatter.
  var fixedReads: [BufferID] {
    switch body {
    case .flows: []
    case .product(let product, _):
      [product.lhs.buffer, product.rhs.buffer] + (product.beside ?? []).flatMap(\.reads)
    case .scatter(let scatter, _): [scatter.base]
    case .opaque(let kind): Kernel(name: label, nodes: [], kind: kind).reads
    }
  }

  var reads: [BufferID] {
    if case .flows(let flows) = body { return flows.flatMap(\.reads) }
    return fixedReads + (flow?.reads ?? [])
  }

  var writes: [BufferID] {
    switch body {
    case .flows(let flows): flows.flatMap(\.writes)
    case .product(let product, let flow): flow.writes + (product.beside ?? []).flatMap(\.writes)
    case .scatter(_, let flow): flow.writes
    case .opaque(let kind): Kernel(name: label, nodes: [], kind: kind).writes
    }
  }

  /// Whether it checks indices as it runs.
  var canFail: Bool {
    switch body {
    case .flows(let flows): flows.contains { $0.steps.canFail }
    case .product(_, let flow): flow.steps.canFail
    case .scatter(_, let flow): flow.steps.canFail || flow.stores.contains { $0.access.isChecked }
    case .opaque(let kind): Kernel(name: label, nodes: nodes, kind: kind).canFail
    }
  }

  /// The kernel in its final form.
  func finished(name: String) -> Kernel {
    let kind: Kernel.Kind
    switch body {
    case .flows(let flows): kind = .loops(flows.map { $0.staged() })
    case .product(let product, let flow):
      kind = .contraction(product.storing(flow))
    case .scatter(var scatter, let flow):
      let stage = Stage(body: flow.steps, stores: flow.stores).compacted()
      scatter.space = flow.outer
      scatter.body = stage.body
      scatter.target = stage.stores[0].access
      scatter.value = stage.stores[0].value
      kind = .scatter(scatter)
    case .opaque(let other): kind = other
    }
    return Kernel(name: name, nodes: nodes.sorted(), kind: kind)
  }
}

extension Contraction {
  /// The product with what a flow says to do with its elements and rows.
  fileprivate func storing(_ flow: Flow) -> Contraction {
    var result = self
    let stages =
      flow.reductions.isEmpty ? [Stage(body: flow.steps, stores: flow.stores).compacted()] : flow.staged().stages
    (result.epilogue, result.stores) = (stages[0].body, stages[0].stores)
    if stages.count > 1 {
      result.rows = Rows(reductions: stages[0].reductions, body: stages[1].body, stores: stages[1].stores)
    }
    return result
  }
}
