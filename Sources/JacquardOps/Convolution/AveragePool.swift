import JacquardCore
import JacquardIR

/// The mean of each window.
public struct AveragePool: CompositeOperation {
  public static let name = "averagePool"
  public static let defaults = [AttributeField("countsPadding", .bool(true))]
  public static let doc = OperationDoc(
    "The mean of each window of x [batch, channels, spatial...].",
    formula: "sumPool(x) / number of elements of the window",
    constraints: ["c1: the operand is floating, with 3 to 5 axes"] + PoolWindows.constraints.dropFirst(),
    conventions: ["the number counts elements in the padding too, unless countsPadding is false"])

  public static let samples = [
    OperationSample(
      AveragePool(window: [2, 2], ConvGeometry(rank: 2, strides: [2, 2])), [.uniform("f32[2,3,4,6]", -2, 2)]),
    OperationSample(
      AveragePool(window: [3], ConvGeometry(rank: 1, low: [1], high: [1]), countsPadding: false),
      [.uniform("f32[1,2,5]", -2, 2)]),
  ]
  public static let violations = [
    OperationViolation(1, AveragePool(window: [2], ConvGeometry(rank: 1)), ["i32[1,2,4]"]),
    OperationViolation(2, AveragePool(window: [2, 2], ConvGeometry(rank: 1)), ["f32[1,2,4]"]),
    OperationViolation(3, AveragePool(window: [2], ConvGeometry(rank: 1)), ["f32[1,2,L]"]),
    OperationViolation(4, AveragePool(window: [5], ConvGeometry(rank: 1)), ["f32[1,2,4]"]),
  ]

  /// Elements of a window along each spatial axis.
  public var window: [Int]
  /// How the windows lie on the input.
  public var geometry: ConvGeometry
  /// Whether the padding counts in the number that sums are divided by.
  public var countsPadding: Bool

  /// Windows are checked where types are inferred (c2).
  public init(window: [Int], _ geometry: ConvGeometry, countsPadding: Bool = true) {
    self.window = window
    self.geometry = geometry
    self.countsPadding = countsPadding
  }

  private var windows: PoolWindows {
    PoolWindows(name: Self.name, window: window, geometry: geometry) { violated($0, $1) }
  }

  public func inferTypes(_ context: TypeContext) throws -> [TensorType] {
    try requireFloats(context, 1)
    let x = context.inputs[0]
    let output = try windows.output(windows.input(x))
    return [TensorType(x.dtype, Shape(x.shape.dims[..<2] + output.map { Dim($0) }))]
  }

  public func decompose(_ builder: GraphBuilder, _ inputs: [ValueID]) throws -> [ValueID] {
    let x = inputs[0]
    let sum = try builder.sumPool(x, window: window, geometry)
    if countsPadding { return [try builder.multiply(sum, builder.scalar(1 / Double(window.product), for: x))] }
    let plane = Shape([1, 1] + builder.shape(x).dims.dropFirst(2))
    let ones = try builder.broadcast(builder.scalar(1, for: x), to: plane)
    return [try builder.divide(sum, builder.sumPool(ones, window: window, geometry))]
  }
}

extension GraphBuilder {
  /// The mean of each window.
  public func averagePool(
    _ x: ValueID, window: [Int], _ geometry: ConvGeometry, countsPadding: Bool = true
  ) throws -> ValueID {
    try apply(AveragePool(window: window, geometry, countsPadding: countsPadding), x)
  }
}
