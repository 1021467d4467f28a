import JacquardCore
import JacquardIR
import JacquardOps

/// Matrix products.
enum ONNXProducts {
  static let all: [ONNXTranslator] = [
    .single("MatMul", since: 7) { try $0.builder.matmul($0.input(0), $0.input(1)) },
    .single("Gemm", since: 7, gemm), .single("Einsum", since: 12, einsum),
    .single("MatMulInteger", since: 10, matMulInteger),
  ]

  /// alpha * A * B + beta * C, with A and B transposed as told.
  private static func gemm(_ node: ONNXNode) throws -> ValueID {
    let (b, x, y) = (node.builder, try node.input(0), try node.input(1))
    guard b.shape(x).rank == 2, b.shape(y).rank == 2 else { throw Diagnostic("operands are no matrices") }
    let product = try b.dot(
      x, y, lhsContracting: [try node.flag("transA") ? 0 : 1], rhsContracting: [try node.flag("transB") ? 1 : 0])
    let scaled = try scaled(node, product, by: node.float("alpha", 1))
    guard let c = node.optional(2) else { return scaled }
    return try b.add(scaled, self.scaled(node, c, by: node.float("beta", 1)))
  }

  private static func scaled(_ node: ONNXNode, _ x: ValueID, by factor: Double) throws -> ValueID {
    factor == 1 ? x : try node.builder.multiply(x, node.constant(factor, like: x))
  }

  // MARK: Einsum

  /// An ellipsis becomes letters that the formula does not use.
  private static func einsum(_ node: ONNXNode) throws -> ValueID {
    let values = try node.all()
    let text = try node.string("equation").filter { $0 != " " }
    let operands = text.prefix { $0 != "-" }.split(separator: ",", omittingEmptySubsequences: false)
    guard operands.count == values.count else { throw Diagnostic("equation '\(text)' has another number of operands") }
    let whole =
      text.contains("...") ? try expanded(text, operands, values.map { node.builder.shape($0).rank }) : text
    return try diagonal(node.builder, whole, values)
  }

  /// A letter that stands twice in an operand means its diagonal.
  private static func diagonal(_ b: GraphBuilder, _ text: String, _ values: [ValueID]) throws -> ValueID {
    let end = text.firstRange(of: "->")?.lowerBound ?? text.endIndex
    let operands = text[..<end].split(separator: ",", omittingEmptySubsequences: false).map { Array($0) }
    // The letters of the result follow from how often a letter stands in all operands.
    guard operands.contains(where: { Set($0).count != $0.count }) else { return try b.einsum(text, values) }
    var parts: [(letters: [Character], value: ValueID)] = []
    for (letters, value) in zip(operands, values) {
      guard letters.count == b.shape(value).rank else {
        throw Diagnostic("operand '\(String(letters))' has shape \(b.shape(value))")
      }
      var (letters, value) = (letters, value)
      while let second = letters.indices.first(where: { letters[..<$0].contains(letters[$0]) }) {
        let first = letters.firstIndex(of: letters[second]) ?? 0
        let places = try [first, second].map { try b.iota(b.shape(value), axis: $0, .i64) }
        let kept = try b.select(b.equal(places[0], places[1]), value, b.fill(0, like: value))
        value = try b.sum(kept, axes: [second])
        letters.remove(at: second)
      }
      parts.append((letters, value))
    }
    let counts = operands.joined().reduce(into: [:]) { $0[$1, default: 0] += 1 }
    let implicit = "->" + String(counts.filter { $0.value == 1 }.keys.sorted())
    let formula: String =
      parts.map { String($0.letters) }.joined(separator: ",") + (end == text.endIndex ? implicit : String(text[end...]))
    return try b.einsum(formula, parts.map(\.value))
  }

  private static func expanded(_ text: String, _ operands: [Substring], _ ranks: [Int]) throws -> String {
    let free = "ABCDEFGHIJKLMNOPQRSTUVWXYZ".filter { !text.contains($0) }
    let counts = zip(operands, ranks).map { $1 - $0.count { $0 != "." } }
    let widest = counts.max() ?? 0
    guard counts.allSatisfy({ $0 >= 0 }), widest <= free.count else {
      throw Diagnostic("equation '\(text)' does not fit its operands")
    }
    let letters = String(free.prefix(widest))
    let parts: [String] = zip(operands, counts).map { operand, count in
      String(operand).replacing("...", with: letters.suffix(count))
    }
    let implicit =
      letters + String(Set(text.filter(\.isLetter)).filter { letter in text.count { $0 == letter } == 1 }.sorted())
    let result =
      text.firstRange(of: "->").map { String(text[$0.upperBound...]).replacing("...", with: letters) } ?? implicit
    return parts.joined(separator: ",") + "->" + result
  }

  // MARK: Integers

  private static func matMulInteger(_ node: ONNXNode) throws -> ValueID {
    let left = try centred(node, 0, zero: 2) { rank in rank < 2 ? nil : rank - 2 }
    let right = try centred(node, 1, zero: 3) { rank in rank < 2 ? nil : rank - 1 }
    return try node.builder.matmul(left, right)
  }

  /// An operand as i32 less its zero point: a scalar, or one for each row or column.
  private static func centred(
    _ node: ONNXNode, _ index: Int, zero: Int, axis: (Int) -> Int?
  ) throws -> ValueID {
    let b = node.builder
    let x = try b.cast(node.input(index), .i32)
    guard let point = node.optional(zero) else { return x }
    var value = try b.cast(point, .i32)
    if b.shape(value).rank == 1, let axis = axis(b.shape(x).rank) {
      value = try node.along(b.shape(value)[0].isOne ? 0 : axis, rank: b.shape(x).rank, value)
    }
    return try b.subtract(x, value)
  }
}
