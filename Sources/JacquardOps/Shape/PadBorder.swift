import JacquardCore
import JacquardIR

/// Surrounds a tensor with its own elements.
public struct PadBorder: CompositeOperation {
  /// Which of its elements surround the tensor.
  public enum Mode: String, Hashable, Codable, Sendable, CaseIterable {
    /// Mirrored at the first and the last element, which are not repeated.
    case reflect
    /// The first and the last element again and again.
    case edge
    /// As if the tensor went on from its other end.
    case circular
  }

  public static let name = "padBorder"
  public static let doc = OperationDoc(
    "Surrounds a tensor with its own elements, axis by axis.",
    formula: "y[low + i] = x[i]; outside reflect: x[-i], x[2 n - 2 - i]; edge: x[0], x[n - 1]; circular: x[i mod n]",
    constraints: [
      "c1: low and high have one entry an axis, not negative",
      "c2: low and high are less than the axis for reflect, no larger than it for circular; for edge the axis is not empty",
    ],
    conventions: ["edge is PyTorch's replicate, circular is NumPy's and ONNX's wrap"])

  public static let samples =
    Mode.allCases.map { OperationSample(PadBorder($0, low: [2], high: [1]), [.uniform("f32[3]", -2, 2)]) } + [
      OperationSample(PadBorder(.reflect, low: [1, 0], high: [0, 2]), [.uniform("f32[2,3]", -2, 2)]),
      OperationSample(PadBorder(.edge, low: [0, 3], high: [4, 0]), [.uniform("f32[2,3]", -2, 2)]),
      OperationSample(PadBorder(.circular, low: [2, 0], high: [2, 3]), [.uniform("f32[2,3]", -2, 2)]),
      OperationSample(
        PadBorder(.reflect, low: [3], high: [3]), [.integers("i32[4]", -9, 9)], gradient: .none(reason: "integers")),
    ]
  public static let violations = [
    OperationViolation(1, PadBorder(.edge, low: [1], high: [1, 1]), ["f32[2]"]),
    OperationViolation(1, PadBorder(.edge, low: [-1], high: [1]), ["f32[2]"]),
    OperationViolation(2, PadBorder(.reflect, low: [2], high: [0]), ["f32[2]"]),
    OperationViolation(2, PadBorder(.circular, low: [0], high: [3]), ["f32[2]"]),
    OperationViolation(2, PadBorder(.edge, low: [1], high: [0]), ["f32[0]"]),
  ]

  /// Which of its elements surround the tensor.
  public let mode: Mode
  /// Elements put before each axis.
  public let low: [Dim]
  /// Elements put after each axis.
  public let high: [Dim]

  /// The numbers are checked where types are inferred (c1, c2).
  public init(_ mode: Mode, low: [Dim], high: [Dim]) {
    self.mode = mode
    self.low = low
    self.high = high
  }

  public func inferTypes(_ context: TypeContext) throws -> [TensorType] {
    try requireOperands(1, context)
    let x = context.inputs[0]
    let fits = low.count == x.shape.rank && high.count == x.shape.rank
    try require(1, fits && !(low + high).contains(where: \.isCertainlyNegative), "low \(low) and high \(high) for \(x)")
    var dims: [Dim] = []
    for (axis, dim) in x.shape.dims.enumerated() {
      for width in [low[axis], high[axis]] where width != 0 {
        let spare = try mode == .edge ? dim.minus(1) : dim.minus(width).minus(mode == .reflect ? 1 : 0)
        try require(
          2, !spare.isCertainlyNegative, "\(mode.rawValue) cannot give \(width) elements of axis \(axis) of \(x)")
      }
      dims.append(try low[axis].plus(dim).plus(high[axis]))
    }
    return [TensorType(x.dtype, Shape(dims))]
  }

  public func decompose(_ builder: GraphBuilder, _ inputs: [ValueID]) throws -> [ValueID] {
    var result = inputs[0]
    for axis in low.indices where low[axis] != 0 || high[axis] != 0 {
      var parts = [result]
      if low[axis] != 0 { parts.insert(try before(result, axis, builder), at: 0) }
      if high[axis] != 0 { parts.append(try after(result, axis, builder)) }
      result = try builder.concat(parts, axis: axis)
    }
    return [result]
  }

  private func before(_ x: ValueID, _ axis: Int, _ builder: GraphBuilder) throws -> ValueID {
    let (count, width) = (builder.shape(x)[axis], low[axis])
    switch mode {
    case .reflect: return try builder.reverse(builder.slice(x, axis: axis, from: 1, to: width.plus(1)), axes: [axis])
    case .edge: return try repeated(builder.slice(x, axis: axis, from: 0, to: 1), axis, width, builder)
    case .circular: return try builder.slice(x, axis: axis, from: count.minus(width), to: count)
    }
  }

  private func after(_ x: ValueID, _ axis: Int, _ builder: GraphBuilder) throws -> ValueID {
    let (count, width) = (builder.shape(x)[axis], high[axis])
    switch mode {
    case .reflect:
      let last = try count.minus(1)
      return try builder.reverse(builder.slice(x, axis: axis, from: last.minus(width), to: last), axes: [axis])
    case .edge: return try repeated(builder.slice(x, axis: axis, from: count.minus(1), to: count), axis, width, builder)
    case .circular: return try builder.slice(x, axis: axis, from: 0, to: width)
    }
  }

  private func repeated(_ x: ValueID, _ axis: Int, _ width: Dim, _ builder: GraphBuilder) throws -> ValueID {
    var shape = builder.shape(x)
    shape.dims[axis] = width
    return try builder.broadcast(x, to: shape)
  }
}

extension GraphBuilder {
  /// Surrounds a tensor with its own elements: mirrored, the outermost repeated, or going on from the other end.
  public func pad(_ x: ValueID, _ mode: PadBorder.Mode, low: [Dim], high: [Dim]) throws -> ValueID {
    try apply(PadBorder(mode, low: low, high: high), x)
  }
}
