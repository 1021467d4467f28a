import JacquardCore
import JacquardIR
import JacquardKernels

/// Whether any element along axes is true.
public struct ReduceAny: ReductionOperation {
  public static let name = "any"
  public static let combiner = Combiner.any
  public static let doc = OperationDoc(
    "Whether any element along axes is true.", formula: "y = or of x over axes",
    constraints: ["c1: the operand is bool", "c2: axes are axes of the operand, in ascending order"],
    conventions: ["any of nothing is false"])

  public static let samples = [
    OperationSample(ReduceAny(axes: [1]), [.integers("bool[3,4]", 0, 2)], gradient: .none(reason: "booleans")),
    OperationSample(
      ReduceAny(axes: [0, 2], keepDims: true), [.integers("bool[2,3,2]", 0, 2)], gradient: .none(reason: "booleans")),
    OperationSample(ReduceAny(axes: [0]), [.integers("bool[0,2]", 0, 2)], gradient: .none(reason: "booleans")),
  ]
  public static let violations = [
    OperationViolation(1, ReduceAny(axes: [0]), ["i32[2]"]),
    OperationViolation(2, ReduceAny(axes: [2]), ["bool[2]"]),
  ]

  public var axes: [Int]
  public var keepDims: Bool

  public init(axes: [Int], keepDims: Bool = false) {
    self.axes = axes
    self.keepDims = keepDims
  }

  public static func accepts(_ dtype: DType) -> Bool { dtype == .bool }

  public static func evaluate(_ values: [Scalar], _ dtype: DType) -> Scalar {
    .bool(values.contains(where: \.asBool))
  }

  public func gradient(_ context: GradientContext) throws -> Gradient { .cotangents([.zero]) }
}

extension GraphBuilder {
  /// Whether any element along axes is true.
  public func any(_ x: ValueID, axes: [Int], keepDims: Bool = false) throws -> ValueID {
    try reduce(ReduceAny.self, x, axes, keepDims)
  }
}
