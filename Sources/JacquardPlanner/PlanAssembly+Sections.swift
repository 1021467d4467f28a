import JacquardKernels

extension PlanAssembly {
  /// A program, and where its buffers lie.
  struct Arrangement {
    var program: KernelProgram
    var memory: MemoryPlan
    /// Places of slices in block memory.
    var slices: [BufferID: Plan.Storage] = [:]
    /// Kernels that make again what is not stored.
    var repeats: [MemoryReport.Repeat] = []
  }

  /// With sections, and repeats for them where less is then alive at once.
  ///
  /// - Parameter storage: buffers in the memory of inputs; nil: no kernel may run again.
  func arrangement(
    _ program: KernelProgram, _ external: Set<BufferID>, repeating storage: [BufferID: Int]? = nil
  ) -> Arrangement {
    var best = arrangement(program, external, [])
    if options.usesSections { best = withSections(best, external) }
    if options.usesSections && options.repeatsInSections, let storage {
      let repeating = SectionRepeats(program, storage: storage, external: external, heuristics)
      let again = withRepeats(repeating, external)
      if let again, again.memory.lowerBound < best.memory.lowerBound { best = again }
    }
    best.memory.place(options)
    return best
  }

  /// With all sections, or so many of those that save most that no more is alive at once with them.
  private func withSections(_ whole: Arrangement, _ external: Set<BufferID>) -> Arrangement {
    var finder = SectionFinder(whole.program, external: external, heuristics)
    var found = finder.sections()
    while !found.isEmpty {
      let cut = arrangement(whole.program, external, found)
      if cut.memory.lowerBound <= whole.memory.lowerBound { return cut }
      let best = found.sorted { ($1.bytes, $0.section.first) < ($0.bytes, $1.section.first) }.prefix(found.count / 2)
      found = best.sorted { $0.section.first < $1.section.first }
    }
    return whole
  }

  /// With all repeats whose results then need not be stored; nil if there are none.
  private func withRepeats(_ repeating: SectionRepeats, _ external: Set<BufferID>) -> Arrangement? {
    var candidates = repeating.candidates()
    while !candidates.isEmpty {
      let result = repeating.applying(candidates)
      var finder = SectionFinder(result.program, external: external, heuristics)
      let sections = finder.sections()
      let slices = Set(sections.flatMap(\.offsets.keys))
      let isSliced = result.slices.map { $0.allSatisfy(slices.contains) }
      if isSliced.allSatisfy({ $0 }) {
        var again = arrangement(result.program, external, sections)
        again.repeats = result.runs
        return again
      }
      candidates = zip(candidates, isSliced).filter(\.1).map(\.0)
    }
    return nil
  }

  private func arrangement(
    _ program: KernelProgram, _ external: Set<BufferID>, _ sections: [FoundSection]
  ) -> Arrangement {
    var cut = program
    if !sections.isEmpty { cut.sections = sections.map(\.section) }
    var slices: [BufferID: Plan.Storage] = [:]
    for part in sections {
      for (buffer, offset) in part.offsets {
        slices[buffer] = .scratch(offset: offset, slice: program[buffer].byteCount / part.section.blocks)
      }
    }
    let memory = MemoryPlan(
      cut, external: external.union(slices.keys), options, sliced: sections.map(\.sliced), isPlaced: false)
    return Arrangement(program: cut, memory: memory, slices: slices)
  }
}
