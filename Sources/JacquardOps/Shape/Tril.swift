import JacquardCore
import JacquardIR

/// The lower triangle.
public struct Tril: TriangleOperation {
  public static let name = "tril"
  public static let doc = OperationDoc(
    "Keeps the elements on and below a diagonal of each matrix of the last two axes, 0 elsewhere.",
    formula: "y[..., i, j] = j - i <= diagonal ? x[..., i, j] : 0", constraints: TriangleRule.constraints)

  public let diagonal: Int

  public init(diagonal: Int) { self.diagonal = diagonal }

  public static func keeps(_ builder: GraphBuilder, _ distance: ValueID, _ diagonal: ValueID) throws -> ValueID {
    try builder.lessEqual(distance, diagonal)
  }
}

extension GraphBuilder {
  /// The elements on and below a diagonal of each matrix, 0 elsewhere.
  public func tril(_ x: ValueID, diagonal: Int = 0) throws -> ValueID { try apply(Tril(diagonal: diagonal), x) }
}
