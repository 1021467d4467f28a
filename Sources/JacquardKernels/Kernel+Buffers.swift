import JacquardCore

extension Access {
  /// Whether it has an index that is known only when it runs, and out of range is an error.
  public var isChecked: Bool { fill == nil && wasChecked != true && !indices.allSatisfy(\.hasNoValues) }
}

extension [Instruction] {
  /// Whether a load may meet an index out of range when it runs.
  public var canFail: Bool {
    for instruction in self { if case .load(let access) = instruction.operation, access.isChecked { return true } }
    return false
  }

  /// The buffers that a body reads.
  public var reads: [BufferID] {
    var result: [BufferID] = []
    for instruction in self {
      switch instruction.operation {
      case .load(let access): result.append(access.buffer)
      case .random(_, let key, _): result.append(key)
      default: break
      }
    }
    return result
  }
}

extension LoopNest {
  /// The buffers that its bodies read, a buffer once for each load.
  public var reads: [BufferID] { stages.flatMap(\.body.reads) }
  /// The buffers that its stages store to, a buffer once for each store.
  public var writes: [BufferID] { stages.flatMap { $0.stores.map(\.access.buffer) } }
}

extension Kernel {
  /// Whether it checks indices or matrices as it runs, so that a step may end with it.
  public var canFail: Bool {
    switch kind {
    case .loops(let nests): nests.contains { nest in nest.stages.contains { $0.body.canFail } }
    case .contraction(let product): product.nests.contains { nest in nest.stages.contains { $0.body.canFail } }
    case .scatter(let scatter): scatter.target.isChecked || scatter.body.canFail
    case .library(let call): call.function.failure != nil
    case .control(let control): control.canFail
    }
  }

  /// The buffers read, in order of appearance, without repetition.
  public var reads: [BufferID] {
    switch kind {
    case .loops(let nests): unique(nests.flatMap(\.reads))
    case .contraction(let product): unique([product.lhs.buffer, product.rhs.buffer] + product.nests.flatMap(\.reads))
    case .scatter(let scatter): unique([scatter.base] + scatter.body.reads)
    case .library(let call): unique(call.operands)
    case .control(let control): unique(control.reads)
    }
  }

  /// The buffers written, in order of appearance, without repetition.
  public var writes: [BufferID] {
    switch kind {
    case .loops(let nests): unique(nests.flatMap(\.writes))
    case .contraction(let product): unique(product.nests.flatMap(\.writes))
    case .scatter(let scatter): [scatter.target.buffer]
    case .library(let call): unique(call.results)
    case .control(let control): unique(control.writes)
    }
  }

  private func unique(_ buffers: [BufferID]) -> [BufferID] { buffers.withoutRepetition() }
}

extension [BufferID] {
  /// The buffers in order of appearance, each once.
  public func withoutRepetition() -> [BufferID] {
    if count < 2 { return self }
    if count > 32 {
      var seen: Set<BufferID> = []
      return filter { seen.insert($0).inserted }
    }
    var result: [BufferID] = []
    for buffer in self where !result.contains(buffer) { result.append(buffer) }
    return result
  }
}
