import JacquardCore
import JacquardIR
import JacquardKernels

/// Largest element along axes.
public struct ReduceMax: ReductionOperation {
  public static let name = "reduceMax"
  public static let combiner = Combiner.maximum
  public static let doc = OperationDoc(
    "Largest element along axes.", formula: "y = max over axes of x",
    constraints: ["c1: the operand is numeric", "c2: axes are axes of the operand, in ascending order"],
    conventions: [
      "a NaN wins", "the largest of nothing is -inf, for integers the lowest value",
      "the gradient is shared evenly between equal largest elements; it is 0 where the result is NaN",
    ])

  public static let samples = [
    OperationSample(ReduceMax(axes: [1]), [.distinct("f32[3,4,5]")]),
    OperationSample(ReduceMax(axes: [0, 2], keepDims: true), [.distinct("f32[3,4,5]")]),
    OperationSample(ReduceMax(axes: [0]), [.integers("i32[9,2]", -9, 9)], gradient: .none(reason: "integers")),
    OperationSample(ReduceMax(axes: [0]), [.integers("u8[0,2]", 0, 9)], gradient: .none(reason: "integers")),
  ]
  public static let violations = [
    OperationViolation(1, ReduceMax(axes: [0]), ["bool[2]"]),
    OperationViolation(2, ReduceMax(axes: [-1]), ["f32[2]"]),
  ]

  public var axes: [Int]
  public var keepDims: Bool

  public init(axes: [Int], keepDims: Bool = false) {
    self.axes = axes
    self.keepDims = keepDims
  }

  public static func accepts(_ dtype: DType) -> Bool { dtype.isNumeric }

  public static func evaluate(_ values: [Scalar], _ dtype: DType) -> Scalar {
    Extreme.position(values, largest: true).map { values[$0] } ?? combiner.identity(dtype)
  }

  public func gradient(_ context: GradientContext) throws -> Gradient {
    try Extreme.gradient(context, axes)
  }
}

/// What largest and smallest have in common.
enum Extreme {
  /// The position of the first extreme element, or of the first NaN; nil for no elements.
  static func position(_ values: [Scalar], largest: Bool) -> Int? {
    var best: Int?
    for (index, value) in values.enumerated() {
      guard let current = best else {
        best = index
        continue
      }
      if values[current].asDouble.isNaN { return current }
      if value.asDouble.isNaN || (largest ? isLess(values[current], value) : isLess(value, values[current])) {
        best = index
      }
    }
    return best
  }

  private static func isLess(_ a: Scalar, _ b: Scalar) -> Bool {
    if case .int(let a) = a, case .int(let b) = b { return a < b }
    if case .unsigned(let a) = a, case .unsigned(let b) = b { return a < b }
    return a.asDouble < b.asDouble
  }

  /// The cotangent goes to the elements that equal the result, in equal shares.
  static func gradient(_ context: GradientContext, _ axes: [Int]) throws -> Gradient {
    let (b, x) = (context.builder, context.inputs[0])
    let type = context.type(x)
    let result = try b.restore(context.outputs[0], axes: axes, to: type.shape)
    let hit = try b.equal(x, result)
    let ties = try b.sum(b.cast(hit, type.dtype), axes: axes, keepDims: true)
    let g = try b.reshape(context.cotangent(), type.shape.reduced(axes, keepDims: true))
    let share = try b.broadcast(b.divide(g, ties), to: type.shape)
    return .cotangents([.value(try b.select(hit, share, b.fill(0, like: x)))])
  }
}

extension GraphBuilder {
  /// Largest element along axes.
  public func reduceMax(_ x: ValueID, axes: [Int], keepDims: Bool = false) throws -> ValueID {
    try reduce(ReduceMax.self, x, axes, keepDims)
  }
}
