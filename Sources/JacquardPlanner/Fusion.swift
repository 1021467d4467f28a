import JacquardCore
import JacquardKernels

/// Fuses the kernels of a program. The arithmetic stays the same to the bit; only memory traffic changes.
struct Fusion {
  let program: KernelProgram
  let heuristics: FusionHeuristics
  private(set) var kernels: [FusionKernel?]
  /// For each buffer the kernel that writes it, or -1, and those that read it.
  private(set) var writer: [Int]
  private(set) var readers: [[Int]]
  /// What each kernel reads and writes, without repetition.
  private(set) var readsOf: [[BufferID]]
  private(set) var writesOf: [[BufferID]]
  /// For each kernel how often it was changed.
  private(set) var changes: [Int]
  /// Why pairs were not joined, as long as neither kernel changes.
  var refusals: [KernelPair: KnownRefusal] = [:]
  /// For each kernel the search that met it last.
  var met: [Int]
  var searches = 0
  let wanted: Set<BufferID>
  let carried: Set<BufferID>
  let checks: CheckOrder
  var sequence: KernelSequence
  /// Kernels that nothing depends on and that should run as soon as they can.
  var runsSoon: Set<Int> = []
  var record = FusionRecord()

  /// - Parameter updates: inputs that the step updates, and what replaces them.
  init(_ program: KernelProgram, updates: [(old: BufferID, new: BufferID)], heuristics: FusionHeuristics) {
    self.program = program
    carried = Set(updates.map(\.old))
    checks = CheckOrder(program, replacements: Set(updates.map(\.new)))
    self.heuristics = heuristics
    kernels = program.kernels.map { FusionKernel($0) }
    readsOf = Array(repeating: [], count: kernels.count)
    writesOf = readsOf
    changes = Array(repeating: 0, count: kernels.count)
    met = changes
    writer = Array(repeating: -1, count: program.buffers.count)
    readers = Array(repeating: [], count: program.buffers.count)
    wanted = Set(program.results)
    sequence = KernelSequence(count: program.kernels.count)
    for index in kernels.indices { link(index) }
  }

  /// The whole of fusion, step by step.
  static func run(
    _ program: KernelProgram, updates: [(old: BufferID, new: BufferID)], _ options: CompileOptions
  ) -> (KernelProgram, FusionRecord) {
    let steps = Set(FusionStep.allCases).subtracting(options.disabledFusions)
    var fusion = Fusion(program, updates: updates, heuristics: options.heuristics)
    fusion.removeViews()
    fusion.dropUnreadStores()
    if steps.contains(.copies) { fusion.mergeCopies() }
    if options.fuse && steps.contains(.padding) { fusion.readPadded() }
    if steps.contains(.cheapMaps) { fusion.inlineCheapMaps() }
    if options.fuse {
      if steps.contains(.lightMaps) { fusion.inlineLightSingleUses() }
      if steps.contains(.joins) { fusion.joinAlongEdges() }
      if steps.contains(.singleUses) { fusion.inlineSingleUses() }
      if steps.contains(.joins) { fusion.joinAlongEdges() }
      if steps.contains(.lightMaps) { fusion.repeatLightMaps() }
      if steps.contains(.padding) { fusion.storePadded() }
      fusion.removeDead()
      fusion.explain()
      if steps.contains(.groups) { fusion.group() }
    }
    fusion.removeDead()
    return (fusion.finished(), fusion.record)
  }

  // MARK: Links

  private mutating func link(_ index: Int) {
    guard let kernel = kernels[index] else { return }
    (readsOf[index], writesOf[index]) = (kernel.reads.withoutRepetition(), kernel.writes.withoutRepetition())
    for buffer in writesOf[index] { writer[buffer.index] = index }
    for buffer in readsOf[index] { readers[buffer.index].append(index) }
  }

  private mutating func unlink(_ index: Int) {
    for buffer in writesOf[index] where writer[buffer.index] == index { writer[buffer.index] = -1 }
    for buffer in readsOf[index] {
      if let place = readers[buffer.index].firstIndex(of: index) { readers[buffer.index].remove(at: place) }
    }
    (readsOf[index], writesOf[index]) = ([], [])
  }

  mutating func replace(_ index: Int, by kernel: FusionKernel?) {
    unlink(index)
    kernels[index] = kernel
    changes[index] += 1
    link(index)
  }

  func producers(_ index: Int) -> [Int] {
    var result: [Int] = []
    for buffer in readsOf[index] {
      let kernel = writer[buffer.index]
      if kernel >= 0 && kernel != index && !result.contains(kernel) { result.append(kernel) }
    }
    return result
  }

  /// In no particular order.
  func consumers(_ index: Int) -> [Int] {
    let most = writesOf[index].reduce(0) { $0 + readers[$1.index].count }
    if most > 32 { return Array(Set(writesOf[index].flatMap { readers[$0.index] }).subtracting([index])) }
    var result: [Int] = []
    for buffer in writesOf[index] {
      for reader in readers[buffer.index] where reader != index && !result.contains(reader) { result.append(reader) }
    }
    return result
  }

  // MARK: Views

  /// A copy whose elements lie in the same order as its source is no copy: its readers read the source.
  private mutating func removeViews() {
    for index in kernels.indices {
      guard let flow = kernels[index]?.loop, let view = identityView(flow), !wanted.contains(view.target) else {
        continue
      }
      for reader in readers[view.target.index] { redirect(reader, view.target, to: view.source) }
      if readers[view.target.index].isEmpty { replace(index, by: nil) }
    }
  }

  private func identityView(_ flow: Flow) -> (target: BufferID, source: BufferID)? {
    guard flow.isMap, flow.stores.count == 1, case .load(let load) = flow.steps[flow.stores[0].value].operation,
      load.fill == nil, load.indices.allSatisfy({ $0.values.isEmpty })
    else { return nil }
    let store = flow.stores[0].access
    let (target, source) = (program[store.buffer], program[load.buffer])
    guard target.count == source.count, target.dtype == source.dtype,
      store.position(in: target) == load.position(in: source)
    else { return nil }
    return (store.buffer, load.buffer)
  }

  /// A result of several that nothing reads is not stored.
  private mutating func dropUnreadStores() {
    for index in kernels.indices where writesOf[index].count > 1 {
      guard var kernel = kernels[index], !kernel.allFlows.isEmpty else { continue }
      let dead = writesOf[index].filter { readers[$0.index].isEmpty && !wanted.contains($0) }
      if dead.isEmpty || dead.count == writesOf[index].count { continue }
      kernel.mapFlows { $0.withoutStores(to: dead) }
      if case .flows(let flows) = kernel.body { kernel.body = .flows(flows.filter { !$0.stores.isEmpty }) }
      replace(index, by: kernel)
    }
  }

  /// Where all that reads an array copies it in the same way (pads it, for a convolution and again for its gradient), one copy serves.
  private mutating func mergeCopies() {
    for index in kernels.indices {
      let users = consumers(index).sorted()
      guard users.count > 1, writesOf[index].count == 1, !wanted.contains(writesOf[index][0]), let first = users.first,
        users.allSatisfy({ isCopy($0, like: first) })
      else { continue }
      for user in users.dropFirst() {
        let (target, source) = (writesOf[user][0], writesOf[first][0])
        for reader in readers[target.index] { redirect(reader, target, to: source) }
        dropIfUnread(user)
      }
    }
  }

  /// Whether a kernel is nothing but maps into one temporary array, and does to its operands what another one does.
  private func isCopy(_ index: Int, like other: Int) -> Bool {
    guard let kernel = kernels[index], let model = kernels[other], case .flows(let flows) = kernel.body,
      case .flows(let models) = model.body, flows.count == models.count, writesOf[index].count == 1,
      writesOf[other].count == 1, !wanted.contains(writesOf[index][0])
    else { return false }
    let (a, b) = (program[writesOf[index][0]], program[writesOf[other][0]])
    guard a.extents == b.extents, a.dtype == b.dtype, a.layout == b.layout else { return false }
    return zip(flows, models).allSatisfy { $0.isMap && $1.isMap && $0.does(as: $1) }
  }

  private mutating func redirect(_ reader: Int, _ target: BufferID, to source: BufferID) {
    guard var kernel = kernels[reader] else { return }
    if case .opaque = kernel.body { return }
    if case .flows(let flows) = kernel.body {
      kernel.body = .flows(flows.map { redirected($0, target, source) })
    } else if let flow = kernel.flow {
      kernel.setFlow(redirected(flow, target, source))
    }
    if case .product(var product, let epilogue) = kernel.body {
      if product.lhs.buffer == target { product.lhs.buffer = source }
      if product.rhs.buffer == target { product.rhs.buffer = source }
      kernel.body = .product(product, epilogue: epilogue)
    }
    if case .scatter(var scatter, let body) = kernel.body, scatter.base == target {
      scatter.base = source
      kernel.body = .scatter(scatter, body: body)
    }
    replace(reader, by: kernel)
  }

  /// The flow reading `source` wherever it read `target`, at the same position in memory. Guarded and indirect loads
  /// stay.
  private func redirected(_ flow: Flow, _ target: BufferID, _ source: BufferID) -> Flow {
    guard flow.reads.contains(target) else { return flow }
    let buffer = program[source]
    let space = flow.extents
    return flow.mappingLoads { access in
      guard access.buffer == target, access.fill == nil, access.indices.allSatisfy({ $0.values.isEmpty }) else {
        return access
      }
      let position = access.position(in: program[access.buffer])
      let indices = zip(buffer.extents, buffer.layout.strides).map { extent, stride in
        position.floorDiv(max(stride, 1), in: space).remainder(max(extent, 1), in: space)
      }
      return Access(source, indices, node: access.node)
    }
  }

  // MARK: Inlining

  /// Constants, broadcasts, casts and other views are computed where they are read.
  private mutating func inlineCheapMaps() {
    for index in kernels.indices {
      guard let flow = kernels[index]?.loop, flow.isMap, flow.stores.count == 1, heuristics.isCheap(flow) else {
        continue
      }
      for reader in consumers(index).sorted() { inline(index, into: reader, consumers: 1) }
      dropIfUnread(index)
    }
  }

  /// A light map whose one reader reduces or scatters it is computed in that reader, before it is joined to what it reads itself and
  /// has to be stored.
  private mutating func inlineLightSingleUses() {
    for index in kernels.indices.reversed() {
      guard let flow = kernels[index]?.loop, heuristics.isWorthRepeating(flow, program) else { continue }
      let users = consumers(index)
      guard users.count == 1, let user = users.first, let reader = kernels[user], reader.gathersUp,
        !wanted.contains(flow.stores[0].access.buffer)
      else { continue }
      inline(index, into: user, consumers: 1)
      dropIfUnread(index)
    }
  }

  /// A map with one reader is computed in that reader even where the two cannot share their loops.
  private mutating func inlineSingleUses() {
    for index in kernels.indices {
      guard let flow = kernels[index]?.loop, flow.isMap, flow.stores.count == 1 else { continue }
      let users = consumers(index)
      guard users.count == 1, let user = users.first, !wanted.contains(flow.stores[0].access.buffer) else { continue }
      inline(index, into: user, consumers: users.count)
      dropIfUnread(index)
    }
  }

  private mutating func dropIfUnread(_ index: Int) {
    if kernels[index] == nil { return }
    if writesOf[index].allSatisfy({ readers[$0.index].isEmpty && !wanted.contains($0) }) {
      replace(index, by: nil)
    }
  }

  private mutating func repeatLightMaps() {
    for index in kernels.indices { _ = repeatLightMap(index, readers: 1) }
  }

  /// A map that costs less than to store and read its result is computed in each of its readers, if all of them can.
  /// - Parameter readers: how many there must be.
  mutating func repeatLightMap(_ index: Int, readers least: Int) -> Bool {
    guard let flow = kernels[index]?.loop, heuristics.isWorthRepeating(flow, program) else { return false }
    let users = consumers(index).sorted()
    guard users.count >= least, !wanted.contains(flow.stores[0].access.buffer),
      users.allSatisfy({ refusesInline(index, into: $0, consumers: users.count, isRepeated: true) == nil })
    else { return false }
    for user in users { inline(index, into: user, consumers: users.count, isRepeated: true) }
    dropIfUnread(index)
    return true
  }

  private func refusesInline(
    _ producer: Int, into consumer: Int, consumers: Int, isRepeated: Bool = false
  ) -> RefusalReason? {
    guard let first = kernels[producer], let second = kernels[consumer], let source = first.loop else {
      return .init(.notLoops)
    }
    return FusionLegality.canInline(first, into: second) ?? refusesCheck(producer, consumer)
      ?? heuristics.refusesInline(source, into: second, consumers: consumers, isRepeated: isRepeated, program)
  }

  private mutating func inline(_ producer: Int, into consumer: Int, consumers: Int, isRepeated: Bool = false) {
    guard refusesInline(producer, into: consumer, consumers: consumers, isRepeated: isRepeated) == nil,
      let first = kernels[producer],
      var second = kernels[consumer], let source = first.loop
    else { return }
    second.mapFlows { $0.reads.contains(source.stores[0].access.buffer) ? $0.inlining(source) : $0 }
    second.nodes = merged(first.nodes, second.nodes)
    replace(consumer, by: second)
    record.steps.append(.init(kind: .inline, producer: first.nodes, consumer: second.nodes))
  }

  func merged(_ a: [NodeID], _ b: [NodeID]) -> [NodeID] { Array(Set(a).union(b)).sorted() }

  private mutating func removeDead() {
    for index in kernels.indices.reversed() { dropIfUnread(index) }
  }

  // MARK: Result

  /// The kernels in a topological order that keeps to their numbers.
  func order() -> [Int] {
    var result: [Int] = []
    var state = [UInt8](repeating: 0, count: kernels.count)
    for root in kernels.indices where kernels[root] != nil {
      var stack = [root]
      while let top = stack.last {
        if state[top] == 2 {
          stack.removeLast()
        } else if state[top] == 1 {
          state[top] = 2
          result.append(top)
          stack.removeLast()
        } else {
          state[top] = 1
          stack += producers(top).filter { state[$0] == 0 }
        }
      }
    }
    return result
  }

  /// The same, with kernels that should run soon as early as they can.
  private func finalOrder() -> [Int] {
    let order = order()
    if runsSoon.isEmpty { return order }
    let rest = order.filter { !runsSoon.contains($0) }
    let place = Dictionary(uniqueKeysWithValues: zip(rest, rest.indices))
    let soon = Dictionary(grouping: order.filter(runsSoon.contains)) { kernel in
      producers(kernel).compactMap { place[$0] }.max() ?? -1
    }
    return (soon[-1] ?? []) + rest.indices.flatMap { [rest[$0]] + (soon[$0] ?? []) }
  }

  private func finished() -> KernelProgram {
    var result = program
    result.kernels = finalOrder().compactMap { index in
      guard let kernel = kernels[index] else { return nil }
      return kernel.finished(name: kernel.label)
    }
    return result
  }
}
