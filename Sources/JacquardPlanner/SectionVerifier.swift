import JacquardCore
import JacquardKernels

extension Plan {
  /// Sections are runs of kernels that exist, one after another, without barriers inside.
  func verifySectionRanges() throws {
    var end = 0
    for (index, section) in (program.sections ?? []).enumerated() {
      guard section.first >= end, section.count > 0, section.first <= program.kernels.count - section.count,
        section.blocks > 0, section.blocks <= PlanVerifier.largest
      else { throw Diagnostic("section \(index) is no run of kernels behind the one before") }
      guard section.kernels.dropFirst().allSatisfy({ !barriers[$0] }) else {
        throw Diagnostic("there is a barrier inside section \(index)")
      }
      end = section.first + section.count
    }
  }

  /// Proves that blocks of a section do not meet each other, and that slices are those of buffers which nobody else uses. All
  /// kernels must have been verified.
  func verifySections() throws {
    var owners: [BufferID: Int] = [:]
    for (index, section) in (program.sections ?? []).enumerated() {
      do {
        let uses = try verify(section)
        try verifyApart(uses)
        for (buffer, use) in uses.buffers {
          guard case .scratch(_, let slice) = storage[buffer.index] else { continue }
          let bytes = program[buffer].byteCount
          guard use.isBlockwise, bytes % section.blocks == 0, bytes / section.blocks == slice else {
            throw Diagnostic("'\(program[buffer].name)' does not lie in slices of \(slice) bytes")
          }
          guard owners.updateValue(index, forKey: buffer) == nil else {
            throw Diagnostic("another section uses the slices of '\(program[buffer].name)', too")
          }
        }
      } catch let error as Diagnostic {
        throw error.at("section \(index)")
      }
    }
    try verifySliceOwners(owners)
  }

  private func verify(_ section: Section) throws -> SectionUses {
    var result = SectionUses()
    let cut = BlockCut(buffers: program.buffers, blocks: section.blocks)
    for position in section.kernels {
      let kernel = program.kernels[position]
      let place = "kernel \(position) '\(kernel.name)'"
      guard let uses = cut.uses(of: kernel) else {
        throw Diagnostic("\(place) does not run in \(section.blocks) blocks")
      }
      for buffer in kernel.writes {
        if case .input = storage[buffer.index] { throw Diagnostic("\(place) writes the memory of an input") }
      }
      if let buffer = result.add(uses, at: position) {
        throw Diagnostic("\(place) touches elements of '\(program[buffer].name)' that belong to other blocks")
      }
    }
    return result
  }

  /// What is written while other blocks still read must lie elsewhere, or in the same way in slices.
  private func verifyApart(_ uses: SectionUses) throws {
    let regions = uses.buffers.compactMap { buffer, use in
      Barriers.region(buffer, program, storage).map { (buffer: buffer, region: $0, use: use) }
    }
    for (index, one) in regions.enumerated() {
      for other in regions[..<index] where one.use.isWritten || other.use.isWritten {
        let isOwn = one.use.isBlockwise && other.use.isBlockwise && one.region == other.region
        if one.region.overlaps(other.region) && !isOwn {
          let names = "'\(program[one.buffer].name)' and '\(program[other.buffer].name)'"
          throw Diagnostic("\(names) share memory")
        }
      }
    }
  }

  /// Slices hold something in their section only.
  private func verifySliceOwners(_ owners: [BufferID: Int]) throws {
    func isSlice(_ buffer: BufferID) -> Bool {
      if case .scratch = storage[buffer.index] { true } else { false }
    }
    let sections = program.sections ?? []
    for (position, kernel) in program.kernels.enumerated() {
      for buffer in kernel.reads + kernel.writes where isSlice(buffer) {
        guard let owner = owners[buffer], sections[owner].kernels.contains(position) else {
          let place = "kernel \(position) '\(kernel.name)'"
          throw Diagnostic("\(place) uses slices of '\(program[buffer].name)' outside their section")
        }
      }
    }
    for buffer in program.results + outputs.map(\.buffer) {
      guard program.buffers.indices.contains(buffer.index), !isSlice(buffer) else {
        throw Diagnostic("a result lies in slices, or nowhere")
      }
    }
  }
}
