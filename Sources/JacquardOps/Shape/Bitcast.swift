import JacquardCore
import JacquardIR
import JacquardKernels

/// The bits of each element as another element type of the same width.
public struct Bitcast: LeadingAxesOperation {
  public static let name = "bitcast"
  public static let doc = OperationDoc(
    "The bits of each element as another element type of the same width (NumPy's view).",
    formula: "y has the bits of x",
    constraints: ["c1: both types have the same width", "c2: the result is not bool"],
    conventions: ["floats have the bits of IEEE 754, bf16 the upper half of those of f32", "no derivative passes"])

  public static let samples = [
    OperationSample(Bitcast(.i64), [.uniform("f64[3,5]", -2, 2)], gradient: .none(reason: "the result is integer")),
    OperationSample(Bitcast(.u64), [.uniform("f64[]", -9, 9)], gradient: .none(reason: "the result is integer")),
    OperationSample(Bitcast(.f32), [.integers("i32[7]", 0, 1 << 30)], gradient: .none(reason: "integers")),
    OperationSample(Bitcast(.bf16), [.integers("i16[4]", 0, 1 << 14)], gradient: .none(reason: "integers")),
    OperationSample(Bitcast(.f16), [.integers("u16[2,0]", 0, 1 << 14)], gradient: .none(reason: "integers")),
    OperationSample(Bitcast(.u8), [.integers("i8[5]", -9, 9)], gradient: .none(reason: "integers")),
    OperationSample(Bitcast(.u8), [.integers("bool[5]", 0, 2)], gradient: .none(reason: "booleans")),
  ]
  public static let violations = [
    OperationViolation(1, Bitcast(.i64), ["f32[2]"]), OperationViolation(2, Bitcast(.bool), ["u8[2]"]),
  ]

  /// The element type of the result.
  public let dtype: DType

  /// The type is checked where types are inferred (c1, c2).
  public init(_ dtype: DType) { self.dtype = dtype }

  public func inferTypes(_ context: TypeContext) throws -> [TensorType] {
    try requireOperands(1, context)
    let x = context.inputs[0]
    if x.dtype.byteSize != dtype.byteSize { throw violated(1, "\(x) does not have the width of \(dtype)") }
    if dtype == .bool { throw violated(2, "the result cannot be bool") }
    return [TensorType(dtype, x.shape)]
  }

  public func gradient(_ context: GradientContext) throws -> Gradient { context.noDependence }

  public func lower(_ context: LoweringContext) throws {
    let x = context.inputs[0]
    context.emitMap(Self.name, to: context.outputs[0]) { body in
      let value = body.load(x, context.dtype(x), body.extents.indices.map { .axis($0) })
      return context.dtype(x) == dtype ? value : body.append(Instruction(.bits(value), dtype))
    }
  }

  public func reference(_ context: ReferenceContext) throws -> [HostTensor] { [try context.inputs[0].bits(as: dtype)] }
}

extension HostTensor {
  /// The same bytes as elements of another type of the same width.
  public func bits(as dtype: DType) throws -> HostTensor {
    var result = try HostTensor(zeros: dtype, sizes)
    withUnsafeBytes { source in result.withUnsafeMutableBytes { $0.copyMemory(from: source) } }
    return result
  }
}

extension GraphBuilder {
  /// The bits of each element as another element type of the same width.
  public func bitcast(_ x: ValueID, _ dtype: DType) throws -> ValueID { try apply(Bitcast(dtype), x) }
}
