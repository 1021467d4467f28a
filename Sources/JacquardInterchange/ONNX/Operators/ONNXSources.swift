import JacquardCore
import JacquardIR
import JacquardOps

/// Operators that make tensors of constants, sizes and positions, and those that change the element type.
enum ONNXSources {
  static let all: [ONNXTranslator] = [
    .single("Constant", since: 7, constant), .single("ConstantOfShape", since: 9, filled),
    .single("Shape", since: 7, shape),
    .single("Size", since: 7) { try $0.builder.dimension($0.shape(0).elementCount(), .i64) },
    .single("Range", since: 11, range), .single("EyeLike", since: 9, eye), .single("Trilu", since: 14, triangle),
    .single("Cast", since: 9, cast), .single("CastLike", since: 15) { try $0.builder.cast($0.input(0), $0.dtype(1)) },
  ]

  /// A range longer than this is not meant.
  private static let longest = 1 << 28

  private static func constant(_ node: ONNXNode) throws -> ValueID {
    let b = node.builder
    if let tensor = try node.tensor(attribute: "value") ?? node.sparseTensor(attribute: "sparse_value") {
      return try b.constant(tensor)
    }
    if let value = try node.int("value_int") { return try b.constant(HostTensor(Int64(value))) }
    if let value = try node.float("value_float") { return try b.constant(HostTensor(Float(value))) }
    if let values = try node.ints("value_ints") { return try node.constant(integers: values) }
    if let values = try node.floats("value_floats") {
      return try b.constant(HostTensor(values.map { Float($0) }, [values.count]))
    }
    throw node.unsupported("without a tensor or number")
  }

  private static func filled(_ node: ONNXNode) throws -> ValueID {
    let value = try node.tensor(attribute: "value") ?? HostTensor(zeros: .f32, [1])
    if value.count != 1 { throw Diagnostic("attribute 'value' has \(value.count) elements, not 1") }
    return try node.builder.broadcast(node.builder.constant(value.reshaped([])), to: Shape(node.dimensions(0)))
  }

  private static func shape(_ node: ONNXNode) throws -> ValueID {
    let dims = try node.shape(0).dims
    func place(_ index: Int) -> Int { max(0, min(index < 0 ? index + dims.count : index, dims.count)) }
    let (start, end) = (place(try node.int("start", 0)), place(try node.int("end", dims.count)))
    let part = start < end ? Array(dims[start..<end]) : []
    if let sizes = Shape(part).sizes { return try node.constant(integers: sizes) }
    let b = node.builder
    return try b.concat(part.map { try b.reshape(b.dimension($0, .i64), [1]) }, axis: 0)
  }

  // MARK: Positions

  /// start + i * delta; whole numbers may depend on symbols.
  private static func range(_ node: ONNXNode) throws -> ValueID {
    let (b, dtype) = (node.builder, try node.dtype(0))
    let count = try dtype.isFloat ? Dim(floatCount(node)) : integerCount(node)
    let places = try b.iota(Shape([count]), axis: 0, dtype)
    return try b.add(b.multiply(places, scalar(node, 2)), scalar(node, 0))
  }

  private static func scalar(_ node: ONNXNode, _ index: Int) throws -> ValueID {
    try node.builder.reshape(node.input(index), .scalar)
  }

  private static func floatCount(_ node: ONNXNode) throws -> Int {
    let bounds = try (0..<3).map { try node.tensor($0) }
    guard bounds.allSatisfy({ $0.count == 1 }) else { throw Diagnostic("a bound is no scalar") }
    let (start, limit, delta) = (
      bounds[0][linear: 0].asDouble, bounds[1][linear: 0].asDouble, bounds[2][linear: 0].asDouble
    )
    return try checked(((limit - start) / delta).rounded(.up))
  }

  private static func integerCount(_ node: ONNXNode) throws -> Dim {
    let bounds = try (0..<3).map { try node.dimensions($0) }
    guard bounds.allSatisfy({ $0.count == 1 }) else { throw Diagnostic("a bound is no scalar") }
    let span = try bounds[1][0].minus(bounds[0][0])
    guard let length = span.value, let delta = bounds[2][0].value else {
      if bounds[2][0].isOne, span.lowerBound != nil { return span }
      throw node.unsupported("with steps over symbols: bind them")
    }
    return Dim(try checked((Double(length) / Double(delta)).rounded(.up)))
  }

  private static func checked(_ count: Double) throws -> Int {
    guard count.isFinite, count <= Double(longest) else { throw Diagnostic("the range has \(count) elements") }
    return max(0, Int(count))
  }

  private static func eye(_ node: ONNXNode) throws -> ValueID {
    let (b, shape) = (node.builder, try node.shape(0))
    guard shape.rank == 2 else { throw Diagnostic("the input is no matrix") }
    let dtype = try node.dtype(attribute: "dtype") ?? node.dtype(0)
    let (rows, columns) = (try b.iota(shape, axis: 0, .i64), try b.iota(shape, axis: 1, .i64))
    let hit = try b.equal(b.subtract(columns, rows), node.builder.constant(HostTensor(Int64(node.int("k", 0)))))
    return try b.cast(hit, dtype)
  }

  /// The upper or lower triangle, from the k-th diagonal; zeros elsewhere.
  private static func triangle(_ node: ONNXNode) throws -> ValueID {
    let (b, x) = (node.builder, try node.input(0))
    let shape = b.shape(x)
    guard shape.rank >= 2 else { throw Diagnostic("the input is no matrix") }
    let plane = Shape(Array(shape.dims.suffix(2)))
    let distance = try b.subtract(b.iota(plane, axis: 1, .i64), b.iota(plane, axis: 0, .i64))
    let k = try node.optional(1).map { try b.reshape($0, .scalar) } ?? node.constant(0, .i64)
    let kept = try node.flag("upper", true) ? b.greaterEqual(distance, k) : b.lessEqual(distance, k)
    return try b.select(kept, x, node.constant(0, like: x))
  }

  private static func cast(_ node: ONNXNode) throws -> ValueID {
    guard let dtype = try node.dtype(attribute: "to") else { throw Diagnostic("attribute 'to' is missing") }
    return try node.builder.cast(node.input(0), dtype)
  }
}
