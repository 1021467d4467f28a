import JacquardCore
import JacquardIR
import JacquardKernels

/// The same values in another element type.
public struct Cast: ElementwiseOperation {
  public static let name = "cast"
  public static let operandCount = 1
  public static let doc = OperationDoc(
    "The same values in another element type.", formula: "x",
    conventions: [
      "to a narrower float: rounded to nearest, ties to even",
      "float to integer: cut towards zero, saturating; NaN gives 0",
      "integer to narrower integer: wraps around",
      "to bool: whether the value is not 0 (NaN is not); from bool: 0 or 1",
      "the cotangent is cast back between floats; through any other type there is none",
    ])

  public static let samples = [
    OperationSample(Cast(.f64), [.uniform("f32[3,5]", -2, 2)], gradient: .firstOrder(reason: "linear")),
    OperationSample(Cast(.i32), [.uniform("f32[3,5]", -9, 9)], gradient: .none(reason: "the result is integer")),
    OperationSample(Cast(.f32), [.integers("i32[7]", -9, 9)], gradient: .none(reason: "integers")),
    OperationSample(Cast(.u8), [.integers("i64[7]", -300, 300)], gradient: .none(reason: "integers")),
    OperationSample(Cast(.f32), [.integers("bool[7]", 0, 2)], gradient: .none(reason: "booleans")),
  ]
  public static let violations: [OperationViolation] = []

  /// The element type of the result.
  public let dtype: DType

  /// Converts to an element type.
  public init(_ dtype: DType) { self.dtype = dtype }

  public func elementType(_ operands: [DType]) -> DType? { dtype }

  public func evaluate(_ x: [Scalar]) -> Scalar {
    x[0].converted(to: dtype)
  }

  public func emit(_ body: inout BodyBuilder, _ x: [Int]) -> Int { body.cast(x[0], dtype) }

  public func gradient(_ context: GradientContext) throws -> Gradient {
    let source = context.type(context.inputs[0]).dtype
    if !source.isFloat || !dtype.isFloat { return context.noDependence }
    return .cotangents([.value(try context.builder.cast(context.cotangent(), source))])
  }
}

extension GraphBuilder {
  /// The values as another element type; nothing is added if they have it already.
  public func cast(_ x: ValueID, _ dtype: DType) throws -> ValueID {
    type(x).dtype == dtype ? x : try apply(Cast(dtype), x)
  }
}
