import JacquardCore
import JacquardIR
import JacquardKernels

/// A compiled graph: kernels in order, and where each buffer lives. Immutable data that knows no executor.
public struct Plan: Hashable, Sendable, Codable {
  /// Where a buffer lives.
  public enum Storage: Hashable, Sendable, Codable {
    /// Removed by fusion.
    case unused
    /// The memory of an input, by its position; also what replaces it in place.
    case input(Int)
    case constant(Int)
    /// Byte offset in the arena, 64-byte aligned.
    case arena(Int)
    /// Of a buffer that only kernels of one section use: a thread has the slice that belongs to its block, of so many bytes, at this
    /// offset of its block memory, 64-byte aligned.
    case scratch(offset: Int, slice: Int)
  }

  public struct PlanInput: Hashable, Sendable, Codable {
    public var name: String
    public var type: TensorType
    public var role: Input.Role
    public var buffer: BufferID
    public var initializer: Initializer?
    public var sample: SampleHint?
    public var feed: FeedHint?
    /// Whether a step writes to it.
    public var isUpdated: Bool
  }

  public struct PlanOutput: Hashable, Sendable, Codable {
    public var name: String
    public var type: TensorType
    public var buffer: BufferID
  }

  /// What messages and reports say of a graph node.
  public struct PlanNode: Hashable, Sendable, Codable {
    public var id: NodeID
    public var operation: String
    public var label: String
    public var scope: String
    public var site: String?
  }

  public var name: String
  public var program: KernelProgram
  /// One a buffer of the program.
  public var storage: [Storage]
  /// One a kernel: whether threads must meet before it.
  public var barriers: [Bool]
  /// One a kernel: estimated nanoseconds on one thread.
  public var costs: [Int]
  public var inputs: [PlanInput]
  public var outputs: [PlanOutput]
  public var constants: [PlanConstant]
  /// What control kernels repeat: each a plan whose arena is the kernel's workspace.
  public var programs: [Plan]
  public var nodes: [PlanNode]
  public var arenaBytes: Int
  public var memory: MemoryReport
  /// The sizes that symbols were bound to.
  public var bindings: [Binding]

  public struct Binding: Hashable, Sendable, Codable {
    public var symbol: String
    public var size: Int
  }

  public func node(_ id: NodeID) -> PlanNode? {
    // Nodes are sorted by number.
    var low = 0
    var high = nodes.count
    while low < high {
      let middle = (low + high) / 2
      if nodes[middle].id < id { low = middle + 1 } else { high = middle }
    }
    return low < nodes.count && nodes[low].id == id ? nodes[low] : nil
  }

  /// Estimated nanoseconds, on one thread, of the kernels that compute again what a memory limit made the plan give up.
  public var repeatedCost: Int {
    (memory.limited?.repeated ?? []).reduce(0) { $0 + (costs.indices.contains($1.kernel) ? costs[$1.kernel] : 0) }
  }

  /// What reports say of a section.
  public struct SectionReport: Sendable {
    public var kernels: Range<Int>
    public var blocks: Int
    /// Buffers of which only slices exist.
    public var locals: [BufferID]
    /// What these would take as a whole.
    public var bytes: Int
  }

  /// The sections, in order.
  public var sections: [SectionReport] {
    (program.sections ?? []).map { section in
      let touched = program.kernels[section.kernels].flatMap { $0.writes + $0.reads }.withoutRepetition()
      let locals = touched.filter { if case .scratch = storage[$0.index] { true } else { false } }
      return SectionReport(
        kernels: section.kernels, blocks: section.blocks, locals: locals,
        bytes: locals.reduce(0) { $0 + program[$1].byteCount })
    }
  }

  /// Bytes of block memory that each thread needs: the slices of buffers that lie in no arena.
  public var localBytes: Int {
    storage.reduce(0) { most, place in
      if case .scratch(let offset, let slice) = place { max(most, roundedTo64(offset + slice)) } else { most }
    }
  }

  /// Two operations for each multiplication of the matrix products of a step.
  public var productOperations: Double {
    program.kernels.reduce(0) { sum, kernel in
      guard case .contraction(let product) = kernel.kind else { return sum }
      let points = product.extents.reduce(1.0) { $0 * Double($1) }
      return sum + 2 * points * Double(product.k)
    }
  }
}

/// The contents of a constant buffer.
public struct PlanConstant: Hashable, Sendable {
  public var tensor: HostTensor

  public init(_ tensor: HostTensor) { self.tensor = tensor }
}

extension PlanConstant: Codable {
  private enum CodingKeys: String, CodingKey { case type, hex }

  public init(from decoder: any Decoder) throws {
    let container = try decoder.container(keyedBy: CodingKeys.self)
    let type = try container.decode(TensorType.self, forKey: .type)
    guard let sizes = type.shape.sizes else { throw Diagnostic("constant of type \(type) is not static") }
    let digits = Array(try container.decode(String.self, forKey: .hex).utf8)
    guard let bytes = try type.byteCount(), digits.count % 2 == 0, digits.count / 2 == bytes else {
      throw Diagnostic("constant of type \(type) has the wrong number of bytes")
    }
    tensor = try HostTensor(zeros: type.dtype, sizes)
    try tensor.withUnsafeMutableBytes { memory in
      for index in 0..<bytes {
        guard let high = PlanConstant.digit(digits[2 * index]), let low = PlanConstant.digit(digits[2 * index + 1])
        else { throw Diagnostic("constant is not in hexadecimal") }
        memory[index] = high << 4 | low
      }
    }
  }

  private static func digit(_ byte: UInt8) -> UInt8? {
    switch byte {
    case 48...57: byte - 48
    case 97...102: byte - 87
    default: nil
    }
  }

  public func encode(to encoder: any Encoder) throws {
    var container = encoder.container(keyedBy: CodingKeys.self)
    try container.encode(tensor.type, forKey: .type)
    let digits = Array("0123456789abcdef".utf8)
    let text = tensor.withUnsafeBytes { bytes in
      bytes.flatMap { [digits[Int($0 >> 4)], digits[Int($0 & 15)]] }
    }
    try container.encode(String(decoding: text, as: UTF8.self), forKey: .hex)
  }
}

/// What the plan's memory amounts to, known before anything runs. Sizes in bytes, each buffer rounded to 64.
public struct MemoryReport: Hashable, Sendable, Codable {
  /// Sum of all buffers, none sharing.
  public var naive: Int = 0
  /// The largest sum of live buffers over the schedule.
  public var lowerBound: Int = 0
  /// The arena.
  public var achieved: Int = 0
  /// The largest sum of live buffers if nothing were fused and the graph ran depth first.
  public var unfusedPeak: Int = 0
  /// Buffers written over an operand that dies.
  public var joins: [Join] = []
  /// Parameters and state that could not be replaced in place.
  public var copies: [Copy] = []
  /// Parameters and state replaced in place.
  public var inPlaceUpdates: [String] = []
  /// Every buffer of the arena, largest first.
  public var buffers: [Entry] = []
  /// What a memory limit changed; nil if there was none, or the plan fitted.
  public var limited: Limited?
  /// Kernels that compute again what is not stored, for sections; nil for none.
  public var repeats: [Repeat]?

  /// A plan made to fit.
  public struct Limited: Hashable, Sendable, Codable {
    /// The most bytes that the arena may take.
    public var limit: Int
    /// The arena without a limit.
    public var unlimited: Int
    /// Kernels that compute again what was given up, in order.
    public var repeated: [Repeat]

    public init(limit: Int, unlimited: Int, repeated: [Repeat]) {
      (self.limit, self.unlimited, self.repeated) = (limit, unlimited, repeated)
    }
  }

  /// A further run of a kernel, perhaps for some of its results only.
  public struct Repeat: Hashable, Sendable, Codable {
    public var kernel: Int
    /// The kernel that ran first.
    public var of: Int

    public init(kernel: Int, of: Int) { (self.kernel, self.of) = (kernel, of) }
  }

  public struct Join: Hashable, Sendable, Codable {
    public var buffer: BufferID
    public var over: BufferID
    public var kernel: Int
  }

  public struct Copy: Hashable, Sendable, Codable {
    public var name: String
    public var reason: String
  }

  public struct Entry: Hashable, Sendable, Codable {
    public var buffer: BufferID
    public var name: String
    public var type: String
    public var bytes: Int
    public var offset: Int
    /// First and last kernel that touches it.
    public var first: Int
    public var last: Int
    public var site: String?
  }
}
