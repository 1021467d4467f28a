import JacquardCore
import JacquardIR
import JacquardKernels

/// Whether all elements along axes are true.
public struct ReduceAll: ReductionOperation {
  public static let name = "all"
  public static let combiner = Combiner.all
  public static let doc = OperationDoc(
    "Whether all elements along axes are true.", formula: "y = and of x over axes",
    constraints: ["c1: the operand is bool", "c2: axes are axes of the operand, in ascending order"],
    conventions: ["all of nothing is true"])

  public static let samples = [
    OperationSample(ReduceAll(axes: [1]), [.integers("bool[3,4]", 0, 2)], gradient: .none(reason: "booleans")),
    OperationSample(
      ReduceAll(axes: [0, 2], keepDims: true), [.integers("bool[2,3,2]", 0, 2)], gradient: .none(reason: "booleans")),
    OperationSample(ReduceAll(axes: [0]), [.integers("bool[0,2]", 0, 2)], gradient: .none(reason: "booleans")),
  ]
  public static let violations = [
    OperationViolation(1, ReduceAll(axes: [0]), ["i32[2]"]),
    OperationViolation(2, ReduceAll(axes: [2]), ["bool[2]"]),
  ]

  public var axes: [Int]
  public var keepDims: Bool

  public init(axes: [Int], keepDims: Bool = false) {
    self.axes = axes
    self.keepDims = keepDims
  }

  public static func accepts(_ dtype: DType) -> Bool { dtype == .bool }

  public static func evaluate(_ values: [Scalar], _ dtype: DType) -> Scalar {
    .bool(values.allSatisfy(\.asBool))
  }

  public func gradient(_ context: GradientContext) throws -> Gradient { .cotangents([.zero]) }
}

extension GraphBuilder {
  /// Whether all elements along axes are true.
  public func all(_ x: ValueID, axes: [Int], keepDims: Bool = false) throws -> ValueID {
    try reduce(ReduceAll.self, x, axes, keepDims)
  }
}
