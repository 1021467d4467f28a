import JacquardCore
import JacquardKernels

extension KernelProgram {
  /// Marks accesses whose run-time indices a kernel that they depend on has checked before: the rows that an embedding's gradient
  /// adds to are those that the forward pass has read. Nothing then has to wait for the second check.
  mutating func markRepeatedChecks() {
    let checking = kernels.indices.filter { kernels[$0].canFail }
    if checking.isEmpty { return }
    var checks = RepeatedChecks(self)
    for index in checking { kernels[index] = checks.marked(index) }
  }
}

private struct RepeatedChecks {
  private struct Check {
    var kernel: Int
    /// All elements of the buffer are below it.
    var limit: Int
  }

  private let program: KernelProgram
  private let producers: [[Int]]
  private var known: [BufferID: [Check]] = [:]

  init(_ program: KernelProgram) {
    self.program = program
    var writer: [BufferID: Int] = [:]
    for (index, kernel) in program.kernels.enumerated() { for buffer in kernel.writes { writer[buffer] = index } }
    producers = program.kernels.map { kernel in kernel.reads.compactMap { writer[$0] } }
  }

  /// The kernel with its repeated checks marked; its other checks are remembered.
  mutating func marked(_ index: Int) -> Kernel {
    var kernel = program.kernels[index]
    switch kernel.kind {
    case .loops(let nests): kernel.kind = .loops(nests.map { marked($0, index) })
    case .scatter(var scatter):
      scatter.target = marked(scatter.target, scatter.body, scatter.space, index)
      scatter.body = marked(scatter.body, scatter.space, index)
      kernel.kind = .scatter(scatter)
    default: break
    }
    return kernel
  }

  private mutating func marked(_ nest: LoopNest, _ index: Int) -> LoopNest {
    var result = nest
    for k in nest.stages.indices {
      result.stages[k].body = marked(nest.stages[k].body, nest.outer + nest.stages[k].inner, index)
    }
    return result
  }

  private mutating func marked(_ body: [Instruction], _ extents: [Int], _ index: Int) -> [Instruction] {
    var result = body
    for (place, step) in body.enumerated() {
      guard case .load(let access) = step.operation else { continue }
      result[place] = Instruction(.load(marked(access, body, extents, index)), step.dtype)
    }
    return result
  }

  private mutating func marked(_ access: Access, _ body: [Instruction], _ extents: [Int], _ index: Int) -> Access {
    guard access.isChecked, !extents.contains(0) else { return access }
    var sources: [(load: Access, limit: Int)] = []
    for (position, limit) in zip(access.indices, program[access.buffer].extents) where !position.hasNoValues {
      guard let value = position.singleValue, body.indices.contains(value), case .load(let load) = body[value].operation
      else { return access }
      sources.append((load, limit))
    }
    var result = access
    if sources.allSatisfy({ isKnown($0.load.buffer, below: $0.limit, in: index) }) {
      result.wasChecked = true
    } else {
      for source in sources where isWhole(source.load, extents) {
        known[source.load.buffer, default: []].append(Check(kernel: index, limit: source.limit))
      }
    }
    return result
  }

  /// Whether a load reads every element of its buffer.
  private func isWhole(_ load: Access, _ extents: [Int]) -> Bool {
    let axes = load.indices.map(\.singleAxis)
    return Set(axes).count == axes.count
      && zip(axes, program[load.buffer].extents).allSatisfy { axis, extent in axis.map { extents[$0] } == extent }
  }

  private func isKnown(_ buffer: BufferID, below limit: Int, in kernel: Int) -> Bool {
    known[buffer]?.contains { $0.limit <= limit && depends(kernel, on: $0.kernel) } ?? false
  }

  private func depends(_ kernel: Int, on other: Int) -> Bool {
    var stack = [kernel]
    var seen: Set<Int> = [kernel]
    while let next = stack.popLast() {
      if next == other { return next != kernel }
      for producer in producers[next] where producer >= other && seen.insert(producer).inserted {
        stack.append(producer)
      }
    }
    return false
  }
}
