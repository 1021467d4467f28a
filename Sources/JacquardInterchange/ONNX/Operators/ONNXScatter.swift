import JacquardCore
import JacquardIR
import JacquardOps

/// Operators that put elements at places, and those that pick them by tuples. ONNX's indices may count from the end; the
/// graph's never do.
enum ONNXScatter {
  static let all: [ONNXTranslator] = [
    .single("Scatter", since: 9, elements), .single("ScatterElements", since: 11, elements),
    .single("ScatterND", since: 11, tuples), .single("GatherND", since: 11, gather),
    .single("TensorScatter", since: 24, cache),
  ]

  private static func combiner(_ node: ONNXNode) throws -> ScatterCombiner {
    switch try node.string("reduction", "none") {
    case "none": return .set
    case "add": return .add
    case "mul": return .multiply
    case "max": return .maximum
    case "min": return .minimum
    case let other: throw Diagnostic("attribute 'reduction' is '\(other.prefix(40))'")
    }
  }

  private static func elements(_ node: ONNXNode) throws -> ValueID {
    let (b, x) = (node.builder, try node.input(0))
    let axis = try node.axis(node.int("axis", 0), rank: b.shape(x).rank)
    let indices = try ONNXIndexing.fromStart(node, node.input(1), b.shape(x)[axis])
    return try b.scatterElements(x, indices, node.input(2), axis: axis, combiner(node))
  }

  // MARK: Tuples

  private static func tuples(_ node: ONNXNode) throws -> ValueID {
    let (b, x) = (node.builder, try node.input(0))
    let indices = try fromStart(node, node.input(1), Array(b.shape(x).dims))
    return try b.scatterND(x, indices, node.input(2), combiner(node))
  }

  /// Tuples of indices, negative ones counted from the end of the axis that they belong to.
  private static func fromStart(_ node: ONNXNode, _ indices: ValueID, _ dims: [Dim]) throws -> ValueID {
    let (b, shape) = (node.builder, node.builder.shape(indices))
    guard let width = shape.dims.last?.value, width > 0, width <= dims.count else {
      throw Diagnostic("indices \(b.type(indices)) are no tuples of up to \(dims.count) numbers")
    }
    let dtype = b.type(indices).dtype
    let sizes = try b.concat(dims.prefix(width).map { try b.reshape(b.dimension($0, dtype), [1]) }, axis: 0)
    return try b.select(b.less(indices, node.constant(0, dtype)), b.add(indices, sizes), indices)
  }

  /// Axes before `batch_dims` stay: their positions become part of the tuples.
  private static func gather(_ node: ONNXNode) throws -> ValueID {
    let (b, x) = (node.builder, try node.input(0))
    let batch = try node.int("batch_dims", 0)
    let (dims, shape) = (b.shape(x).dims, try node.shape(1))
    guard batch >= 0, batch < min(dims.count, shape.rank), shape.dims.prefix(batch) == dims.prefix(batch) else {
      throw Diagnostic("attribute 'batch_dims' is \(batch) for \(b.shape(x)) and \(shape)")
    }
    let indices = try fromStart(node, node.input(1), Array(dims.dropFirst(batch)))
    if batch == 0 { return try b.gatherND(x, indices) }
    let single = Shape(shape.dims.dropLast() + [1])
    let places = try (0..<batch).map { try b.iota(single, axis: $0, b.type(indices).dtype) }
    return try b.gatherND(x, b.concat(places + [indices], axis: shape.rank - 1))
  }

  // MARK: Caches

  /// An update along one axis of a cache, at a place of its own for each element of the batch.
  private static func cache(_ node: ONNXNode) throws -> ValueID {
    let (b, x, update) = (node.builder, try node.input(0), try node.input(1))
    let shape = b.shape(update)
    let axis = try node.axis(node.int("axis", -2), rank: b.shape(x).rank)
    guard axis > 0, shape.rank == b.shape(x).rank else { throw Diagnostic("the update does not fit the cache") }
    var places = try b.iota(shape, axis: axis, .i64)
    if let starts = node.optional(2) {
      places = try b.add(places, node.along(0, rank: shape.rank, b.cast(starts, .i64)))
    }
    switch try node.string("mode", "linear") {
    case "linear": break
    case "circular": places = try b.floorMod(places, b.dimension(b.shape(x)[axis], .i64))
    case let other: throw Diagnostic("attribute 'mode' is '\(other.prefix(40))'")
    }
    return try b.scatterElements(x, places, update, axis: axis)
  }
}
