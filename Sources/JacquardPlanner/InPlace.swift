import JacquardCore
import JacquardKernels

/// Decides which buffers share memory because one is written over the other, element by element, as it dies.
struct InPlace {
  let program: KernelProgram

  /// Whether a kernel may write one buffer over another: in one nest, every read of the other is at the position
  /// where the result of the same point is stored, and no later pass reads it.
  func canOverwrite(_ kernel: Kernel, _ result: BufferID, over operand: BufferID) -> Bool {
    let (a, b) = (program[result], program[operand])
    guard a.dtype.byteSize == b.dtype.byteSize, a.count == b.count else { return false }
    switch kernel.kind {
    case .loops(let nests): return nests.allSatisfy { isAligned($0, result, operand) }
    case .contraction(let product):
      if product.lhs.buffer == operand || product.rhs.buffer == operand { return false }
      return product.nests.allSatisfy { isAligned($0, result, operand) }
    case .scatter(let scatter):
      // The base becomes the target; the values to add must not be read from it.
      return scatter.base == operand && scatter.target.buffer == result && !scatter.body.reads.contains(operand)
    case .library: return false
    case .control(let control):
      // A carried value begins where it ends, if nothing else reads the beginning.
      let uses = control.reads.count { $0 == operand }
      return uses == 1 && control.starts.contains(Control.Start(from: operand, to: result))
    }
  }

  private func isAligned(_ nest: LoopNest, _ result: BufferID, _ operand: BufferID) -> Bool {
    let b = program[operand]
    var position: IndexExpression?
    var storeStage = -1
    for (index, stage) in nest.stages.enumerated() {
      for store in stage.stores where store.access.buffer == result {
        if position != nil { return false }
        position = store.access.position(in: program[store.access.buffer])
        storeStage = index
      }
    }
    for (index, stage) in nest.stages.enumerated() {
      if stage.body.contains(where: { usesAsKey($0, operand) }) { return false }
      if stage.stores.contains(where: { $0.access.buffer != result && isLoad(stage.body[$0.value], operand) }) {
        return false
      }
      for step in stage.body {
        guard case .load(let access) = step.operation, access.buffer == operand else { continue }
        guard let position, index <= storeStage, access.fill == nil, access.position(in: b) == position else {
          return false
        }
      }
    }
    return true
  }

  /// The operand itself is stored elsewhere, perhaps after it is overwritten.
  private func isLoad(_ step: Instruction, _ operand: BufferID) -> Bool {
    if case .load(let access) = step.operation { access.buffer == operand } else { false }
  }

  private func usesAsKey(_ step: Instruction, _ operand: BufferID) -> Bool {
    if case .random(_, let key, _) = step.operation { key == operand } else { false }
  }
}
