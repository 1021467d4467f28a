import JacquardCore
import JacquardIR

/// Keeps a triangle of each matrix of the last two axes.
public protocol TriangleOperation: CompositeOperation {
  /// The diagonal at which the triangle begins: 0 the main one, positive above it.
  var diagonal: Int { get }
  /// A triangle that begins at a diagonal, which may lie outside the matrix.
  init(diagonal: Int)
  /// Whether elements whose column less their row is `distance` are kept.
  static func keeps(_ builder: GraphBuilder, _ distance: ValueID, _ diagonal: ValueID) throws -> ValueID
}

extension TriangleOperation {
  public static var defaults: [AttributeField] { [AttributeField("diagonal", .int(0))] }

  public static var samples: [OperationSample] {
    [
      OperationSample(Self(diagonal: 0), [.uniform("f32[4,4]", -2, 2)]),
      OperationSample(Self(diagonal: 1), [.uniform("f32[2,3,5]", -2, 2)]),
      OperationSample(Self(diagonal: -2), [.uniform("f32[5,3]", -2, 2)]),
      OperationSample(Self(diagonal: 0), [.integers("bool[3,3]", 0, 2)], gradient: .none(reason: "booleans")),
      OperationSample(Self(diagonal: 9), [.integers("i32[3,0]", 0, 2)], gradient: .none(reason: "integers")),
    ]
  }
  public static var violations: [OperationViolation] {
    [
      OperationViolation(1, Self(diagonal: 0), ["f32[3]"]),
      OperationViolation(2, Self(diagonal: .max), ["f32[3,3]"]),
    ]
  }

  public func inferTypes(_ context: TypeContext) throws -> [TensorType] {
    try requireOperands(1, context)
    try require(1, context.inputs[0].shape.rank >= 2, "\(context.inputs[0]) has no rows and columns")
    try require(2, diagonal.magnitude <= 1 << 40, "diagonal \(diagonal) is out of range")
    return context.inputs
  }

  public func decompose(_ builder: GraphBuilder, _ inputs: [ValueID]) throws -> [ValueID] {
    let x = inputs[0]
    let matrix = Shape(builder.shape(x).dims.suffix(2))
    let columns = try builder.iota(matrix, axis: 1, .i64)
    let distance = try builder.subtract(columns, builder.iota(matrix, axis: 0, .i64))
    let kept = try Self.keeps(builder, distance, builder.constant(Double(diagonal), .i64))
    return [try builder.select(kept, x, builder.scalar(0, for: x))]
  }
}

enum TriangleRule {
  static let constraints = ["c1: there are at least two axes", "c2: diagonal is at most 2^40 in magnitude"]
}
