import JacquardCore
import JacquardIR

/// Copies of a tensor side by side.
public struct Tile: CompositeOperation {
  public static let name = "tile"
  public static let doc = OperationDoc(
    "Copies of a tensor side by side along each axis (NumPy's tile).", formula: "y[i] = x[i mod n]",
    constraints: ["c1: repeats has one entry an axis", "c2: repeats are not negative"])

  public static let samples = [
    OperationSample(Tile(repeats: [2, 3]), [.uniform("f32[3,2]", -2, 2)]),
    OperationSample(Tile(repeats: [1, 4]), [.uniform("f32[3,2]", -2, 2)]),
    OperationSample(Tile(repeats: [3]), [.integers("bool[4]", 0, 2)], gradient: .none(reason: "booleans")),
    OperationSample(Tile(repeats: [0]), [.integers("i32[4]", -9, 9)], gradient: .none(reason: "integers")),
  ]
  public static let violations = [
    OperationViolation(1, Tile(repeats: [2]), ["f32[2,3]"]),
    OperationViolation(2, Tile(repeats: [-1]), ["f32[2]"]),
  ]

  /// How many copies lie side by side, one an axis.
  public let repeats: [Dim]

  /// The numbers are checked where types are inferred (c1, c2).
  public init(repeats: [Dim]) { self.repeats = repeats }

  public func inferTypes(_ context: TypeContext) throws -> [TensorType] {
    try requireOperands(1, context)
    let x = context.inputs[0]
    try require(1, repeats.count == x.shape.rank, "\(repeats.count) repeats for \(x)")
    try requireNatural(repeats, 2)
    var dims: [Dim] = []
    for (dim, count) in zip(x.shape.dims, repeats) { dims.append(try dim.times(count)) }
    return [TensorType(x.dtype, Shape(dims))]
  }

  /// One axis after the other, so that the rank grows by one only.
  public func decompose(_ builder: GraphBuilder, _ inputs: [ValueID]) throws -> [ValueID] {
    var result = inputs[0]
    for (axis, count) in repeats.enumerated() where !count.isOne {
      result = try builder.copies(of: result, count, along: axis, before: axis)
    }
    return [result]
  }
}

extension GraphBuilder {
  /// Copies of a tensor side by side, so many along each axis.
  public func tile(_ x: ValueID, repeats: [Dim]) throws -> ValueID { try apply(Tile(repeats: repeats), x) }

  /// Repeats a tensor along a new axis, and joins that with the axis beside it.
  func copies(of x: ValueID, _ count: Dim, along axis: Int, before place: Int) throws -> ValueID {
    let shape = shape(x)
    var result = shape
    result.dims[axis] = try shape[axis].times(count)
    // The steps in between may be too large for memory even if nothing is left.
    if result.dims.contains(0) { return try zeros(result, type(x).dtype) }
    if shape.rank == TensorType.maximumRank {
      // There is no place for one more axis: the others are joined on the way.
      let (left, right) = (Shape(Array(shape.dims[..<axis])), Shape(Array(shape.dims[(axis + 1)...])))
      let flat = try reshape(x, [left.elementCount(), shape[axis], right.elementCount()])
      return try reshape(copies(of: flat, count, along: 1, before: place == axis ? 1 : 2), result)
    }
    let spread = try expandDims(x, axis: place)
    var target = self.shape(spread)
    target.dims[place] = count
    return try reshape(broadcast(spread, to: target), result)
  }
}
