import JacquardCore
import JacquardIR

/// A row for each index, with a 1 at that place.
public struct OneHot: CompositeOperation {
  public static let name = "oneHot"
  public static let defaults = [AttributeField("dtype", .string(DType.f32.rawValue))]
  public static let doc = OperationDoc(
    "A row for each index, with 1 at that place and 0 elsewhere.", formula: "y[i..., k] = indices[i...] = k ? 1 : 0",
    constraints: ["c1: \(IndexRules.dtypeDoc)", "c2: depth is not negative"],
    conventions: ["an index outside 0 ..< depth gives a row of zeros, as in JAX", "no derivative reaches the indices"])

  public static let samples = [
    OperationSample(OneHot(depth: 5, dtype: .f32), [.integers("i32[4]", -1, 6)], gradient: .none(reason: "integers")),
    OperationSample(OneHot(depth: 3, dtype: .bool), [.integers("i64[2,3]", 0, 3)], gradient: .none(reason: "integers")),
    OperationSample(OneHot(depth: 0, dtype: .i32), [.integers("i32[]", 0, 3)], gradient: .none(reason: "integers")),
  ]
  public static let violations = [
    OperationViolation(1, OneHot(depth: 3, dtype: .f32), ["f32[2]"]),
    OperationViolation(2, OneHot(depth: -1, dtype: .f32), ["i32[2]"]),
  ]

  /// The size of the new last axis.
  public let depth: Dim
  /// The element type of the result.
  public let dtype: DType

  /// The depth is checked where types are inferred (c2).
  public init(depth: Dim, dtype: DType) {
    self.depth = depth
    self.dtype = dtype
  }

  public func inferTypes(_ context: TypeContext) throws -> [TensorType] {
    try requireOperands(1, context)
    let indices = context.inputs[0]
    try require(1, IndexRules.isIndex(indices.dtype), "indices have type \(indices)")
    try requireNatural([depth], 2)
    return [TensorType(dtype, Shape(indices.shape.dims + [depth]))]
  }

  public func decompose(_ builder: GraphBuilder, _ inputs: [ValueID]) throws -> [ValueID] {
    let type = builder.type(inputs[0])
    // Without indices the depth may be more than memory holds.
    if type.shape.dims.contains(0) { return [try builder.zeros(Shape(type.shape.dims + [depth]), dtype)] }
    let places = try builder.iota(Shape([depth]), axis: 0, type.dtype)
    let hit = try builder.equal(builder.expandDims(inputs[0], axis: type.shape.rank), places)
    return [try builder.cast(hit, dtype)]
  }
}

extension GraphBuilder {
  /// A row of `depth` elements for each index, with 1 at that place and 0 elsewhere.
  public func oneHot(_ indices: ValueID, depth: Dim, _ dtype: DType = .f32) throws -> ValueID {
    try apply(OneHot(depth: depth, dtype: dtype), indices)
  }
}
