import JacquardCore

extension [Instruction] {
  /// The buffers that a body reads.
  public var reads: [BufferID] {
    compactMap { instruction in
      switch instruction.operation {
      case .load(let access): access.buffer
      case .random(_, let key, _): key
      default: nil
      }
    }
  }
}

extension LoopNest {
  public var reads: [BufferID] { stages.flatMap(\.body.reads) }
  public var writes: [BufferID] { stages.flatMap { $0.stores.map(\.access.buffer) } }
}

extension Kernel {
  /// The buffers read, in order of appearance, without repetition.
  public var reads: [BufferID] {
    switch kind {
    case .loops(let nests): unique(nests.flatMap(\.reads))
    case .contraction(let product): unique([product.lhs.buffer, product.rhs.buffer] + product.epilogue.reads)
    case .scatter(let scatter): unique([scatter.base] + scatter.body.reads)
    case .control(let control): unique(control.operands)
    }
  }

  /// The buffers written, in order of appearance, without repetition.
  public var writes: [BufferID] {
    switch kind {
    case .loops(let nests): unique(nests.flatMap(\.writes))
    case .contraction(let product): unique(product.stores.map(\.access.buffer))
    case .scatter(let scatter): [scatter.target.buffer]
    case .control(let control): unique(control.results)
    }
  }

  private func unique(_ buffers: [BufferID]) -> [BufferID] {
    var seen: Set<BufferID> = []
    return buffers.filter { seen.insert($0).inserted }
  }
}
