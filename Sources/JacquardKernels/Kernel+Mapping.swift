import JacquardCore

extension Access {
  /// The same element of another buffer.
  fileprivate func mappingBuffer(_ transform: (BufferID) -> BufferID) -> Access {
    var result = self
    result.buffer = transform(buffer)
    return result
  }
}

extension [Instruction] {
  fileprivate func mappingBuffers(_ transform: (BufferID) -> BufferID) -> [Instruction] {
    map { step in
      switch step.operation {
      case .load(let access): Instruction(.load(access.mappingBuffer(transform)), step.dtype)
      case .random(let kind, let key, let element):
        Instruction(.random(kind, key: transform(key), element: element), step.dtype)
      default: step
      }
    }
  }
}

extension [Store] {
  fileprivate func mappingBuffers(_ transform: (BufferID) -> BufferID) -> [Store] {
    map { Store($0.access.mappingBuffer(transform), $0.value) }
  }
}

extension Kernel {
  /// The same computation on other buffers. Each must have the type, extents and layout of the one that it replaces.
  public func mappingBuffers(_ transform: (BufferID) -> BufferID) -> Kernel {
    var result = self
    switch kind {
    case .loops(let nests): result.kind = .loops(nests.map { $0.mappingBuffers(transform) })
    case .contraction(let product): result.kind = .contraction(product.mappingBuffers(transform))
    case .scatter(var scatter):
      scatter.body = scatter.body.mappingBuffers(transform)
      scatter.target = scatter.target.mappingBuffer(transform)
      scatter.base = transform(scatter.base)
      result.kind = .scatter(scatter)
    case .library(var call):
      call.operands = call.operands.map(transform)
      call.results = call.results.map(transform)
      result.kind = .library(call)
    case .control(let control): result.kind = .control(control.mappingBuffers(transform))
    }
    return result
  }
}

extension LoopNest {
  fileprivate func mappingBuffers(_ transform: (BufferID) -> BufferID) -> LoopNest {
    var result = self
    for k in stages.indices {
      result.stages[k].body = stages[k].body.mappingBuffers(transform)
      result.stages[k].stores = stages[k].stores.mappingBuffers(transform)
    }
    return result
  }
}

extension Contraction {
  fileprivate func mappingBuffers(_ transform: (BufferID) -> BufferID) -> Contraction {
    var result = self
    result.lhs.buffer = transform(lhs.buffer)
    result.rhs.buffer = transform(rhs.buffer)
    result.epilogue = epilogue.mappingBuffers(transform)
    result.stores = stores.mappingBuffers(transform)
    if let rows {
      result.rows = Rows(
        reductions: rows.reductions, body: rows.body.mappingBuffers(transform),
        stores: rows.stores.mappingBuffers(transform))
    }
    result.beside = beside?.map { $0.mappingBuffers(transform) }
    return result
  }
}

extension Control {
  fileprivate func mappingBuffers(_ transform: (BufferID) -> BufferID) -> Control {
    var result = self
    result.predicate = predicate.map(transform)
    result.starts = starts.map { Start(from: transform($0.from), to: transform($0.to)) }
    result.workspace = workspace.map(transform)
    for branch in branches.indices {
      for binding in branches[branch].bindings.indices {
        result.branches[branch].bindings[binding].buffer = transform(branches[branch].bindings[binding].buffer)
      }
    }
    return result
  }
}
