import JacquardCore
import JacquardKernels

// MARK: - Padded results

extension Fusion {
  /// A result that is copied into a larger array, whose borders hold a constant, is stored there by the kernel that makes it. The
  /// loops that fill the borders run beside. What the kernel reads is then alive together with the larger array, so it stays as it is
  /// where a step would need much more memory.
  mutating func storePadded() {
    var most: Double?
    for index in kernels.indices {
      guard let padding = Padding(kernels[index]) else { continue }
      let limit = most ?? Double(peak()) * (1 + heuristics.paddingGrowth)
      most = limit
      for producer in producers(index).sorted(by: >) {
        var trial = self
        if trial.store(producer, index, padding), Double(trial.peak()) <= limit {
          self = trial
          break
        }
      }
    }
  }

  /// The most bytes alive at once in the order of the kernels, nothing in place.
  private func peak() -> Int {
    let sequence = order()
    var last = [Int](repeating: -1, count: program.buffers.count)
    for (position, kernel) in sequence.enumerated() {
      for buffer in writesOf[kernel] + readsOf[kernel] { last[buffer.index] = position }
    }
    var (peak, live) = (0, 0)
    for (position, kernel) in sequence.enumerated() {
      for buffer in writesOf[kernel] { live += bytes(buffer) }
      peak = max(peak, live)
      for buffer in (writesOf[kernel] + readsOf[kernel]).withoutRepetition()
      where last[buffer.index] == position && isTemporary(buffer) { live -= bytes(buffer) }
    }
    return peak
  }

  /// A kernel that fills an array: the inside from others, the borders with constants.
  private struct Padding {
    var inside: Flow
    var borders: [Flow]

    init?(_ kernel: FusionKernel?) {
      guard let kernel, !kernel.canFail, case .flows(let flows) = kernel.body, flows.count > 1,
        flows.allSatisfy(\.isMap)
      else { return nil }
      let readers = flows.filter { !$0.reads.isEmpty }
      guard readers.count == 1 else { return nil }
      inside = readers[0]
      borders = flows.filter(\.reads.isEmpty)
    }

    /// What is copied, if the inside is nothing but a copy.
    var copy: Copy? {
      guard inside.steps.count == 1, inside.stores.count == 1, case .load(let load) = inside.steps[0].operation,
        load.fill == nil, load.indices.count == inside.stores[0].access.indices.count
      else { return nil }
      let shifts = zip(inside.stores[0].access.indices, load.indices).map { $0 - $1 }
      guard shifts.allSatisfy(\.isConstant), load.indices.allSatisfy({ $0.singleAxis != nil || $0.isConstant }),
        Set(load.indices.compactMap(\.singleAxis)) == Set(inside.extents.indices)
      else { return nil }
      return Copy(source: load.buffer, target: inside.stores[0].access.buffer, shifts: shifts)
    }
  }

  /// An array that lies inside another.
  private struct Copy {
    var source: BufferID
    var target: BufferID
    var shifts: [IndexExpression]

    /// An element of the source in the target.
    func moved(_ access: Access) -> Access {
      if access.buffer != source { return access }
      return Access(target, zip(access.indices, shifts).map { $0 + $1 }, node: access.node)
    }
  }

  /// A result that is copied into a padded array and read by one kernel beside is read there too, so that it is stored once only. It
  /// must be a result that would be stored anyway, rather than computed again from another that is. For more kernels, over whose time the
  /// larger array would stay, memory counts more.
  mutating func readPadded() {
    for index in kernels.indices {
      guard let padding = Padding(kernels[index]), let copy = padding.copy, isTemporary(copy.source),
        program[copy.source].extents.last ?? 0 >= heuristics.paddedRow, isStoredForItself(copy.source)
      else { continue }
      let others = readers[copy.source.index].filter { $0 != index }
      // Kernels still stand in the order of the graph, in which the one that reads the copy must follow it.
      guard others.count == 1, let reader = others.first, reader > index, canRead(copy.source, elsewhere: reader),
        var kernel = kernels[reader]
      else { continue }
      kernel.mapFlows { flow in
        flow.reads.contains(copy.source) ? flow.mappingLoads { copy.moved($0) } : flow
      }
      replace(reader, by: kernel)
    }
  }

  /// Whether a kernel reads a buffer by its loads alone, at places known when compiling.
  private func canRead(_ buffer: BufferID, elsewhere reader: Int) -> Bool {
    guard let kernel = kernels[reader], !kernel.fixedReads.contains(buffer) else { return false }
    let steps = kernel.allFlows.flatMap(\.steps)
    return !steps.isEmpty
      && steps.allSatisfy { step in
        switch step.operation {
        case .load(let access):
          access.buffer != buffer || (access.fill == nil && access.indices.allSatisfy(\.hasNoValues))
        case .random(_, let key, _): key != buffer
        default: true
        }
      }
  }

  /// Whether a value would have to be stored: no chain of maps leads to it from a single large operand that others read too.
  private func isStoredForItself(_ buffer: BufferID) -> Bool {
    var current = buffer
    while true {
      let kernel = writer[current.index]
      guard kernel >= 0, let flow = kernels[kernel]?.loop, flow.isMap else { return kernel >= 0 }
      let large = flow.reads.withoutRepetition().filter { program[$0].count >= program[buffer].count }
      if large.count != 1 { return large.count > 1 }
      if readers[large[0].index] != [kernel] || !isTemporary(large[0]) { return false }
      current = large[0]
    }
  }

  private mutating func store(_ producer: Int, _ index: Int, _ padding: Padding) -> Bool {
    guard let first = kernels[producer], var inside = kernels[index] else { return false }
    inside.body = .flows([padding.inside])
    guard case .success(let alignment) = look(first, inside, producer, index),
      let later = between(producer, index),
      case .success(var joined) = joined(first, inside, alignment, producer, index)
    else { return false }
    if case .product(var product, let epilogue) = joined.body {
      product.beside = (product.beside ?? []) + padding.borders.map { $0.staged() }
      joined.body = .product(product, epilogue: epilogue)
    } else if let flow = joined.loop {
      joined.body = .flows([flow] + padding.borders)
    } else {
      return false
    }
    replace(producer, by: nil)
    replace(index, by: joined)
    sequence.merge(producer, into: index, before: later)
    record.steps.append(.init(kind: .join, producer: first.nodes, consumer: inside.nodes))
    return true
  }
}
