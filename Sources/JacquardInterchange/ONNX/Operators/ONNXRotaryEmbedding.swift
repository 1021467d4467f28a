import JacquardCore
import JacquardIR
import JacquardOps

/// Rotary positions (https://arxiv.org/abs/2104.09864): pairs of a head's elements turned by an angle of the position.
enum ONNXRotaryEmbedding {
  static let all: [ONNXTranslator] = [.single("RotaryEmbedding", since: 23, rotate)]

  private static func rotate(_ node: ONNXNode) throws -> ValueID {
    let (b, shape) = (node.builder, try node.shape(0))
    let x = try byPosition(node)
    let dims = b.shape(x).dims
    let stated = try node.int("rotary_embedding_dim", 0)
    guard let size = dims[3].value, stated >= 0, stated <= size, (stated == 0 ? size : stated) % 2 == 0 else {
      throw Diagnostic("a head of size \(dims[3]) has no \(stated) elements to turn")
    }
    let turned = stated == 0 ? size : stated
    let isInterleaved = try node.flag("interleaved")
    let (first, second) = try halves(node, b.slice(x, axis: 3, from: 0, to: Dim(turned)), turned, isInterleaved)
    let (cosine, sine) = (try angles(node, 1), try angles(node, 2))
    let real = try b.subtract(b.multiply(cosine, first), b.multiply(sine, second))
    let imaginary = try b.add(b.multiply(sine, first), b.multiply(cosine, second))
    var result = try joined(b, real, imaginary, isInterleaved)
    if turned < size {
      result = try b.concat([result, b.slice(x, axis: 3, from: Dim(turned), to: Dim(size))], axis: 3)
    }
    return try shape.rank == 3 ? b.reshape(result, shape) : b.transpose(result, [0, 2, 1, 3])
  }

  /// As [batch, positions, heads, size].
  private static func byPosition(_ node: ONNXNode) throws -> ValueID {
    let (b, shape) = (node.builder, try node.shape(0))
    if shape.rank == 4 { return try b.transpose(node.input(0), [0, 2, 1, 3]) }
    guard shape.rank == 3, let heads = try node.int("num_heads"), heads > 0,
      let size = try shape[2].dividedExactly(by: Dim(heads))
    else { throw Diagnostic("input of shape \(shape) does not divide into heads") }
    return try b.reshape(node.input(0), Shape([shape[0], shape[1], Dim(heads), size]))
  }

  private static func halves(
    _ node: ONNXNode, _ x: ValueID, _ size: Int, _ isInterleaved: Bool
  ) throws -> (ValueID, ValueID) {
    let b = node.builder
    if !isInterleaved {
      return (
        try b.slice(x, axis: 3, from: 0, to: Dim(size / 2)), try b.slice(x, axis: 3, from: Dim(size / 2), to: Dim(size))
      )
    }
    let dims = b.shape(x).dims
    let pairs = try b.reshape(x, Shape([dims[0], dims[1], dims[2], Dim(size / 2), 2]))
    return (
      try b.squeeze(b.slice(pairs, axis: 4, from: 0, to: 1), axis: 4),
      try b.squeeze(b.slice(pairs, axis: 4, from: 1, to: 2), axis: 4)
    )
  }

  private static func joined(
    _ b: GraphBuilder, _ real: ValueID, _ imaginary: ValueID, _ isInterleaved: Bool
  ) throws -> ValueID {
    if !isInterleaved { return try b.concat([real, imaginary], axis: 3) }
    let pairs = try b.concat([b.expandDims(real, axis: 4), b.expandDims(imaginary, axis: 4)], axis: 4)
    let dims = b.shape(real).dims
    return try b.reshape(pairs, Shape([dims[0], dims[1], dims[2], dims[3].times(2)]))
  }

  /// Cosines or sines as [batch, positions, 1, size / 2]: of the table's rows that the positions name, or as given.
  private static func angles(_ node: ONNXNode, _ index: Int) throws -> ValueID {
    let b = node.builder
    let table = try node.input(index)
    let rows = try node.optional(3).map { try b.gather(table, $0, axis: 0) } ?? table
    return try b.expandDims(rows, axis: 2)
  }
}
