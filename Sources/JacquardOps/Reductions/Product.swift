import JacquardCore
import JacquardIR
import JacquardKernels

/// Product of the elements along axes.
public struct Product: ReductionOperation {
  public static let name = "product"
  public static let combiner = Combiner.product
  public static let doc = OperationDoc(
    "Product of the elements along axes.", formula: "y = product over axes of x",
    constraints: ["c1: the operand is numeric", "c2: axes are axes of the operand, in ascending order"],
    conventions: [
      "an empty product is 1", "integers wrap around",
      "the gradient is the product of the other elements, zeros or not: by running products where the number of "
        + "elements is known (right to any order), else by a quotient with zeros counted (right to first order)",
    ])

  public static let samples = [
    OperationSample(Product(axes: [1]), [.signed("f32[3,4]", 0.5, 1.5)]),
    OperationSample(Product(axes: [0, 2], keepDims: true), [.signed("f32[3,2,2]", 0.5, 1.5)]),
    OperationSample(Product(axes: [1]), [.values(withZeros)]),
    OperationSample(Product(axes: [0]), [.integers("i32[9,2]", -9, 9)], gradient: .none(reason: "integers")),
    OperationSample(Product(axes: [0]), [.integers("i64[0,2]", -9, 9)], gradient: .none(reason: "integers")),
  ]
  public static let violations = [
    OperationViolation(1, Product(axes: [0]), ["bool[2]"]),
    OperationViolation(2, Product(axes: [1]), ["f32[2]"]),
  ]

  /// Rows without, with one and with two zeros.
  private static let withZeros: HostTensor =
    (try? HostTensor([1.5, -0.5, 2, 0, 0.75, -1.25, 0, 1.5, 0] as [Float], [3, 3])) ?? HostTensor(0 as Float)

  public var axes: [Int]
  public var keepDims: Bool

  public init(axes: [Int], keepDims: Bool = false) {
    self.axes = axes
    self.keepDims = keepDims
  }

  public static func accepts(_ dtype: DType) -> Bool { dtype.isNumeric }

  public static func evaluate(_ values: [Scalar], _ dtype: DType) -> Scalar {
    dtype.isFloat
      ? .float(values.reduce(1) { $0 * $1.asDouble }) : .int(values.reduce(1) { $0 &* $1.asInt })
  }

  public func gradient(_ context: GradientContext) throws -> Gradient {
    let x = context.inputs[0]
    let shape = context.type(x).shape
    let count = try Shape(axes.map { shape[$0] }).elementCount()
    let others: ValueID
    if let count = count.value {
      others = try context.builder.productOfOthers(x, axes, count: count)
    } else {
      others = try context.builder.productOfOthersByQuotient(x, axes)
    }
    let g = try context.builder.restore(context.cotangent(), axes: axes, to: shape)
    return .cotangents([.value(try context.builder.multiply(g, others))])
  }
}

extension GraphBuilder {
  /// Product of the elements along axes.
  public func product(_ x: ValueID, axes: [Int], keepDims: Bool = false) throws -> ValueID {
    try reduce(Product.self, x, axes, keepDims)
  }

  /// For each element the product of all others along the axes: what comes before times what comes after, each a running
  /// product by doubling (Hillis and Steele, 1986). Nothing is divided, so zeros need no care at any order.
  fileprivate func productOfOthers(_ x: ValueID, _ axes: [Int], count: Int) throws -> ValueID {
    let shape = shape(x)
    let kept = shape.dims.indices.filter { !axes.contains($0) }
    let order = kept + axes
    let moved = try transpose(x, order)
    let flat = try reshape(moved, Shape(kept.map { shape[$0] } + [Dim(count)]))
    let others = try multiply(
      runningProduct(flat, count, forward: true), runningProduct(flat, count, forward: false))
    let back = try reshape(others, self.shape(moved))
    return try transpose(back, Transpose(order).inverse)
  }

  /// The product of the elements before each one along the last axis (or after it), itself not included.
  private func runningProduct(_ x: ValueID, _ count: Int, forward: Bool) throws -> ValueID {
    if count == 0 { return x }
    var running = try shifted(x, 1, count, forward)
    var reach = 1
    while reach < count {
      running = try multiply(running, shifted(running, reach, count, forward))
      reach *= 2
    }
    return running
  }

  /// The last axis moved by some places, with ones moving in.
  private func shifted(_ x: ValueID, _ places: Int, _ count: Int, _ forward: Bool) throws -> ValueID {
    let last = shape(x).rank - 1
    let places = Dim(min(places, count))
    let rest = try Dim(count).minus(places)
    let part = try slice(x, axis: last, from: forward ? 0 : places, to: forward ? rest : Dim(count))
    var (low, high) = ([Dim](repeating: 0, count: last + 1), [Dim](repeating: 0, count: last + 1))
    if forward { low[last] = places } else { high[last] = places }
    return try pad(part, low: low, high: high, interior: [], value: 1)
  }

  /// The same by division, for a number of elements that is not known: the product of the elements that are not 0,
  /// divided by the element where none is 0, whole at the only 0, and 0 elsewhere.
  fileprivate func productOfOthersByQuotient(_ x: ValueID, _ axes: [Int]) throws -> ValueID {
    let (dtype, shape) = (type(x).dtype, shape(x))
    let zero = try fill(0, like: x)
    let isZero = try equal(x, zero)
    let safe = try select(isZero, fill(1, like: x), x)
    let rest = try broadcast(product(safe, axes: axes, keepDims: true), to: shape)
    let zeros = try sum(cast(isZero, dtype), axes: axes, keepDims: true)
    let none = try broadcast(equal(zeros, constant(0, dtype)), to: shape)
    let one = try broadcast(equal(zeros, constant(1, dtype)), to: shape)
    let only = try logicalAnd(one, isZero)
    return try select(none, divide(rest, safe), select(only, rest, zero))
  }
}
