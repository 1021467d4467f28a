import JacquardCore
import JacquardIR
import JacquardKernels
import JacquardTransforms

/// A plan, and how it came about.
public struct Compilation: Sendable {
  /// What executors run.
  public var plan: Plan
  /// What each graph pass did.
  public var record: CompilationRecord
  /// Which kernels became one, and why others did not.
  public var fusion: FusionRecord
  /// The kernels before fusion.
  public var lowered: KernelProgram
  /// The optimised graph, whose node numbers the plan uses.
  public var graph: Graph
  /// For each value of that graph the plan's buffer that holds it, if it is stored at all; nil for what nothing needs.
  public var buffers: [BufferID?]
  /// How the plan's nested programs came about.
  public var programs: [Compilation]
  /// Milliseconds of each step, in order.
  public var times: [(step: String, milliseconds: Double)]
}

/// Turns a graph into a plan: graph passes, lowering, fusion, schedule, memory.
public enum Compiler {
  /// - Parameters:
  ///   - graph: with or without symbols.
  ///   - bindings: sizes of symbols; the others take their default.
  /// - Throws: `Diagnostic` if a symbol has no size, a type rule fails, no plan within the memory limit is found, or
  ///   `options.tilings` has tiles that do not fit their product.
  public static func compile(
    _ graph: Graph, bindings: [String: Int] = [:], options: CompileOptions = CompileOptions()
  ) throws -> Compilation {
    var clock = StepClock()
    let sizes = try resolve(graph, bindings)
    let bound = try clock.measure("bind") {
      let bound = try graph.binding(sizes)
      return options.sharesScans ? try bound.sharingScans() : bound
    }
    let (optimised, record) = try clock.measure("optimise") {
      try options.passes.run(bound, options: options.pipeline)
    }
    var lowered = try clock.measure("lower") { try optimised.lowered().withSeparateResults() }
    try lowered.program.cutProducts(options.tilings)
    let planner = Planner(graph: optimised, bindings: sizes, options: options)
    let planned = try planner.plan(lowered, &clock)
    return Compilation(
      plan: planned.plan, record: record, fusion: planned.fusion, lowered: planned.lowered.program, graph: optimised,
      buffers: planned.lowered.values, programs: planned.programs, times: clock.times)
  }

  private static func resolve(_ graph: Graph, _ bindings: [String: Int]) throws -> [String: Int] {
    var sizes: [String: Int] = [:]
    for symbol in graph.symbols {
      guard let size = bindings[symbol.name] ?? symbol.defaultSize else {
        throw Diagnostic("symbol \(symbol.name) has no size: bind it (--bind \(symbol.name)=...)")
      }
      sizes[symbol.name] = size
    }
    for name in bindings.keys.sorted() where sizes[name] == nil {
      throw Diagnostic("the graph has no symbol '\(name)'")
    }
    return sizes
  }
}

/// Measures the steps of a compilation.
struct StepClock {
  private(set) var times: [(step: String, milliseconds: Double)] = []

  mutating func measure<T>(_ step: String, _ body: () throws -> T) rethrows -> T {
    let start = ContinuousClock.now
    let result = try body()
    let elapsed = ContinuousClock.now - start
    let (seconds, attoseconds) = elapsed.components
    times.append((step, Double(seconds) * 1e3 + Double(attoseconds) * 1e-15))
    return result
  }
}

extension LoweredGraph {
  /// Gives every output and update a buffer of its own, written by a kernel: one that is an input, a constant, or
  /// wanted twice gets a copy.
  func withSeparateResults() -> LoweredGraph {
    var result = self
    let written = Set(program.kernels.flatMap(\.writes))
    var taken: Set<BufferID> = []
    func separate(_ buffer: BufferID) -> BufferID {
      if written.contains(buffer) && taken.insert(buffer).inserted { return buffer }
      return result.program.addCopy(of: buffer)
    }
    result.updates = zip(updates, updates.indices).map { buffer, _ in separate(buffer) }
    result.outputs = outputs.map(separate)
    result.program.results = result.outputs + result.updates
    return result
  }
}

extension KernelProgram {
  /// Appends a kernel that copies a buffer, and gives the copy.
  mutating func addCopy(of source: BufferID) -> BufferID {
    let original = self[source]
    buffers.append(Buffer(original.name, original.dtype, original.extents, node: original.node))
    let target = BufferID(buffers.count - 1)
    if !original.extents.contains(0) {
      kernels.append(KernelProgram.copyKernel(original, from: source, to: target))
    }
    return target
  }

  static func copyKernel(_ buffer: Buffer, from source: BufferID, to target: BufferID) -> Kernel {
    let axes = buffer.extents.indices.map { IndexExpression.axis($0) }
    let load = Instruction(.load(Access(source, axes)), buffer.dtype)
    let stage = Stage(body: [load], stores: [Store(Access(target, axes), 0)])
    return Kernel(
      name: "copy", nodes: buffer.node.map { [$0] } ?? [],
      kind: .loops([LoopNest(outer: buffer.extents, stages: [stage])]))
  }
}
