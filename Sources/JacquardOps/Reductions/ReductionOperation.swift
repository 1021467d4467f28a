import JacquardCore
import JacquardIR
import JacquardKernels

/// An operation that combines the elements along some axes. Type rule, kernels and reference value are shared.
///
/// Constraints shared by all: c1 the element type fits, c2 the axes exist and ascend.
public protocol ReductionOperation: BatchableOperation {
  /// How kernels put values together.
  static var combiner: Combiner { get }
  /// The axes that are combined, ascending; none gives every element alone.
  var axes: [Int] { get }
  /// Whether a combined axis stays, with size 1.
  var keepDims: Bool { get }

  /// The axes are checked where types are inferred (c2).
  init(axes: [Int], keepDims: Bool)

  /// Whether it is defined for elements of a type.
  static func accepts(_ dtype: DType) -> Bool
  /// The reference result of one group of elements, in order: floats in double precision.
  static func evaluate(_ values: [Scalar], _ dtype: DType) -> Scalar
  /// Appends what is done to a combined value at the end.
  static func finish(_ body: inout BodyBuilder, _ total: Int, count: Int) -> Int
}

extension ReductionOperation {
  public static var defaults: [AttributeField] { [AttributeField("keepDims", .bool(false))] }

  public static func finish(_ body: inout BodyBuilder, _ total: Int, count: Int) -> Int { total }

  public func batch(_ context: BatchingContext) throws -> [Batched] {
    try context.apply(Self(axes: axes.map { $0 + 1 }, keepDims: keepDims))
  }

  public func inferTypes(_ context: TypeContext) throws -> [TensorType] {
    try requireOperands(1, context)
    let input = context.inputs[0]
    if !Self.accepts(input.dtype) { throw violated(1, "not defined for \(input)") }
    try requireAscendingAxes(axes, rank: input.shape.rank, 2)
    return [TensorType(input.dtype, input.shape.reduced(axes, keepDims: keepDims))]
  }

  public func lower(_ context: LoweringContext) throws {
    ReductionLowering(context, Self.name, Self.combiner, axes: axes, keepDims: keepDims)
      .emit { body, total, count in Self.finish(&body, total, count: count) }
  }

  public func reference(_ context: ReferenceContext) throws -> [HostTensor] {
    let x = context.inputs[0]
    var result = try HostTensor(zeros: x.dtype, context.outputs[0].shape.sizes ?? [])
    let groups = ReductionGroups(x.sizes, axes)
    for (index, base) in groups.bases.enumerated() {
      result[linear: index] = Self.evaluate(groups.offsets.map { x[linear: base + $0] }, x.dtype)
    }
    return [result]
  }
}

/// Where the elements of each group of a reduction lie in the operand.
struct ReductionGroups {
  /// First element of each group, in the order of the result.
  let bases: [Int]
  /// The elements of a group, relative to its first, in row-major order of the reduced axes.
  let offsets: [Int]

  init(_ sizes: [Int], _ axes: [Int]) {
    let strides = Layout.rowMajor(sizes).strides
    let kept = sizes.indices.filter { !axes.contains($0) }
    bases = StridedPoints.offsets(sizes.picking(kept), strides.picking(kept))
    // Without groups the reduced axes may be as large as they like.
    offsets = bases.isEmpty ? [] : StridedPoints.offsets(sizes.picking(axes), strides.picking(axes))
  }
}

extension Shape {
  /// The shape without these axes, or with size 1 in their place.
  func reduced(_ axes: [Int], keepDims: Bool) -> Shape {
    var result: [Dim] = []
    for (axis, dim) in dims.enumerated() {
      if !axes.contains(axis) { result.append(dim) } else if keepDims { result.append(1) }
    }
    return Shape(result)
  }
}

extension GraphBuilder {
  /// Repeats a reduction's result (or its cotangent) along the reduced axes: the way back to the operand's shape.
  func restore(_ value: ValueID, axes: [Int], to shape: Shape) throws -> ValueID {
    try broadcast(reshape(value, shape.reduced(axes, keepDims: true)), to: shape)
  }

  func reduce<R: ReductionOperation>(_: R.Type, _ x: ValueID, _ axes: [Int], _ keepDims: Bool) throws -> ValueID {
    try apply(R(axes: normalized(axes, rank: shape(x).rank), keepDims: keepDims), x)
  }
}

extension Combiner {
  /// The value that changes nothing: what an empty reduction gives.
  func identity(_ dtype: DType) -> Scalar {
    let value: Scalar
    switch self {
    case .sum: value = .int(0)
    case .product: value = .int(1)
    case .maximum, .argmax: value = Combiner.lowest(dtype)
    case .minimum, .argmin: value = Combiner.highest(dtype)
    case .any: value = .bool(false)
    case .all: value = .bool(true)
    }
    return value.converted(to: dtype)
  }

  private static func lowest(_ dtype: DType) -> Scalar {
    if dtype.isFloat { return .float(-.infinity) }
    return dtype.isUnsigned || dtype == .bool ? .int(0) : .int(Int64.min >> (64 - 8 * dtype.byteSize))
  }

  private static func highest(_ dtype: DType) -> Scalar {
    if dtype.isFloat { return .float(.infinity) }
    if dtype == .bool { return .bool(true) }
    let bits = 8 * dtype.byteSize
    return dtype.isUnsigned ? .unsigned(UInt64.max >> (64 - bits)) : .int(Int64.max >> (64 - bits))
  }
}
