import JacquardCore
import JacquardIR

/// The upper triangle.
public struct Triu: TriangleOperation {
  public static let name = "triu"
  public static let doc = OperationDoc(
    "Keeps the elements on and above a diagonal of each matrix of the last two axes, 0 elsewhere.",
    formula: "y[..., i, j] = j - i >= diagonal ? x[..., i, j] : 0", constraints: TriangleRule.constraints)

  public let diagonal: Int

  public init(diagonal: Int) { self.diagonal = diagonal }

  public static func keeps(_ builder: GraphBuilder, _ distance: ValueID, _ diagonal: ValueID) throws -> ValueID {
    try builder.greaterEqual(distance, diagonal)
  }
}

extension GraphBuilder {
  /// The elements on and above a diagonal of each matrix, 0 elsewhere.
  public func triu(_ x: ValueID, diagonal: Int = 0) throws -> ValueID { try apply(Triu(diagonal: diagonal), x) }
}
