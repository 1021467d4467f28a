import JacquardCore
import JacquardKernels

/// What an operation is told when it is lowered, and where it emits its kernels. Every shape is static.
///
/// The operation writes each of `outputs` exactly once; it may add temporaries. The order in which a reduction adds is fixed
/// here, from shapes alone, so that fusion never changes the arithmetic.
public final class LoweringContext {
  /// The program so far.
  public private(set) var program: KernelProgram
  /// Contents of constant buffers.
  public private(set) var constants: [BufferID: HostTensor] = [:]
  /// The node being lowered.
  public private(set) var node = NodeID(0)
  /// Its operands: dense row-major buffers.
  public private(set) var inputs: [BufferID] = []
  /// Its results: dense row-major buffers, to be written.
  public private(set) var outputs: [BufferID] = []
  /// The node's sub-graphs.
  public private(set) var graphs: [Graph] = []
  /// Graphs that become nested programs of control flow.
  public private(set) var programs: [Graph] = []

  /// Begins with a program to which kernels are added, an empty one unless given.
  public init(program: KernelProgram = KernelProgram()) { self.program = program }

  /// Sets the node to lower next.
  public func begin(_ node: NodeID, inputs: [BufferID], outputs: [BufferID], graphs: [Graph]) {
    self.node = node
    self.inputs = inputs
    self.outputs = outputs
    self.graphs = graphs
  }

  /// The element type of a buffer of the program.
  public func dtype(_ buffer: BufferID) -> DType { program[buffer].dtype }
  /// The sizes of a buffer of the program.
  public func extents(_ buffer: BufferID) -> [Int] { program[buffer].extents }

  /// Adds a buffer. The driver makes those of values; an operation asks for temporaries.
  public func buffer(_ name: String, _ dtype: DType, _ extents: [Int], node: NodeID? = nil) -> BufferID {
    program.buffers.append(Buffer(name, dtype, extents, node: node))
    return BufferID(program.buffers.count - 1)
  }

  /// A buffer for a partial result of this node.
  public func temporary(_ dtype: DType, _ extents: [Int]) -> BufferID {
    buffer("\(program[outputs[0]].name).partial", dtype, extents, node: node)
  }

  /// Fills a result with known contents.
  public func constant(_ output: BufferID, _ tensor: HostTensor) { constants[output] = tensor }

  /// Adds a kernel that computes (part of) this node.
  public func emit(_ name: String, _ kind: Kernel.Kind) {
    program.kernels.append(Kernel(name: name, nodes: [node], kind: kind))
  }

  /// Adds a nested program, a step whose results are updates, and gives its number.
  public func program(_ step: Graph) -> Int {
    programs.append(step)
    return programs.count - 1
  }

  /// Says which buffers are filled before the program runs and which are kept after it, in order.
  public func setParameters(_ parameters: [BufferID], results: [BufferID]) {
    program.parameters = parameters
    program.results = results
  }

  // MARK: Common forms

  /// Emits a map: one value at each point of a result's shape. Nothing is emitted for an empty shape.
  ///
  /// - Parameter value: builds the body; axes of the builder are those of the shape; returns the instruction to store.
  public func emitMap(
    _ name: String, to output: BufferID, _ value: (inout BodyBuilder) throws -> Int
  ) rethrows {
    let extents = extents(output)
    if extents.contains(0) { return }
    var body = BodyBuilder(extents: extents, node: node)
    let result = try value(&body)
    let store = Store(Access(output, extents.indices.map { .axis($0) }), result)
    emit(name, .loops([LoopNest(outer: extents, stages: [Stage(body: body.instructions, stores: [store])])]))
  }
}

/// Builds the body of a stage, without repeating instructions.
public struct BodyBuilder {
  /// What has been built so far.
  public private(set) var instructions: [Instruction] = []
  private var known: [Instruction: Int] = [:]
  /// Extents of the axes that index expressions number.
  public let extents: [Int]
  let node: NodeID?

  /// Begins with some instructions.
  /// - Parameter node: the node that errors of its loads name.
  public init(extents: [Int], node: NodeID? = nil, instructions: [Instruction] = []) {
    self.extents = extents
    self.node = node
    for instruction in instructions { _ = append(instruction) }
  }

  /// Adds an instruction, unless the body has it.
  /// - Returns: its number.
  public mutating func append(_ instruction: Instruction) -> Int {
    if let index = known[instruction] { return index }
    instructions.append(instruction)
    known[instruction] = instructions.count - 1
    return instructions.count - 1
  }

  /// The type of an instruction's value.
  public func dtype(_ value: Int) -> DType { instructions[value].dtype }

  /// A number, converted to a type.
  /// - Returns: the number of its instruction, as all that follow do.
  public mutating func constant(_ value: Double, _ dtype: DType) -> Int {
    append(Instruction(.constant(Scalar.float(value).converted(to: dtype)), dtype))
  }

  /// The value of an index expression of the axes, as a number of a type.
  public mutating func index(_ expression: IndexExpression, _ dtype: DType) -> Int {
    append(Instruction(.index(expression), dtype))
  }

  /// An element of a buffer whose type is `dtype`; with `fill` the load is guarded (see `Access`).
  public mutating func load(
    _ buffer: BufferID, _ dtype: DType, _ indices: [IndexExpression], fill: Scalar? = nil
  ) -> Int {
    append(Instruction(.load(Access(buffer, indices, fill: fill, node: node)), dtype))
  }

  /// Applies a function. The type is that of the operands; comparisons and logic give `bool`. Types that only memory has are
  /// converted to the one that is computed in, and the result back.
  public mutating func apply(_ function: ScalarFunction, _ operands: Int...) -> Int {
    let type = dtype(operands[function == .select ? 1 : 0])
    if function == .select { return append(Instruction(.apply(function, operands), type)) }
    let wide = operands.map { cast($0, type.computeType) }
    if function.isComparison || function.isLogical { return append(Instruction(.apply(function, wide), .bool)) }
    return cast(append(Instruction(.apply(function, wide), type.computeType)), type)
  }

  /// A value converted to a type; the value itself if it is of that type.
  public mutating func cast(_ value: Int, _ dtype: DType) -> Int {
    self.dtype(value) == dtype ? value : append(Instruction(.cast(value), dtype))
  }

  /// Loads an operand that is broadcast (NumPy's rule) to the leading `axes` of this body's space.
  public mutating func loadBroadcast(
    _ buffer: BufferID, _ dtype: DType, _ operandExtents: [Int], axes: [IndexExpression]
  ) -> Int {
    let skipped = axes.count - operandExtents.count
    let indices = operandExtents.enumerated().map { axis, extent in
      extent == 1 ? IndexExpression(0) : axes[axis + skipped]
    }
    return load(buffer, dtype, indices)
  }
}
