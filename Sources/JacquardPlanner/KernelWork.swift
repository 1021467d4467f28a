import JacquardCore
import JacquardKernels

/// What one step has a kernel compute and move: the two sides of a roofline.
public struct KernelWork: Hashable, Sendable {
  /// Operations: one for each function applied at a point of the loops and each value that a reduction takes, two for each
  /// term of a matrix product. Nil for a library routine, whose number of operations is its own affair.
  public var operations: Double?
  /// Bytes that must come from memory if each array passes once: each array read, but no more of it than there are reads.
  public var bytesRead: Double
  /// The same for arrays written.
  public var bytesWritten: Double

  static let none = KernelWork(operations: 0, bytesRead: 0, bytesWritten: 0)

  static func + (a: KernelWork, b: KernelWork) -> KernelWork {
    KernelWork(
      operations: a.operations.flatMap { x in b.operations.map { x + $0 } }, bytesRead: a.bytesRead + b.bytesRead,
      bytesWritten: a.bytesWritten + b.bytesWritten)
  }

  static func * (work: KernelWork, times: Double) -> KernelWork {
    KernelWork(
      operations: work.operations.map { $0 * times }, bytesRead: work.bytesRead * times,
      bytesWritten: work.bytesWritten * times)
  }
}

extension Plan {
  /// What a step has a kernel of this plan do. In floating point, where hostile extents cannot overflow.
  public func work(of kernel: Kernel) -> KernelWork {
    var traffic = Traffic(buffers: program.buffers)
    switch kernel.kind {
    case .loops(let nests):
      let operations = nests.reduce(0) { $0 + traffic.nest($1) }
      return traffic.work(operations)
    case .contraction(let product):
      let points = Traffic.points(product.extents)
      let epilogue = product.nests.reduce(0) { $0 + traffic.nest($1) }
      for operand in [product.lhs, product.rhs] { traffic.readAll(operand.buffer) }
      return traffic.work(2 * points * Double(product.k) + epilogue)
    case .scatter(let scatter):
      let points = Traffic.points(scatter.space)
      let operations = traffic.body(scatter.body, points)
      traffic.readAll(scatter.base)
      traffic.writeAll(scatter.target.buffer)
      return traffic.work(operations + (scatter.combiner == nil ? 0 : points))
    case .library(let call):
      for buffer in call.operands { traffic.readAll(buffer) }
      for buffer in call.results { traffic.writeAll(buffer) }
      return traffic.work(nil)
    case .control(let control): return work(of: control)
    }
  }

  private func work(of control: Control) -> KernelWork {
    let branches = control.branches.map { branch in
      let nested = programs[branch.program]
      return nested.program.kernels.reduce(KernelWork.none) { $0 + nested.work(of: $1) }
    }
    if control.kind == .cond { return branches.max { $0.bytesRead < $1.bytesRead } ?? .none }
    return branches.reduce(.none, +) * Double(control.trips)
  }
}

/// Counts what loops read and write of each array.
private struct Traffic {
  let buffers: [Buffer]
  private var reads: [BufferID: Double] = [:]
  private var writes: [BufferID: Double] = [:]

  init(buffers: [Buffer]) { self.buffers = buffers }

  static func points(_ extents: [Int]) -> Double { extents.reduce(1) { $0 * Double($1) } }

  mutating func readAll(_ buffer: BufferID) { reads[buffer] = .infinity }
  mutating func writeAll(_ buffer: BufferID) { writes[buffer] = .infinity }

  /// - Returns: Operations.
  mutating func nest(_ nest: LoopNest) -> Double {
    var operations = 0.0
    for stage in nest.stages {
      let points = Traffic.points(nest.extents(of: stage))
      operations += body(stage.body, points) + points * Double(stage.reductions.count)
      for store in stage.stores { writes[store.access.buffer, default: 0] += points }
    }
    return operations
  }

  /// - Returns: Operations.
  mutating func body(_ body: [Instruction], _ points: Double) -> Double {
    for buffer in body.reads { reads[buffer, default: 0] += points }
    let functions = body.count { if case .apply = $0.operation { true } else { false } }
    return Double(functions) * points
  }

  func work(_ operations: Double?) -> KernelWork {
    KernelWork(operations: operations, bytesRead: bytes(reads), bytesWritten: bytes(writes))
  }

  private func bytes(_ elements: [BufferID: Double]) -> Double {
    elements.reduce(0) { sum, entry in
      let buffer = buffers[entry.key.index]
      return sum + min(entry.value, Traffic.points(buffer.extents)) * Double(buffer.dtype.byteSize)
    }
  }
}
