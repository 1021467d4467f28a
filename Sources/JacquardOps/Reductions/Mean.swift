import JacquardCore
import JacquardIR
import JacquardKernels

/// Mean of the elements along axes.
public struct Mean: ReductionOperation {
  public static let name = "mean"
  public static let combiner = Combiner.sum
  public static let doc = OperationDoc(
    "Mean of the elements along axes.", formula: "y = (sum over axes of x) / n: the sum is divided once, at the end",
    constraints: ["c1: the operand is floating", "c2: axes are axes of the operand, in ascending order"],
    conventions: ["the mean of nothing is NaN"])

  public static let samples = [
    OperationSample(Mean(axes: [1]), [.uniform("f32[3,4,5]", -2, 2)]),
    OperationSample(Mean(axes: [0, 2], keepDims: true), [.uniform("f32[3,4,5]", -2, 2)]),
    OperationSample(Mean(axes: [0, 1]), [.uniform("f32[7,33]", -2, 2)]),
  ]
  public static let violations = [
    OperationViolation(1, Mean(axes: [0]), ["i32[2]"]),
    OperationViolation(2, Mean(axes: [1]), ["f32[2]"]),
    OperationViolation(2, Mean(axes: [0, 0]), ["f32[2]"]),
  ]

  public var axes: [Int]
  public var keepDims: Bool

  public init(axes: [Int], keepDims: Bool = false) {
    self.axes = axes
    self.keepDims = keepDims
  }

  public static func accepts(_ dtype: DType) -> Bool { dtype.isFloat }

  public static func evaluate(_ values: [Scalar], _ dtype: DType) -> Scalar {
    .float(values.reduce(0) { $0 + $1.asDouble } / Double(values.count))
  }

  public static func finish(_ body: inout BodyBuilder, _ total: Int, count: Int) -> Int {
    body.apply(.divide, total, body.constant(Double(count), body.dtype(total)))
  }

  public func gradient(_ context: GradientContext) throws -> Gradient {
    let (b, type) = (context.builder, context.type(context.inputs[0]))
    let count = try Shape(axes.map { type.shape[$0] }).elementCount()
    let share = try b.divide(context.cotangent(), b.dimension(count, type.dtype))
    return .cotangents([.value(try b.restore(share, axes: axes, to: type.shape))])
  }
}

extension GraphBuilder {
  /// Mean of the elements along axes.
  public func mean(_ x: ValueID, axes: [Int], keepDims: Bool = false) throws -> ValueID {
    try reduce(Mean.self, x, axes, keepDims)
  }
}
