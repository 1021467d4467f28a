import JacquardCore
import JacquardIR
import JacquardOps

/// Operators that rearrange elements.
enum ONNXShapes {
  static let all: [ONNXTranslator] = [
    .single("Reshape", since: 7, reshape), .single("Flatten", since: 9, flatten),
    .single("Squeeze", since: 7, squeeze), .single("Unsqueeze", since: 7, unsqueeze),
    .single("Transpose", since: 7, transpose),
    .single("Concat", since: 7, concat), ONNXTranslator("Split", since: 7, split),
    .single("Expand", since: 8, expand),
    .single("Tile", since: 7) { try $0.builder.tile($0.input(0), repeats: $0.dimensions(1)) },
    .single("DepthToSpace", since: 7, depthToSpace), .single("SpaceToDepth", since: 7, spaceToDepth),
  ]

  /// 0 takes the operand's dimension (unless `allowzero`), -1 what is left over.
  private static func reshape(_ node: ONNXNode) throws -> ValueID {
    let own = try node.shape(0).dims
    let keepsZero = try node.flag("allowzero")
    let dims = try node.dimensions(1).enumerated().map { axis, dim in
      guard dim == 0, !keepsZero else { return dim }
      guard own.indices.contains(axis) else { throw Diagnostic("shape has 0 where the input has no axis \(axis)") }
      return own[axis]
    }
    return try node.builder.reshape(node.input(0), Shape(dims))
  }

  private static func flatten(_ node: ONNXNode) throws -> ValueID {
    let dims = try node.shape(0).dims
    let axis = try node.int("axis", 1)
    guard axis >= -dims.count, axis <= dims.count else { throw Diagnostic("axis \(axis) is not in the input") }
    let cut = axis < 0 ? axis + dims.count : axis
    let parts = [try Shape(Array(dims[..<cut])).elementCount(), try Shape(Array(dims[cut...])).elementCount()]
    return try node.builder.reshape(node.input(0), Shape(parts))
  }

  /// Axes stand in an attribute up to operator set 12, then in an input.
  private static func listedAxes(_ node: ONNXNode) throws -> [Int]? {
    try node.opset < 13 ? node.ints("axes") : node.integers(1)
  }

  private static func squeeze(_ node: ONNXNode) throws -> ValueID {
    let dims = try node.shape(0).dims
    let listed = try listedAxes(node).map { try node.axes($0, rank: dims.count) }
    let axes = listed ?? dims.indices.filter { dims[$0].isOne }
    if let axis = axes.first(where: { !dims[$0].isOne }) {
      throw Diagnostic("axis \(axis) has size \(dims[axis]), not 1")
    }
    return try node.builder.reshape(node.input(0), Shape(dims.indices.filter { !axes.contains($0) }.map { dims[$0] }))
  }

  private static func unsqueeze(_ node: ONNXNode) throws -> ValueID {
    guard let listed = try listedAxes(node) else { throw Diagnostic("axes are missing") }
    var dims = try node.shape(0).dims
    let axes = try node.axes(listed, rank: dims.count + listed.count).sorted()
    for axis in axes { dims.insert(1, at: axis) }
    return try node.builder.reshape(node.input(0), Shape(dims))
  }

  private static func transpose(_ node: ONNXNode) throws -> ValueID {
    let rank = try node.shape(0).rank
    return try node.builder.transpose(node.input(0), node.ints("perm") ?? Array((0..<rank).reversed()))
  }

  private static func concat(_ node: ONNXNode) throws -> ValueID {
    guard let axis = try node.int("axis") else { throw Diagnostic("attribute 'axis' is missing") }
    let values = try node.all()
    return try node.builder.concat(values, axis: node.axis(axis, rank: node.builder.shape(values[0]).rank))
  }

  // MARK: Split

  private static func split(_ node: ONNXNode) throws -> [ValueID?] {
    let (b, x) = (node.builder, try node.input(0))
    let axis = try node.axis(node.int("axis", 0), rank: b.shape(x).rank)
    var start: Dim = 0
    return try parts(node, of: b.shape(x)[axis]).map { size in
      let end = try start.plus(size)
      defer { start = end }
      return try b.slice(x, axis: axis, from: start, to: end)
    }
  }

  private static func parts(_ node: ONNXNode, of dim: Dim) throws -> [Dim] {
    let listed = try node.opset < 13 ? node.ints("split") : node.integers(1)
    if let listed {
      let total = try listed.reduce(0) { try Overflow.add($0, $1) }
      guard listed.allSatisfy({ $0 >= 0 }), dim == Dim(total) else {
        throw Diagnostic("parts \(listed) do not fill an axis of \(dim)")
      }
      return listed.map { Dim($0) }
    }
    let count = try node.int("num_outputs", node.proto.output.count)
    guard count >= 1, count <= max(node.proto.output.count, 1) else {
      throw Diagnostic("\(count) parts for other outputs")
    }
    if let size = try dim.dividedExactly(by: Dim(count)) { return [Dim](repeating: size, count: count) }
    guard let whole = dim.value, node.opset >= 18 else {
      throw Diagnostic("an axis of \(dim) has no \(count) equal parts")
    }
    let size = (whole + count - 1) / count
    return (0..<count).map { Dim(max(0, min(size, whole - $0 * size))) }
  }

  // MARK: Repetition

  private static func expand(_ node: ONNXNode) throws -> ValueID {
    let (own, wanted) = (try node.shape(0), Shape(try node.dimensions(1)))
    guard let result = own.broadcast(with: wanted) else { throw Diagnostic("\(own) does not broadcast with \(wanted)") }
    return try node.builder.broadcast(node.input(0), to: result)
  }

  // MARK: Blocks

  private static func image(_ node: ONNXNode) throws -> (dims: [Dim], block: Dim) {
    let dims = try node.shape(0).dims
    guard dims.count == 4 else { throw Diagnostic("the input is no batch of images") }
    guard let block = try node.int("blocksize"), block >= 1, block < 1 << 16 else {
      throw Diagnostic("attribute 'blocksize' is missing or impossible")
    }
    return (dims, Dim(block))
  }

  private static func depthToSpace(_ node: ONNXNode) throws -> ValueID {
    let (b, (dims, block)) = (node.builder, try image(node))
    guard let depth = try dims[1].dividedExactly(by: block.times(block)) else {
      throw Diagnostic("\(dims[1]) channels do not divide into blocks")
    }
    let isColumnFirst = try node.string("mode", "DCR") == "CRD"
    let channels = isColumnFirst ? [depth, block, block] : [block, block, depth]
    let split = try b.reshape(node.input(0), Shape([dims[0]] + channels + [dims[2], dims[3]]))
    let turned = try b.transpose(split, isColumnFirst ? [0, 1, 4, 2, 5, 3] : [0, 3, 4, 1, 5, 2])
    return try b.reshape(turned, Shape([dims[0], depth, dims[2].times(block), dims[3].times(block)]))
  }

  private static func spaceToDepth(_ node: ONNXNode) throws -> ValueID {
    let (b, (dims, block)) = (node.builder, try image(node))
    guard let height = try dims[2].dividedExactly(by: block), let width = try dims[3].dividedExactly(by: block) else {
      throw Diagnostic("the image does not divide into blocks")
    }
    let split = try b.reshape(node.input(0), Shape([dims[0], dims[1], height, block, width, block]))
    let isColumnFirst = try node.string("mode", "DCR") == "CRD"
    let turned = try b.transpose(split, isColumnFirst ? [0, 1, 3, 5, 2, 4] : [0, 3, 5, 1, 2, 4])
    return try b.reshape(turned, Shape([dims[0], dims[1].times(block).times(block), height, width]))
  }
}
