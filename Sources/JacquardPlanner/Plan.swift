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
    /// The contents of the constant at this position.
    case constant(Int)
    /// Byte offset in the arena, 64-byte aligned.
    case arena(Int)
    /// Of a buffer that only kernels of one section use: a thread has the slice that belongs to its block, of so many bytes, at this
    /// offset of its block memory, 64-byte aligned.
    case scratch(offset: Int, slice: Int)
  }

  /// What a step reads from outside, or keeps.
  public struct PlanInput: Hashable, Sendable, Codable {
    /// The name in the graph.
    public var name: String
    /// Element type and static shape.
    public var type: TensorType
    /// Where its value comes from.
    public var role: Input.Role
    /// Where kernels read it.
    public var buffer: BufferID
    /// How a parameter or state starts.
    public var initializer: Initializer?
    /// How to draw a data input when none is given.
    public var sample: SampleHint?
    /// What feeds a data input in training.
    public var feed: FeedHint?
    /// Whether a step writes to it.
    public var isUpdated: Bool
  }

  /// What a step gives.
  public struct PlanOutput: Hashable, Sendable, Codable {
    /// The name in the graph.
    public var name: String
    /// Element type and static shape.
    public var type: TensorType
    /// Where kernels leave it.
    public var buffer: BufferID
  }

  /// What messages and reports say of a graph node.
  public struct PlanNode: Hashable, Sendable, Codable {
    /// Its number in the optimised graph.
    public var id: NodeID
    /// The operation's name.
    public var operation: String
    /// The node's name, or its operation and number.
    public var label: String
    /// The layers around it, joined by `/`.
    public var scope: String
    /// The user's line, `Models/MLP.swift:12`.
    public var site: String?
  }

  /// The graph's name.
  public var name: String
  /// Buffers and kernels, in order of execution.
  public var program: KernelProgram
  /// One a buffer of the program.
  public var storage: [Storage]
  /// One a kernel: whether threads must meet before it.
  public var barriers: [Bool]
  /// One a kernel: estimated nanoseconds on one thread.
  public var costs: [Int]
  /// In the order of the graph.
  public var inputs: [PlanInput]
  /// In the order of the graph.
  public var outputs: [PlanOutput]
  /// By the positions that `Storage.constant` gives.
  public var constants: [PlanConstant]
  /// What control kernels repeat: each a plan whose arena is the kernel's workspace.
  public var programs: [Plan]
  /// The nodes that kernels and buffers mention, by ascending number.
  public var nodes: [PlanNode]
  /// The size of the arena.
  public var arenaBytes: Int
  /// What the memory amounts to, and why.
  public var memory: MemoryReport
  /// The sizes that symbols were bound to.
  public var bindings: [Binding]

  /// The size of a symbol.
  public struct Binding: Hashable, Sendable, Codable {
    /// Its name in the graph.
    public var symbol: String
    /// At least 1.
    public var size: Int
  }

  /// What is known of a node; nil if no kernel or buffer mentions it. Takes logarithmic time.
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
    /// Their numbers.
    public var kernels: Range<Int>
    /// Equal parts of their outer loops.
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
  /// The contents, dense and row-major.
  public var tensor: HostTensor

  /// A constant of these contents.
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

    /// A plan that was made to fit a limit.
    public init(limit: Int, unlimited: Int, repeated: [Repeat]) {
      (self.limit, self.unlimited, self.repeated) = (limit, unlimited, repeated)
    }
  }

  /// A further run of a kernel, perhaps for some of its results only.
  public struct Repeat: Hashable, Sendable, Codable {
    /// The kernel that runs again, by its position in the program.
    public var kernel: Int
    /// The kernel that ran first.
    public var of: Int

    /// A run of one kernel that repeats another.
    public init(kernel: Int, of: Int) { (self.kernel, self.of) = (kernel, of) }
  }

  /// A result that is written over an operand.
  public struct Join: Hashable, Sendable, Codable {
    /// The result.
    public var buffer: BufferID
    /// The operand, whose memory the result takes.
    public var over: BufferID
    /// The kernel that does so, by its position in the program.
    public var kernel: Int
  }

  /// A new value that is copied into a parameter or state.
  public struct Copy: Hashable, Sendable, Codable {
    /// The input's name.
    public var name: String
    /// Why it was not written there at once, in a clause.
    public var reason: String
  }

  /// A buffer of the arena.
  public struct Entry: Hashable, Sendable, Codable {
    /// Its number in the program.
    public var buffer: BufferID
    /// The name of the value or node that it holds.
    public var name: String
    /// Element type and sizes, `f32[128,256]`.
    public var type: String
    /// Rounded up to 64.
    public var bytes: Int
    /// Bytes from the beginning of the arena.
    public var offset: Int
    /// First and last kernel that touches it.
    public var first: Int
    /// See `first`.
    public var last: Int
    /// The user's line that made the value.
    public var site: String?
  }
}
