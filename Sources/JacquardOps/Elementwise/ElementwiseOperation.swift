import JacquardCore
import JacquardIR
import JacquardKernels

/// An operation that works element by element on operands broadcast to one shape (NumPy's rule).
///
/// The scalar function is written once; type rule, loops and reference follow from it here. Constraints shared by all:
/// c1 the element types fit, c2 the shapes broadcast.
public protocol ElementwiseOperation: BatchableOperation {
  /// How many operands it has; each is broadcast.
  static var operandCount: Int { get }
  /// The type of the result's elements, or nil if the operands' types do not fit.
  func elementType(_ operands: [DType]) -> DType?
  /// The result for one element: floats in double precision, rounded to the result's type afterwards.
  func evaluate(_ x: [Scalar]) -> Scalar
  /// The same, for functions that must know the result's type to round only once. The default calls the other.
  func evaluate(_ x: [Scalar], as dtype: DType) -> Scalar
  /// Appends the function to a body and returns the instruction of the result.
  func emit(_ body: inout BodyBuilder, _ x: [Int]) -> Int
}

extension ElementwiseOperation {
  public func evaluate(_ x: [Scalar], as dtype: DType) -> Scalar { evaluate(x) }

  public func batch(_ context: BatchingContext) throws -> [Batched] {
    [Batched(try context.builder.append(self, context.aligned())[0])]
  }

  public func inferTypes(_ context: TypeContext) throws -> [TensorType] {
    try requireOperands(Self.operandCount, context)
    let dtypes = context.inputs.map(\.dtype)
    guard let result = elementType(dtypes) else {
      throw violated(1, "not defined for \(dtypes.map(\.rawValue).joined(separator: ", "))")
    }
    var shape = context.inputs[0].shape
    for input in context.inputs.dropFirst() {
      guard let joined = shape.broadcast(with: input.shape) else {
        throw violated(2, broadcastMessage(context.inputs.map(\.shape)))
      }
      shape = joined
    }
    return [TensorType(result, shape)]
  }

  /// Names the first axis, counted from the last as -1, at which two shapes differ.
  private func broadcastMessage(_ shapes: [Shape]) -> String {
    let text = shapes.map(\.description).joined(separator: " and ")
    for (a, b) in zip(shapes, shapes.dropFirst()) {
      for axis in 1...max(1, min(a.rank, b.rank)) where axis <= min(a.rank, b.rank) {
        let (left, right) = (a[a.rank - axis], b[b.rank - axis])
        if left != right && !left.isOne && !right.isOne {
          return "shapes \(text) do not broadcast: axis -\(axis) is \(left) and \(right)"
        }
      }
    }
    return "shapes \(text) do not broadcast"
  }

  public func lower(_ context: LoweringContext) throws {
    context.emitMap(Self.name, to: context.outputs[0]) { body in
      let axes = body.extents.indices.map { IndexExpression.axis($0) }
      let operands = context.inputs.map { buffer in
        body.loadBroadcast(buffer, context.dtype(buffer), context.extents(buffer), axes: axes)
      }
      return emit(&body, operands)
    }
  }

  public func reference(_ context: ReferenceContext) throws -> [HostTensor] {
    let type = context.outputs[0]
    var result = try HostTensor(zeros: type.dtype, type.shape.sizes ?? [])
    let maps = context.inputs.map { BroadcastIndex(from: $0.sizes, to: result.sizes) }
    for index in 0..<result.count {
      let operands = zip(context.inputs, maps).map { tensor, map in tensor[linear: map.source(of: index)] }
      result[linear: index] = evaluate(operands, as: type.dtype)
    }
    return [result]
  }
}

/// An element-wise operation whose kernel form is one scalar function.
public protocol ScalarFunctionOperation: ElementwiseOperation {
  /// What is done to each element.
  static var function: ScalarFunction { get }
}

extension ScalarFunctionOperation {
  public static var operandCount: Int { function.arity }

  public func emit(_ body: inout BodyBuilder, _ x: [Int]) -> Int {
    switch x.count {
    case 1: body.apply(Self.function, x[0])
    case 2: body.apply(Self.function, x[0], x[1])
    default: body.apply(Self.function, x[0], x[1], x[2])
    }
  }
}

/// Common type rules of element-wise operations.
enum ElementRule {
  /// All operands have one numeric type, which the result has too.
  static func numeric(_ operands: [DType]) -> DType? {
    operands.allSatisfy { $0 == operands[0] && $0.isNumeric } ? operands[0] : nil
  }

  /// All operands have one floating type, which the result has too.
  static func float(_ operands: [DType]) -> DType? {
    operands.allSatisfy { $0 == operands[0] && $0.isFloat } ? operands[0] : nil
  }

  /// All operands have one integer type, which the result has too.
  static func integer(_ operands: [DType]) -> DType? {
    operands.allSatisfy { $0 == operands[0] && $0.isInteger } ? operands[0] : nil
  }

  /// The operands have one floating type; the result is `bool`.
  static func floatPredicate(_ operands: [DType]) -> DType? { float(operands).map { _ in .bool } }

  /// All operands have one type; the result is `bool`.
  static func comparison(_ operands: [DType]) -> DType? {
    operands.allSatisfy { $0 == operands[0] } ? .bool : nil
  }

  /// All operands and the result are `bool`.
  static func logical(_ operands: [DType]) -> DType? {
    operands.allSatisfy { $0 == .bool } ? .bool : nil
  }

  static let numericDoc = "c1: the operands have one numeric type"
  static let sameTypeDoc = "c1: the operands have one type"
  static let booleanDoc = "c1: the operands are bool"
  static let integerDoc = "c1: the operands have one integer type"
  static let floatDoc = "c1: the operands have one floating type"
  static let broadcastDoc = "c2: the shapes broadcast"

  /// Values that predicates of floats tell apart.
  static let edges: HostTensor =
    (try? HostTensor([0, -0.0, 1.5, .nan, .infinity, -.infinity, 0x1p-130] as [Float], [7])) ?? HostTensor(0 as Float)
}

/// Maps positions of a broadcast result to positions of an operand.
struct BroadcastIndex {
  private let extents: [Int]
  private let strides: [Int]

  init(from operand: [Int], to result: [Int]) {
    extents = result
    let own = Layout.rowMajor(operand).strides
    let skipped = result.count - operand.count
    strides = result.indices.map { $0 < skipped || operand[$0 - skipped] == 1 ? 0 : own[$0 - skipped] }
  }

  func source(of index: Int) -> Int {
    var rest = index
    var position = 0
    for axis in extents.indices.reversed() {
      position += rest % extents[axis] * strides[axis]
      rest /= extents[axis]
    }
    return position
  }
}
