import JacquardCore
import JacquardIR

/// Other sizes of some axes, elements between the old ones taken from their neighbours.
public struct Resize: CompositeOperation {
  /// What is made of the old elements around a place.
  public enum Mode: String, Hashable, Codable, Sendable, CaseIterable {
    /// The nearest one; a weighted sum of the two along each axis.
    case nearest, linear
  }

  /// Where element y of n lies on an axis of m elements.
  public enum Coordinates: String, Hashable, Codable, Sendable, CaseIterable {
    /// `(y + 1/2) m / n - 1/2`: elements are areas.
    case halfPixel
    /// `y (m - 1) / (n - 1)`: the first and the last elements lie on each other.
    case alignCorners
    /// `y m / n`.
    case asymmetric
  }

  /// Which element is nearest to a place.
  public enum Rounding: String, Hashable, Codable, Sendable, CaseIterable {
    /// To the one before, and after.
    case floor, ceil
    /// Halves down, and up.
    case preferFloor, preferCeil
  }

  public static let name = "resize"
  public static let defaults = [
    AttributeField("mode", .string("nearest")), AttributeField("coordinates", .string("halfPixel")),
    AttributeField("rounding", .string("preferFloor")),
  ]
  public static let doc = OperationDoc(
    "Gives axes other sizes: each element is the nearest old one, or lies on the line between its two neighbours.",
    formula: "linear: y[i] = (1 - w) x[floor p] + w x[floor p + 1], w = p - floor p, p the place of i",
    constraints: [
      "c1: linear needs a floating type", "c2: axes are axes of the operand, in ascending order",
      "c3: there is one size an axis, 1 to \(largest); the old sizes are such numbers too: bind their symbols",
    ],
    conventions: [
      "places outside count as the first or last element", "rounding is of nearest alone",
      "PyTorch's nearest is asymmetric with floor, its nearest-exact halfPixel with preferCeil; ONNX's default preferFloor",
    ])

  public static let samples =
    Coordinates.allCases.map {
      OperationSample(Resize(axes: [2], sizes: [7], mode: .linear, coordinates: $0), [.uniform("f32[1,2,4]", -2, 2)])
    } + [
      OperationSample(
        Resize(axes: [1, 2], sizes: [5, 2], mode: .linear, coordinates: .alignCorners), [.uniform("f32[2,3,4]", -2, 2)]),
      OperationSample(Resize(axes: [0, 1], sizes: [5, 2]), [.uniform("f32[3,4]", -2, 2)]),
      OperationSample(
        Resize(axes: [0], sizes: [10], coordinates: .asymmetric, rounding: .floor), [.integers("u8[4]", 0, 9)],
        gradient: .none(reason: "integers")),
      OperationSample(
        Resize(axes: [0], sizes: [1], coordinates: .alignCorners, rounding: .ceil), [.uniform("f32[4,0]", 0, 9)],
        gradient: .none(reason: "empty")),
    ]
  public static let violations = [
    OperationViolation(1, Resize(axes: [0], sizes: [3], mode: .linear), ["i32[2]"]),
    OperationViolation(2, Resize(axes: [1], sizes: [3]), ["f32[2]"]),
    OperationViolation(2, Resize(axes: [1, 0], sizes: [3, 3]), ["f32[2,2]"]),
    OperationViolation(3, Resize(axes: [0], sizes: [3, 3]), ["f32[2]"]),
    OperationViolation(3, Resize(axes: [0], sizes: [0]), ["f32[2]"]),
    OperationViolation(3, Resize(axes: [0], sizes: [2]), ["f32[0]"]),
    OperationViolation(3, Resize(axes: [0], sizes: [2]), ["f32[L]"]),
  ]

  /// Places and weights of an axis are constants of the graph.
  private static let largest = 1 << 20

  /// Those that get another size, ascending.
  public var axes: [Int]
  /// The new sizes, one an axis of `axes`.
  public var sizes: [Int]
  /// What is made of the old elements around a place.
  public var mode: Mode
  /// Which place of the old axis is that of a new element.
  public var coordinates: Coordinates
  /// Which old element is the nearest; used by that mode alone.
  public var rounding: Rounding

  /// Axes and sizes are checked where types are inferred (c2, c3).
  public init(
    axes: [Int], sizes: [Int], mode: Mode = .nearest, coordinates: Coordinates = .halfPixel,
    rounding: Rounding = .preferFloor
  ) {
    self.axes = axes
    self.sizes = sizes
    self.mode = mode
    self.coordinates = coordinates
    self.rounding = rounding
  }

  public func inferTypes(_ context: TypeContext) throws -> [TensorType] {
    try requireOperands(1, context)
    let x = context.inputs[0]
    try require(1, mode == .nearest || x.dtype.isFloat, "not linear between elements of \(x)")
    try requireAscendingAxes(axes, rank: x.shape.rank, 2)
    let old = axes.map { x.shape[$0].value ?? 0 }
    let possible = (sizes + old).allSatisfy { (1...Self.largest).contains($0) }
    try require(3, sizes.count == axes.count && possible, "sizes \(sizes) for axes \(axes) of \(x)")
    var shape = x.shape
    for (axis, size) in zip(axes, sizes) { shape.dims[axis] = Dim(size) }
    return [TensorType(x.dtype, shape)]
  }

  /// Where the elements of an axis lie on the old one.
  private func places(_ old: Int, _ new: Int) -> [Double] {
    let (m, n) = (Double(old), Double(new))
    return (0..<new).map { (index: Int) -> Double in
      let y = Double(index)
      switch coordinates {
      case .halfPixel: return (2 * y + 1) * m / (2 * n) - 0.5
      case .alignCorners: return new == 1 ? 0 : y * (m - 1) / (n - 1)
      case .asymmetric: return y * m / n
      }
    }
  }

  private func nearest(_ place: Double) -> Double {
    switch rounding {
    case .floor: place.rounded(.down)
    case .ceil: place.rounded(.up)
    case .preferFloor: (place - 0.5).rounded(.up)
    case .preferCeil: (place + 0.5).rounded(.down)
    }
  }

  public func decompose(_ builder: GraphBuilder, _ inputs: [ValueID]) throws -> [ValueID] {
    var x = inputs[0]
    for (axis, size) in zip(axes, sizes) {
      let old = builder.shape(x)[axis].value ?? 0
      let places = places(old, size).map { min(max($0, 0), Double(old - 1)) }
      func picked(_ places: [Double]) throws -> ValueID {
        let indices = places.map { Int64(min(max($0, 0), Double(old - 1))) }
        return try builder.gather(x, builder.constant(HostTensor(indices, [size])), axis: axis)
      }
      if mode == .nearest {
        x = try picked(places.map(nearest))
        continue
      }
      let (low, dtype) = (places.map { $0.rounded(.down) }, builder.type(x).dtype)
      let extents = [size] + [Int](repeating: 1, count: builder.shape(x).rank - axis - 1)
      func weighted(_ value: ValueID, _ weights: [Double]) throws -> ValueID {
        try builder.multiply(value, builder.constant(HostTensor(dtype, extents, weights.map { Scalar.float($0) })))
      }
      let rest = zip(places, low).map { $0 - $1 }
      x = try builder.add(
        weighted(picked(low), rest.map { 1 - $0 }), weighted(picked(low.map { $0 + 1 }), rest))
    }
    return [x]
  }
}

extension GraphBuilder {
  /// Axes with other sizes: each element is the nearest old one, or lies on the line between two.
  public func resize(
    _ x: ValueID, axes: [Int], sizes: [Int], mode: Resize.Mode = .nearest, coordinates: Resize.Coordinates = .halfPixel,
    rounding: Resize.Rounding = .preferFloor
  ) throws -> ValueID {
    let axes = axes.map { normalized($0, rank: shape(x).rank) }
    return try apply(
      Resize(axes: axes, sizes: sizes, mode: mode, coordinates: coordinates, rounding: rounding), x)
  }
}
