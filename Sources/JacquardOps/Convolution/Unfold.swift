import JacquardCore
import JacquardIR

/// The windows of an image as columns (im2col).
public struct Unfold: CompositeOperation {
  public static let name = "unfold"
  public static let doc = OperationDoc(
    "The elements of each window of x [batch, channels, spatial...] as one column (im2col): a convolution is a matrix "
      + "product of its kernel and these.",
    formula:
      "y[n, c * K + k, l] = padded x[n, c, o * stride + k * dilation], K the window's elements, l the number of o",
    constraints: PoolWindows.constraints + [WindowShifts.limitDoc],
    conventions: ["rows go through channels, then through the window, as PyTorch's do; the padding is 0"])

  public static let samples = [
    OperationSample(Unfold(window: [2, 3], ConvGeometry(rank: 2)), [.uniform("f32[2,3,4,5]", -2, 2)]),
    OperationSample(
      Unfold(window: [2, 2], ConvGeometry(rank: 2, strides: [2, 1], low: [1, 0], high: [0, 2], dilation: [1, 2])),
      [.uniform("f32[1,2,5,4]", -2, 2)]),
    OperationSample(Unfold(window: [3], ConvGeometry(rank: 1, strides: [2])), [.uniform("f32[2,1,8]", -2, 2)]),
    OperationSample(
      Unfold(window: [2], ConvGeometry(rank: 1, low: [1])), [.integers("i32[1,2,3]", -9, 9)],
      gradient: .none(reason: "integers")),
  ]
  public static let violations = [
    OperationViolation(1, Unfold(window: [2], ConvGeometry(rank: 1)), ["bool[1,2,4]"]),
    OperationViolation(2, Unfold(window: [2, 2], ConvGeometry(rank: 1)), ["f32[1,2,4]"]),
    OperationViolation(3, Unfold(window: [2], ConvGeometry(rank: 1)), ["f32[1,2,L]"]),
    OperationViolation(4, Unfold(window: [5], ConvGeometry(rank: 1)), ["f32[1,2,4]"]),
    OperationViolation(5, Unfold(window: [40, 40], ConvGeometry(rank: 2)), ["f32[1,2,40,40]"]),
  ]

  /// Elements of a window along each spatial axis.
  public var window: [Int]
  /// How the windows lie on the image.
  public var geometry: ConvGeometry

  /// Windows are checked where types are inferred (c2).
  public init(window: [Int], _ geometry: ConvGeometry) {
    self.window = window
    self.geometry = geometry
  }

  private var windows: PoolWindows {
    PoolWindows(name: Self.name, window: window, geometry: geometry) { violated($0, $1) }
  }

  public func inferTypes(_ context: TypeContext) throws -> [TensorType] {
    try requireOperands(1, context)
    let x = context.inputs[0]
    let output = try windows.output(windows.input(x))
    try require(5, WindowShifts.fits(window, geometry), "a window of \(window), \(geometry)")
    let rows = try x.shape[1].times(Dim(window.product))
    return [TensorType(x.dtype, [x.shape[0], rows, try Shape(output.map { Dim($0) }).elementCount()])]
  }

  public func decompose(_ builder: GraphBuilder, _ inputs: [ValueID]) throws -> [ValueID] {
    let shape = builder.shape(inputs[0])
    let input = try windows.sizes(shape)
    let output = try windows.output(input)
    let shifts = WindowShifts(window: window, geometry: geometry, input: input, output: output)
    let padded = try shifts.padded(inputs[0], builder)
    let count = try Shape(output.map { Dim($0) }).elementCount()
    let parts = try shifts.all.map { shift in
      try builder.reshape(shifts.picked(padded, shift, builder), [shape[0], shape[1], 1, count])
    }
    let rows = try shape[1].times(Dim(window.product))
    return [try builder.reshape(builder.concat(parts, axis: 2), [shape[0], rows, count])]
  }
}

extension GraphBuilder {
  /// The elements of each window as one column.
  public func unfold(_ x: ValueID, window: [Int], _ geometry: ConvGeometry) throws -> ValueID {
    try apply(Unfold(window: window, geometry), x)
  }
}
