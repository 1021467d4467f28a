import JacquardCore
import JacquardIR
import JacquardOps

/// Operators that pick elements. ONNX's indices may count from the end; the graph's never do.
enum ONNXIndexing {
  static let all: [ONNXTranslator] = [
    .single("Gather", since: 7, gather), .single("GatherElements", since: 11, gatherElements),
    .single("Slice", since: 7, slice), .single("OneHot", since: 9, oneHot), .single("Compress", since: 9, compress),
    .single("ReverseSequence", since: 10, reverseSequence),
  ]

  /// Indices of an axis, negative ones counted from the end.
  static func fromStart(_ node: ONNXNode, _ indices: ValueID, _ size: Dim) throws -> ValueID {
    let b = node.builder
    let dtype = b.type(indices).dtype
    let negative = try b.less(indices, node.constant(0, dtype))
    return try b.select(negative, b.add(indices, b.dimension(size, dtype)), indices)
  }

  private static func gather(_ node: ONNXNode) throws -> ValueID {
    let (b, x) = (node.builder, try node.input(0))
    let axis = try node.axis(node.int("axis", 0), rank: b.shape(x).rank)
    return try b.gather(x, fromStart(node, node.input(1), b.shape(x)[axis]), axis: axis)
  }

  /// Along the other axes the indices may be fewer than the elements.
  private static func gatherElements(_ node: ONNXNode) throws -> ValueID {
    let (b, x, indices) = (node.builder, try node.input(0), try node.input(1))
    let axis = try node.axis(node.int("axis", 0), rank: b.shape(x).rank)
    let (own, wanted) = (b.shape(x), b.shape(indices))
    guard own.rank == wanted.rank else { throw Diagnostic("indices of shape \(wanted) for data of shape \(own)") }
    var limits = wanted.dims
    limits[axis] = own[axis]
    let part = limits == own.dims ? x : try b.slice(x, starts: limits.map { _ in 0 }, limits: limits)
    return try b.takeAlongAxis(part, fromStart(node, indices, own[axis]), axis: axis)
  }

  // MARK: Slice

  private struct Bounds {
    var starts: [Dim]
    var ends: [Dim]
    var axes: [Int]
    var steps: [Int]
  }

  /// Bounds are attributes up to operator set 9, then inputs.
  private static func bounds(_ node: ONNXNode, rank: Int) throws -> Bounds {
    let isOld = node.opset < 10
    let starts = try isOld ? (node.ints("starts") ?? []).map { Dim($0) } : node.dimensions(1)
    let ends = try isOld ? (node.ints("ends") ?? []).map { Dim($0) } : node.dimensions(2)
    let axes = try (isOld ? node.ints("axes") : node.integers(3)) ?? Array(starts.indices)
    let steps = try (isOld ? nil : node.integers(4)) ?? starts.map { _ in 1 }
    guard ends.count == starts.count, axes.count == starts.count, steps.count == starts.count else {
      throw Diagnostic("starts, ends, axes and steps have different lengths")
    }
    return Bounds(starts: starts, ends: ends, axes: try node.axes(axes, rank: rank), steps: steps)
  }

  private static func slice(_ node: ONNXNode) throws -> ValueID {
    let (b, x) = (node.builder, try node.input(0))
    let dims = b.shape(x).dims
    let bounds = try bounds(node, rank: dims.count)
    var (starts, limits) = (dims.map { _ in Dim(0) }, dims)
    var (strides, reversed): ([Int], [Int]) = (dims.map { _ in 1 }, [])
    for (index, axis) in bounds.axes.enumerated() {
      let step = bounds.steps[index]
      if step == 0 { throw Diagnostic("a step is 0") }
      if let size = dims[axis].value, let start = bounds.starts[index].value, let end = bounds.ends[index].value {
        let part = ONNXSlice(size: size, start: start, end: end, step: step)
        (starts[axis], limits[axis], strides[axis]) = (Dim(part.low), Dim(part.limit), part.stride)
        if step < 0 { reversed.append(axis) }
      } else {
        if step != 1 { throw node.unsupported("with a step on axis \(axis) of size \(dims[axis]): bind it") }
        starts[axis] = try place(node, bounds.starts[index], dims[axis])
        limits[axis] = try place(node, bounds.ends[index], dims[axis])
      }
    }
    let part = try b.slice(x, starts: starts, limits: limits, strides: strides)
    return reversed.isEmpty ? part : try b.reverse(part, axes: reversed.sorted())
  }

  /// A bound on an axis that is a symbol.
  private static func place(_ node: ONNXNode, _ bound: Dim, _ dim: Dim) throws -> Dim {
    guard let value = bound.value else { return bound }
    if value >= Int(Int32.max) { return dim }
    if value < 0 { return try dim.plus(bound) }
    if let least = dim.lowerBound, value <= least { return bound }
    if dim.value != nil { return Dim(min(value, dim.value ?? 0)) }
    throw node.unsupported("to \(value) of an axis of size \(dim): bind it")
  }

  // MARK: Choices

  private static func oneHot(_ node: ONNXNode) throws -> ValueID {
    let (b, indices) = (node.builder, try node.input(0))
    guard let depth = try node.dimensions(1).first else { throw Diagnostic("the depth is empty") }
    let own = b.shape(indices)
    let axis = try node.axis(node.int("axis", -1), rank: own.rank + 1)
    let wide = try fromStart(node, b.cast(indices, .i64), depth)
    var order = Array(0..<own.rank)
    order.insert(own.rank, at: axis)
    let hit = try b.transpose(b.oneHot(wide, depth: depth, .bool), order)
    guard try node.shape(2) == [2] else { throw Diagnostic("values are not two") }
    func value(_ index: Int) throws -> ValueID {
      try b.reshape(b.slice(node.input(2), axis: 0, from: Dim(index), to: Dim(index + 1)), .scalar)
    }
    return try b.select(hit, value(1), value(0))
  }

  /// Slices whose condition is true; the condition decides the shape.
  private static func compress(_ node: ONNXNode) throws -> ValueID {
    let b = node.builder
    let condition = try node.tensor(1)
    let axis = try node.int("axis")
    let x = try axis == nil ? b.reshape(node.input(0), [-1]) : node.input(0)
    let place = try node.axis(axis ?? 0, rank: b.shape(x).rank)
    let chosen = (0..<condition.count).filter { condition[linear: $0].asBool }
    return try b.gather(x, node.constant(integers: chosen), axis: place)
  }

  /// The first elements of each sequence, as many as its length says, in the opposite order.
  private static func reverseSequence(_ node: ONNXNode) throws -> ValueID {
    let (b, x) = (node.builder, try node.input(0))
    let shape = b.shape(x)
    let time = try node.axis(node.int("time_axis", 0), rank: shape.rank)
    let batch = try node.axis(node.int("batch_axis", 1), rank: shape.rank)
    if time == batch { throw Diagnostic("time and batch are one axis") }
    let lengths = try node.along(batch, rank: shape.rank, b.cast(node.input(1), .i64))
    let places = try b.iota(shape, axis: time, .i64)
    let mirrored = try b.subtract(b.subtract(lengths, node.constant(1, .i64)), places)
    return try b.takeAlongAxis(x, b.select(b.less(places, lengths), mirrored, places), axis: time)
  }
}

/// One axis of ONNX's slice: bounds beyond the axis are cut to it, a negative step runs backwards.
struct ONNXSlice {
  /// The same elements in ascending order.
  let low: Int
  let limit: Int
  let stride: Int

  init(size: Int, start: Int, end: Int, step: Int) {
    func fromStart(_ place: Int) -> Int { place < 0 ? place &+ size : place }
    stride = min(Int(clamping: step.magnitude), 1 << 31)
    if step > 0 {
      low = max(0, min(fromStart(start), size))
      limit = max(low, min(fromStart(end), size))
    } else {
      let first = max(-1, min(fromStart(start), size - 1))
      let last = max(-1, min(fromStart(end), size - 1))
      let count = first > last ? (first - last + stride - 1) / stride : 0
      low = count == 0 ? 0 : first - (count - 1) * stride
      limit = count == 0 ? 0 : first + 1
    }
  }
}
