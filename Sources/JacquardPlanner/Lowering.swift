import JacquardCore
import JacquardIR
import JacquardKernels

/// A graph as kernels: one or few kernels a node, before fusion.
public struct LoweredGraph: Sendable {
  /// Kernels in the order of the nodes.
  public var program: KernelProgram
  /// Contents of constant buffers.
  public var constants: [BufferID: HostTensor]
  /// Buffer of each graph input, in order.
  public var inputs: [BufferID]
  /// Buffer of each output, in order.
  public var outputs: [BufferID]
  /// Buffer of each update, in order.
  public var updates: [BufferID]
  /// Buffer of each value of the graph; nil for what nothing needs.
  public var values: [BufferID?]
  /// Steps that control kernels repeat.
  public var programs: [Graph]
}

extension Graph {
  /// Emits the kernels of every node that outputs or updates depend on.
  ///
  /// - Throws: `Diagnostic` if a shape mentions a symbol that is not bound, or an operation cannot be lowered.
  public func lowered() throws -> LoweredGraph {
    let context = LoweringContext()
    var buffers = [BufferID?](repeating: nil, count: valueCount)
    for (input, value) in zip(inputs, inputValues) {
      buffers[value.index] = context.buffer(input.name, input.type.dtype, try staticSizes(input.type, input.name))
    }
    let parameters = inputValues.compactMap { buffers[$0.index] }
    let needed = reachable()
    for node in nodes where needed.contains(node.id) {
      try lower(node, context, &buffers)
    }
    func buffer(_ value: ValueID) throws -> BufferID {
      guard let buffer = buffers[value.index] else {
        throw Diagnostic("value \(value.index) has no buffer", kind: .internalError)
      }
      return buffer
    }
    let outputs = try self.outputs.map { try buffer($0.value) }
    let updates = try self.updates.map { try buffer($0.value) }
    context.setParameters(parameters, results: outputs + updates)
    return LoweredGraph(
      program: context.program, constants: context.constants, inputs: parameters, outputs: outputs, updates: updates,
      values: buffers, programs: context.programs)
  }

  private func lower(_ node: Node, _ context: LoweringContext, _ buffers: inout [BufferID?]) throws {
    let name = describe(node)
    var results: [BufferID] = []
    for (k, value) in node.results.enumerated() {
      let type = type(value)
      let label = node.results.count == 1 ? name : "\(name):\(k)"
      results.append(context.buffer(label, type.dtype, try staticSizes(type, name), node: node.id))
      buffers[value.index] = results[k]
    }
    context.begin(
      node.id, inputs: node.inputs.compactMap { buffers[$0.index] }, outputs: results, graphs: node.graphs)
    do {
      try node.operation.lower(context)
    } catch let error as Diagnostic {
      throw error.at(name).at(node.site)
    }
  }

  private func staticSizes(_ type: TensorType, _ name: String) throws -> [Int] {
    if let sizes = type.shape.sizes { return sizes }
    let symbols = type.shape.symbols.sorted().joined(separator: ", ")
    throw Diagnostic("'\(name)' has type \(type): give symbol \(symbols) a size (--bind \(symbols)=...)")
  }
}
