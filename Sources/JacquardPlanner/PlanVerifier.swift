import JacquardCore
import JacquardIR
import JacquardKernels

extension Plan {
  /// Proves that running the plan stays in bounds: every reference exists, every access lies in its buffer for all
  /// points of its loops, no two points of parallel loops store to one element, no buffer is read after its memory was
  /// given to another, programs are well typed, barriers suffice.
  ///
  /// Time is bounded too. What loops store is bounded by memory, as each element is stored once; but a reduction over a
  /// constant, or a product with a long K of which every row is the same, needs little memory for any amount of work. So
  /// the cost model estimates the step anew (what the plan states is not trusted), and a plan that would take longer than
  /// `CostModel.longest` on one thread is refused: honest ones are far below.
  ///
  /// A plan from a file is run only after this. - Throws: `Diagnostic` naming the kernel and the place.
  public func verify() throws { try verify(depth: 0) }

  private func verify(depth: Int) throws {
    if depth > Graph.deepestNesting { throw Diagnostic("programs are nested too deeply") }
    for (index, nested) in programs.enumerated() {
      do {
        try nested.verify(depth: depth + 1)
      } catch let error as Diagnostic {
        throw error.at("program \(index)")
      }
    }
    try verifyShape()
    if depth > 0 && program.sections != nil { throw Diagnostic("a nested program has sections") }
    for (index, buffer) in program.buffers.enumerated() { try PlanVerifier.verify(buffer, index) }
    try verifyStorage()
    for (index, kernel) in program.kernels.enumerated() {
      do {
        try verifyReferences(kernel)
        try KernelVerifier(plan: self, kernel: kernel).verify()
      } catch let error as Diagnostic {
        throw error.at("kernel \(index) '\(kernel.name)'")
      }
    }
    try verifySections()
    try verifyTime()
    try verifyLiveness()
    let needed = Barriers.needed(program, storage, given: barriers)
    for (index, need) in needed.enumerated() where need && !barriers[index] {
      throw Diagnostic("a barrier is missing before kernel \(index) '\(program.kernels[index].name)'")
    }
  }

  private func verifyShape() throws {
    guard storage.count == program.buffers.count else { throw Diagnostic("one storage a buffer is needed") }
    guard barriers.count == program.kernels.count, costs.count == program.kernels.count else {
      throw Diagnostic("one barrier flag and one cost a kernel are needed")
    }
    guard arenaBytes >= 0, arenaBytes <= PlanVerifier.largest else { throw Diagnostic("impossible arena size") }
    guard program.kernels.count <= 1 << 20, program.buffers.count <= 1 << 24 else {
      throw Diagnostic("impossibly many kernels or buffers")
    }
    guard costs.allSatisfy({ (0...CostModel.longest).contains($0) }) else { throw Diagnostic("impossible cost") }
    guard nodes.allSatisfy({ (0..<1 << 31).contains($0.id.index) }) else { throw Diagnostic("impossible node number") }
    let ids = nodes.map(\.id)
    for (a, b) in zip(ids, ids.dropFirst()) where !(a < b) { throw Diagnostic("nodes are not in order") }
    if let limited = memory.limited { try verify(limited) }
    if let repeats = memory.repeats { try verify(repeats) }
    try verifySectionRanges()
  }

  /// Executors do not look at it, but reports name what it names.
  private func verify(_ limited: MemoryReport.Limited) throws {
    guard arenaBytes <= limited.limit, limited.unlimited >= 0 else { throw Diagnostic("the arena exceeds its limit") }
    try verify(limited.repeated)
  }

  private func verify(_ repeats: [MemoryReport.Repeat]) throws {
    var previous = -1
    for run in repeats {
      guard run.kernel > previous, program.kernels.indices.contains(run.kernel), (0..<run.kernel).contains(run.of)
      else {
        throw Diagnostic("a repeated kernel does not exist, or does not come after its first run")
      }
      previous = run.kernel
    }
  }

  private func verifyTime() throws {
    var total = 0
    for (index, kernel) in program.kernels.enumerated() {
      total += CostModel.nanoseconds(kernel)
      if total >= CostModel.longest {
        throw Diagnostic(
          "kernel \(index) '\(kernel.name)' brings the step to more than \(CostModel.longest / 1_000_000_000) seconds")
      }
    }
  }

  private func exists(_ buffer: BufferID) -> Bool { program.buffers.indices.contains(buffer.index) }

  private func verifyStorage() throws {
    for (index, place) in storage.enumerated() {
      let buffer = program.buffers[index]
      switch place {
      case .unused: break
      case .scratch(let offset, let slice):
        guard offset >= 0, offset % 64 == 0, slice > 0, offset <= PlanVerifier.largest - slice else {
          throw Diagnostic("the slice of buffer \(index) lies nowhere")
        }
      case .arena(let offset):
        guard offset >= 0, offset % 64 == 0, offset <= arenaBytes, buffer.byteCount <= arenaBytes - offset else {
          throw Diagnostic("buffer \(index) lies outside the arena")
        }
      case .input(let input):
        guard inputs.indices.contains(input), try matches(buffer, inputs[input].type) else {
          throw Diagnostic("buffer \(index) does not fit input \(input)")
        }
      case .constant(let constant):
        guard constants.indices.contains(constant), try matches(buffer, constants[constant].tensor.type) else {
          throw Diagnostic("buffer \(index) does not fit constant \(constant)")
        }
      }
    }
    for (index, input) in inputs.enumerated() {
      guard exists(input.buffer), storage[input.buffer.index] == .input(index) else {
        throw Diagnostic("input '\(input.name)' has no buffer")
      }
    }
    for output in outputs {
      guard exists(output.buffer), try matches(program[output.buffer], output.type) else {
        throw Diagnostic("output '\(output.name)' has no buffer that fits")
      }
    }
  }

  private func matches(_ buffer: Buffer, _ type: TensorType) throws -> Bool {
    try type.validate()
    return buffer.dtype == type.dtype && type.shape.sizes == buffer.extents
      && buffer.layout == .rowMajor(buffer.extents)
  }

  private func verifyReferences(_ kernel: Kernel) throws {
    for buffer in kernel.reads + kernel.writes {
      guard exists(buffer), storage[buffer.index] != .unused else {
        throw Diagnostic("buffer \(buffer.index) does not exist or has no memory")
      }
    }
    for buffer in kernel.writes {
      switch storage[buffer.index] {
      case .constant: throw Diagnostic("a constant is written")
      case .input(let input) where !inputs[input].isUpdated:
        throw Diagnostic("input '\(inputs[input].name)' is written, but has no update")
      default: break
      }
    }
  }

  /// Follows the contents of memory through the step. Of a section, what holds for its kernels one after another holds for those of
  /// one block: slices lie to each other as their buffers do.
  private func verifyLiveness() throws {
    var valid: Set<BufferID> = []
    for (index, place) in storage.enumerated() {
      switch place {
      case .constant: valid.insert(BufferID(index))
      case .input(let input) where inputs[input].buffer.index == index: valid.insert(BufferID(index))
      default: break
      }
    }
    let rule = InPlace(program: program)
    for (position, kernel) in program.kernels.enumerated() {
      let place = "kernel \(position) '\(kernel.name)'"
      let writes = kernel.writes
      for buffer in kernel.reads where writes.contains(buffer) {
        throw Diagnostic("\(place) reads '\(program[buffer].name)', which it writes")
      }
      for buffer in kernel.reads where !valid.contains(buffer) {
        throw Diagnostic("\(place) reads '\(program[buffer].name)', whose memory holds something else")
      }
      for (k, buffer) in writes.enumerated() {
        guard let region = self.region(buffer) else { continue }
        for other in kernel.reads where overlaps(other, region) {
          if !rule.canOverwrite(kernel, buffer, over: other) || !isSameRegion(other, region) {
            throw Diagnostic("\(place) overwrites '\(program[other].name)' while it reads it")
          }
        }
        for other in writes[..<k] where overlaps(other, region) {
          throw Diagnostic("\(place) writes two results to the same memory")
        }
      }
      for buffer in writes {
        guard let region = self.region(buffer) else { continue }
        valid = valid.filter { $0 == buffer || !overlaps($0, region) }
        valid.insert(buffer)
      }
    }
    for output in outputs where program[output.buffer].count > 0 && !valid.contains(output.buffer) {
      throw Diagnostic("the memory of output '\(output.name)' holds something else at the end")
    }
  }

  private func overlaps(_ buffer: BufferID, _ region: MemoryRegion) -> Bool {
    self.region(buffer)?.overlaps(region) ?? false
  }

  private func isSameRegion(_ buffer: BufferID, _ region: MemoryRegion) -> Bool {
    self.region(buffer).map { $0.low == region.low && $0.high == region.high } ?? false
  }
}

enum PlanVerifier {
  /// Nothing larger is allocated or looped over.
  static let largest = TensorType.mostBytes

  static func verify(_ buffer: Buffer, _ index: Int) throws {
    let bad = Diagnostic("buffer \(index) has an impossible shape")
    guard buffer.extents.count <= TensorType.maximumRank, buffer.layout.strides.count == buffer.extents.count else {
      throw bad
    }
    let count = try points(buffer.extents, bad)
    if count == 0 { return }
    var reach = 0
    for (extent, stride) in zip(buffer.extents, buffer.layout.strides) {
      guard stride >= 0, stride <= largest else { throw bad }
      reach = try Overflow.add(reach, try Overflow.multiply(extent - 1, stride))
    }
    guard reach < count else { throw bad }
  }

  /// The number of points of a space, checked.
  static func points(_ extents: [Int], _ error: Diagnostic) throws -> Int {
    var count = 1
    for extent in extents {
      guard extent >= 0, extent <= largest else { throw error }
      let (product, overflow) = count.multipliedReportingOverflow(by: extent)
      guard !overflow, product <= largest else { throw error }
      count = product
    }
    return count
  }
}
