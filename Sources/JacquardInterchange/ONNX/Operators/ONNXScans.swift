import JacquardCore
import JacquardIR
import JacquardOps

/// Running totals, and the largest elements.
enum ONNXScans {
  static let all: [ONNXTranslator] = [
    .single("CumSum", since: 11) { try total($0) { try $0.cumsum($1, axis: $2, exclusive: $3, reverse: $4) } },
    .single("CumProd", since: 26) { try total($0) { try $0.cumprod($1, axis: $2, exclusive: $3, reverse: $4) } },
    ONNXTranslator("TopK", since: 10, topK),
  ]

  private static func total(
    _ node: ONNXNode, _ body: (GraphBuilder, ValueID, Int, Bool, Bool) throws -> ValueID
  ) throws -> ValueID {
    let (x, rank) = (try node.input(0), try node.shape(0).rank)
    let (exclusive, reverse) = (try node.flag("exclusive"), try node.flag("reverse"))
    return try node.alongAxis(1, of: 0..<rank, rank: rank) { try body(node.builder, x, $0, exclusive, reverse) }
  }

  /// The order of equal elements is that of their positions, sorted or not.
  private static func topK(_ node: ONNXNode) throws -> [ValueID?] {
    let (x, counts) = (try node.input(0), try node.dimensions(1))
    guard let count = counts.first, counts.count == 1 else { throw Diagnostic("k is no single number") }
    let axis = try node.axis(node.int("axis", -1), rank: node.shape(0).rank)
    let result = try node.builder.topK(x, count, axis: axis, largest: node.flag("largest", true))
    return [result.values, result.positions]
  }
}
