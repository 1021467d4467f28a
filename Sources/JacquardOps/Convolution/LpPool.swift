import JacquardCore
import JacquardIR

/// The norm of each window.
public struct LpPool: CompositeOperation {
  public static let name = "lpPool"
  public static let defaults = [AttributeField("p", .float(2))]
  public static let doc = OperationDoc(
    "The p-norm of each window of x [batch, channels, spatial...].", formula: "(sum over the window of |x|^p)^(1/p)",
    constraints: ["c1: the operand is floating, with 3 to 5 axes"] + PoolWindows.constraints.dropFirst() + [
      "c5: p is finite and at least 1"
    ],
    conventions: [
      "the padding counts as 0", "where all elements of a window are 0 the gradient is not finite unless p is 1",
    ])

  public static let samples = [
    OperationSample(
      LpPool(window: [2, 2], ConvGeometry(rank: 2, strides: [2, 1])), [.signed("f32[2,3,4,3]", 0.5, 2)], ulps: 64),
    OperationSample(
      LpPool(window: [3], ConvGeometry(rank: 1, low: [1], high: [1]), p: 1), [.signed("f32[1,2,5]", 0.5, 2)]),
    OperationSample(LpPool(window: [2], ConvGeometry(rank: 1), p: 3), [.signed("f32[1,2,5]", 0.5, 2)], ulps: 64),
  ]
  public static let violations = [
    OperationViolation(1, LpPool(window: [2], ConvGeometry(rank: 1)), ["i32[1,2,4]"]),
    OperationViolation(2, LpPool(window: [2, 2], ConvGeometry(rank: 1)), ["f32[1,2,4]"]),
    OperationViolation(3, LpPool(window: [2], ConvGeometry(rank: 1)), ["f32[1,2,L]"]),
    OperationViolation(4, LpPool(window: [5], ConvGeometry(rank: 1)), ["f32[1,2,4]"]),
    OperationViolation(5, LpPool(window: [2], ConvGeometry(rank: 1), p: 0.5), ["f32[1,2,4]"]),
    OperationViolation(5, LpPool(window: [2], ConvGeometry(rank: 1), p: .infinity), ["f32[1,2,4]"]),
  ]

  /// Elements of a window along each spatial axis.
  public var window: [Int]
  /// How the windows lie on the input.
  public var geometry: ConvGeometry
  /// Which norm: 1 for sums of magnitudes, 2 for lengths.
  public var p: Double

  /// Windows and p are checked where types are inferred (c2, c5).
  public init(window: [Int], _ geometry: ConvGeometry, p: Double = 2) {
    self.window = window
    self.geometry = geometry
    self.p = p
  }

  public func inferTypes(_ context: TypeContext) throws -> [TensorType] {
    try requireFloats(context, 1)
    let x = context.inputs[0]
    let windows = PoolWindows(name: Self.name, window: window, geometry: geometry) { violated($0, $1) }
    let output = try windows.output(windows.input(x))
    try require(5, p.isFinite && p >= 1, "p = \(p)")
    return [TensorType(x.dtype, Shape(x.shape.dims[..<2] + output.map { Dim($0) }))]
  }

  public func decompose(_ builder: GraphBuilder, _ inputs: [ValueID]) throws -> [ValueID] {
    let x = inputs[0]
    if p == 1 { return [try builder.sumPool(builder.abs(x), window: window, geometry)] }
    if p == 2 { return [try builder.sqrt(builder.sumPool(builder.multiply(x, x), window: window, geometry))] }
    let powers = try builder.power(builder.abs(x), builder.scalar(p, for: x))
    let sum = try builder.sumPool(powers, window: window, geometry)
    return [try builder.power(sum, builder.scalar(1 / p, for: x))]
  }
}

extension GraphBuilder {
  /// The p-norm of each window.
  public func lpPool(_ x: ValueID, window: [Int], _ geometry: ConvGeometry, p: Double = 2) throws -> ValueID {
    try apply(LpPool(window: window, geometry, p: p), x)
  }
}
