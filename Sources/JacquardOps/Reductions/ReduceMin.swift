import JacquardCore
import JacquardIR
import JacquardKernels

/// Smallest element along axes.
public struct ReduceMin: ReductionOperation {
  public static let name = "reduceMin"
  public static let combiner = Combiner.minimum
  public static let doc = OperationDoc(
    "Smallest element along axes.", formula: "y = min over axes of x",
    constraints: ["c1: the operand is numeric", "c2: axes are axes of the operand, in ascending order"],
    conventions: [
      "a NaN wins", "the smallest of nothing is inf, for integers the highest value",
      "the gradient is shared evenly between equal smallest elements; it is 0 where the result is NaN",
    ])

  public static let samples = [
    OperationSample(ReduceMin(axes: [1]), [.distinct("f32[3,4,5]")]),
    OperationSample(ReduceMin(axes: [0, 2], keepDims: true), [.distinct("f32[3,4,5]")]),
    OperationSample(ReduceMin(axes: [0]), [.integers("i64[9,2]", -9, 9)], gradient: .none(reason: "integers")),
    OperationSample(ReduceMin(axes: [0]), [.integers("i32[0,2]", 0, 9)], gradient: .none(reason: "integers")),
  ]
  public static let violations = [
    OperationViolation(1, ReduceMin(axes: [0]), ["bool[2]"]),
    OperationViolation(2, ReduceMin(axes: [2]), ["f32[2]"]),
  ]

  public var axes: [Int]
  public var keepDims: Bool

  public init(axes: [Int], keepDims: Bool = false) {
    self.axes = axes
    self.keepDims = keepDims
  }

  public static func accepts(_ dtype: DType) -> Bool { dtype.isNumeric }

  public static func evaluate(_ values: [Scalar], _ dtype: DType) -> Scalar {
    Extreme.position(values, largest: false).map { values[$0] } ?? combiner.identity(dtype)
  }

  public func gradient(_ context: GradientContext) throws -> Gradient {
    try Extreme.gradient(context, axes)
  }
}

extension GraphBuilder {
  /// Smallest element along axes.
  public func reduceMin(_ x: ValueID, axes: [Int], keepDims: Bool = false) throws -> ValueID {
    try reduce(ReduceMin.self, x, axes, keepDims)
  }
}
