import JacquardCore
import JacquardKernels

// MARK: - Padded results

extension Fusion {
  /// A result that is copied into a larger array, whose borders hold a constant, is stored there by the kernel that makes it. The
  /// loops that fill the borders run beside.
  mutating func storePadded() {
    for index in kernels.indices {
      guard let padding = Padding(kernels[index]) else { continue }
      for producer in producers(index).sorted(by: >) where store(producer, index, padding) { break }
    }
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
