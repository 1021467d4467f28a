import JacquardCore
import JacquardIR
import JacquardKernels

/// Sum of the elements along axes.
public struct Sum: ReductionOperation {
  public static let name = "sum"
  public static let combiner = Combiner.sum
  public static let doc = OperationDoc(
    "Sum of the elements along axes.", formula: "y = sum over axes of x",
    constraints: ["c1: the operand is numeric", "c2: axes are axes of the operand, in ascending order"],
    conventions: ["an empty sum is 0", "integers wrap around"])

  public static let samples = [
    OperationSample(Sum(axes: [1]), [.uniform("f32[3,4,5]", -2, 2)]),
    OperationSample(Sum(axes: [0, 2], keepDims: true), [.uniform("f32[3,4,5]", -2, 2)]),
    OperationSample(Sum(axes: [0, 1]), [.uniform("f32[7,33]", -2, 2)]),
    OperationSample(Sum(axes: []), [.uniform("f32[3]", -2, 2)]),
    OperationSample(Sum(axes: [0]), [.integers("i32[9,2]", -9, 9)], gradient: .none(reason: "integers")),
    OperationSample(Sum(axes: [0]), [.integers("i64[0,2]", -9, 9)], gradient: .none(reason: "integers")),
  ]
  public static let violations = [
    OperationViolation(1, Sum(axes: [0]), ["bool[2]"]),
    OperationViolation(2, Sum(axes: [1]), ["f32[2]"]),
    OperationViolation(2, Sum(axes: [1, 0]), ["f32[2,3]"]),
  ]

  public var axes: [Int]
  public var keepDims: Bool

  public init(axes: [Int], keepDims: Bool = false) {
    self.axes = axes
    self.keepDims = keepDims
  }

  public static func accepts(_ dtype: DType) -> Bool { dtype.isNumeric }

  public static func evaluate(_ values: [Scalar], _ dtype: DType) -> Scalar {
    dtype.isFloat
      ? .float(values.reduce(0) { $0 + $1.asDouble }) : .int(values.reduce(0) { $0 &+ $1.asInt })
  }

  public func gradient(_ context: GradientContext) throws -> Gradient {
    let shape = context.type(context.inputs[0]).shape
    return .cotangents([.value(try context.builder.restore(context.cotangent(), axes: axes, to: shape))])
  }
}

extension GraphBuilder {
  /// Sum of the elements along axes.
  public func sum(_ x: ValueID, axes: [Int], keepDims: Bool = false) throws -> ValueID {
    try reduce(Sum.self, x, axes, keepDims)
  }
}
