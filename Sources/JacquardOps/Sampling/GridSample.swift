import JacquardCore
import JacquardIR

/// Samples of images at places that a grid tells.
public struct GridSample: CompositeOperation {
  /// What is made of the elements around a place.
  public enum Mode: String, Hashable, Codable, Sendable, CaseIterable {
    /// The nearest one; a weighted sum of the two along each axis.
    case nearest, linear
  }

  /// What lies outside the image.
  public enum Padding: String, Hashable, Codable, Sendable, CaseIterable {
    /// 0 everywhere.
    case zeros
    /// The outermost elements.
    case border
  }

  public static let name = "gridSample"
  public static let defaults = [
    AttributeField("mode", .string("linear")), AttributeField("padding", .string("zeros")),
    AttributeField("alignCorners", .bool(false)),
  ]
  public static let doc = OperationDoc(
    "Samples x [batch, channels, spatial...] at the places of a grid [batch, points..., spatial axes], which names the last "
      + "spatial axis first; the result is [batch, channels, points...].",
    formula:
      "place p of an axis of n elements: (p + 1) n / 2 - 1/2, or (p + 1) (n - 1) / 2 with alignCorners; linear: a sum "
      + "of the neighbours, each with the product of its weights along the axes",
    constraints: [
      "c1: the operands have one floating type",
      "c2: x has 1 to 3 spatial axes, and the grid as many axes as x; the last of the grid has one entry a spatial axis, "
        + "and the batches are equal",
      "c3: spatial sizes are numbers from 1 to 2^20: bind their symbols",
    ],
    conventions: [
      "nearest takes halves to the even element, as PyTorch does", "linear of two axes is PyTorch's bilinear",
      "where a neighbour changes the gradient of the grid is that of one side; nearest has none",
    ])

  public static let samples = [
    OperationSample(GridSample(), [.uniform("f32[2,3,4,5]", -2, 2), .uniform("f32[2,2,3,2]", -1.2, 1.2)], ulps: 64),
    OperationSample(
      GridSample(padding: .border), [.uniform("f32[1,2,4,3]", -2, 2), .uniform("f32[1,2,3,2]", -1.2, 1.2)], ulps: 64),
    OperationSample(
      GridSample(alignCorners: true), [.uniform("f32[1,2,5]", -2, 2), .uniform("f32[1,4,1]", -0.9, 0.9)], ulps: 64),
    OperationSample(
      GridSample(mode: .nearest, padding: .border),
      [.uniform("f32[1,2,4,3]", -2, 2), .uniform("f32[1,2,3,2]", -1.2, 1.2)],
      gradient: .firstOrder(reason: "piecewise constant in the grid")),
    OperationSample(
      GridSample(), [.uniform("f32[1,1,2,3,2]", -2, 2), .uniform("f32[1,1,2,1,3]", -0.8, 0.8)], ulps: 64),
  ]
  public static let violations = [
    OperationViolation(1, GridSample(), ["f32[1,1,4]", "f64[1,2,1]"]),
    OperationViolation(1, GridSample(), ["i32[1,1,4]", "i32[1,2,1]"]),
    OperationViolation(2, GridSample(), ["f32[1,1]", "f32[1,0]"]),
    OperationViolation(2, GridSample(), ["f32[1,1,4]", "f32[1,2,2]"]),
    OperationViolation(2, GridSample(), ["f32[1,1,4]", "f32[2,2,1]"]),
    OperationViolation(3, GridSample(), ["f32[1,1,L]", "f32[1,2,1]"]),
    OperationViolation(3, GridSample(), ["f32[1,1,0]", "f32[1,2,1]"]),
  ]

  /// What is made of the elements around a place.
  public var mode: Mode
  /// What lies outside the image.
  public var padding: Padding
  /// Whether -1 and 1 are the centres of the outermost elements; else their outer edges.
  public var alignCorners: Bool

  /// The defaults are PyTorch's.
  public init(mode: Mode = .linear, padding: Padding = .zeros, alignCorners: Bool = false) {
    self.mode = mode
    self.padding = padding
    self.alignCorners = alignCorners
  }

  public func inferTypes(_ context: TypeContext) throws -> [TensorType] {
    try requireFloats(context, 2)
    let (x, grid) = (context.inputs[0].shape, context.inputs[1].shape)
    let fits = (3...5).contains(x.rank) && grid.rank == x.rank && grid[x.rank - 1] == Dim(x.rank - 2) && grid[0] == x[0]
    try require(2, fits, "the grid \(grid) does not fit \(x)")
    let possible = x.dims.dropFirst(2).allSatisfy { $0.value.map { (1...1 << 20).contains($0) } ?? false }
    try require(3, possible, "the spatial sizes of \(x)")
    let points = Array(grid.dims[1..<grid.rank - 1])
    return [TensorType(context.inputs[0].dtype, Shape([x[0], x[1]] + points))]
  }

  public func decompose(_ builder: GraphBuilder, _ inputs: [ValueID]) throws -> [ValueID] {
    let (shape, grid) = (builder.shape(inputs[0]), builder.shape(inputs[1]))
    let sizes = shape.dims.dropFirst(2).map { $0.value ?? 0 }
    let points = Shape(Array(grid.dims[1..<grid.rank - 1]))
    let count = try points.elementCount()
    let places = try builder.reshape(inputs[1], [shape[0], count, Dim(sizes.count)])
    let axes = try sizes.enumerated().map { axis, size in
      let column = Dim(sizes.count - 1 - axis)
      let part = try builder.slice(places, axis: 2, from: column, to: column.plus(1))
      return try neighbours(builder.reshape(part, [shape[0], count]), size, builder)
    }
    let elements = try Shape(Array(shape.dims.dropFirst(2))).elementCount()
    let flat = try builder.reshape(inputs[0], [shape[0], shape[1], elements])
    let spread: Shape = [shape[0], shape[1], count]
    let terms = try corners(axes, sizes, builder).map { corner in
      let place = try builder.broadcast(builder.expandDims(corner.place, axis: 1), to: spread)
      return try builder.multiply(
        builder.takeAlongAxis(flat, place, axis: 2), builder.expandDims(corner.weight, axis: 1))
    }
    let sum = try terms.dropFirst().reduce(terms[0]) { try builder.add($0, $1) }
    return [try builder.reshape(sum, Shape([shape[0], shape[1]] + points.dims))]
  }

  /// One neighbour: its place (i64) in the axis, or among all elements, and its weight.
  private struct Neighbour {
    var place: ValueID
    var weight: ValueID
  }

  private func neighbours(_ p: ValueID, _ size: Int, _ b: GraphBuilder) throws -> [Neighbour] {
    let half = try b.multiply(
      b.add(p, b.scalar(1, for: p)), b.scalar(Double(alignCorners ? size - 1 : size) / 2, for: p))
    var place = alignCorners ? half : try b.subtract(half, b.scalar(0.5, for: p))
    if mode == .nearest { place = try b.round(place) }
    if padding == .border { place = try b.clamp(b.scalar(0, for: p), place, b.scalar(Double(size - 1), for: p)) }
    let one = try b.scalar(1, for: p)
    if mode == .nearest { return [try neighbour(place, one, size, b)] }
    let floor = try b.floor(place)
    let rest = try b.subtract(place, floor)
    return [
      try neighbour(floor, b.subtract(one, rest), size, b), try neighbour(b.add(floor, one), rest, size, b),
    ]
  }

  /// The element at a whole place; one that there is not has weight 0.
  private func neighbour(_ place: ValueID, _ weight: ValueID, _ size: Int, _ b: GraphBuilder) throws -> Neighbour {
    let zero = try b.scalar(0, for: place)
    let inside = try b.clamp(zero, place, b.scalar(Double(size - 1), for: place))
    let kept = try b.select(b.equal(place, inside), weight, zero)
    return Neighbour(place: try b.cast(inside, .i64), weight: kept)
  }

  /// Every choice of one neighbour along each axis.
  private func corners(_ axes: [[Neighbour]], _ sizes: [Int], _ b: GraphBuilder) throws -> [Neighbour] {
    var result = axes[0]
    for (axis, choices) in axes.enumerated().dropFirst() {
      let size = try b.constant(HostTensor(Int64(sizes[axis])))
      result = try result.flatMap { outer in
        try choices.map { inner in
          Neighbour(
            place: try b.add(b.multiply(outer.place, size), inner.place),
            weight: try b.multiply(outer.weight, inner.weight))
        }
      }
    }
    return result
  }
}

extension GraphBuilder {
  /// Samples of x [batch, channels, spatial...] at the places of a grid [batch, points..., spatial axes].
  public func gridSample(
    _ x: ValueID, _ grid: ValueID, mode: GridSample.Mode = .linear, padding: GridSample.Padding = .zeros,
    alignCorners: Bool = false
  ) throws -> ValueID {
    try apply(GridSample(mode: mode, padding: padding, alignCorners: alignCorners), x, grid)
  }
}
