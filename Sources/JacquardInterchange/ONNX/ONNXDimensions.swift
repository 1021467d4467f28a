import JacquardCore
import JacquardIR
import JacquardOps

/// Integer tensors whose elements are dimensions, with symbols: what becomes of a shape on its way to another.
struct ONNXDimensions {
  let graph: Graph
  /// Values without symbols.
  let known: (ValueID) throws -> HostTensor?
  /// What is known of an input, which is a value of the graph around this one.
  let outer: (Int) throws -> Tensor?

  private static let mostElements = 64
  private static let deepest = 64

  struct Tensor {
    var sizes: [Int]
    var dims: [Dim]
  }

  /// The elements, or nil if they cannot be told.
  func elements(_ value: ValueID, depth: Int = 0) throws -> Tensor? {
    if let tensor = try known(value) {
      guard tensor.dtype.isInteger, tensor.count <= ONNXDimensions.mostElements else { return nil }
      return Tensor(sizes: tensor.sizes, dims: (0..<tensor.count).map { Dim(Int(tensor[linear: $0].asInt)) })
    }
    if case .input(let position) = graph.definition(value) { return try outer(position) }
    guard depth < ONNXDimensions.deepest, let node = graph.producer(value),
      let count = graph.type(value).shape.sizes?.reduce(1, &*), count <= ONNXDimensions.mostElements
    else { return nil }
    switch node.operation {
    case let dimension as Dimension: return Tensor(sizes: [], dims: [dimension.dimension])
    case is Add: return try combined(node, depth) { try $0.plus($1) }
    case is Subtract: return try combined(node, depth) { try $0.minus($1) }
    case is Multiply: return try combined(node, depth) { try $0.times($1) }
    case is Divide: return try combined(node, depth) { try $0.dividedExactly(by: $1) }
    default: return try moved(node, depth)
    }
  }

  /// Arithmetic on two tensors of one shape, or on one and a single element.
  private func combined(_ node: Node, _ depth: Int, _ body: (Dim, Dim) throws -> Dim?) throws -> Tensor? {
    guard let a = try elements(node.inputs[0], depth: depth + 1),
      let b = try elements(node.inputs[1], depth: depth + 1),
      a.sizes == b.sizes || a.dims.count == 1 || b.dims.count == 1, let sizes = graph.type(node.results[0]).shape.sizes
    else { return nil }
    var dims: [Dim] = []
    for index in 0..<max(a.dims.count, b.dims.count) {
      let (left, right) = (a.dims[a.dims.count == 1 ? 0 : index], b.dims[b.dims.count == 1 ? 0 : index])
      guard let result = try body(left, right) else { return nil }
      dims.append(result)
    }
    return Tensor(sizes: sizes, dims: dims)
  }

  /// Operations that only move elements do to numbers what they do to the elements that the numbers stand for.
  private func moved(_ node: Node, _ depth: Int) throws -> Tensor? {
    let movers: [any JacquardIR.Operation.Type] = [
      Reshape.self, Concat.self, Slice.self, Broadcast.self, Transpose.self, Gather.self, Reverse.self, Cast.self,
    ]
    let type = graph.type(node.results[0])
    guard movers.contains(where: { $0 == Swift.type(of: node.operation) }), type.dtype.isInteger else { return nil }
    var table: [Dim] = []
    var operands: [HostTensor] = []
    for (index, input) in node.inputs.enumerated() {
      if index > 0, node.operation is Gather {
        guard let indices = try known(input) else { return nil }
        operands.append(indices)
        continue
      }
      guard let own = try elements(input, depth: depth + 1) else { return nil }
      let codes = own.dims.indices.map { Int64(table.count + $0) }
      operands.append(try HostTensor(codes, own.sizes))
      table += own.dims
    }
    let operation: any JacquardIR.Operation = node.operation is Cast ? Cast(.i64) : node.operation
    let wanted = TensorType(.i64, type.shape)
    let codes = try operation.reference(ReferenceContext(operands, outputs: [wanted]))[0]
    return Tensor(sizes: codes.sizes, dims: (0..<codes.count).map { table[Int(codes[linear: $0].asInt)] })
  }
}
