import JacquardCore
import JacquardIR
import JacquardOps

/// Operators whose results have as many elements as their input's values say: that input is given beforehand, and what is
/// known is where elements stand, not the elements themselves.
enum ONNXSelections {
  static let all: [ONNXTranslator] = [
    .single("NonZero", since: 9, nonZero), ONNXTranslator("Unique", since: 11, unique),
  ]

  /// Positions in row-major order, one row an axis.
  private static func nonZero(_ node: ONNXNode) throws -> ValueID {
    let x = try node.tensor(0)
    let found = (0..<x.count).filter { x[linear: $0].asDouble != 0 }
    let places = x.sizes.indices.flatMap { axis in
      let stride = x.sizes[(axis + 1)...].reduce(1, *)
      return found.map { Scalar.int(Int64($0 / stride % x.sizes[axis])) }
    }
    return try node.builder.constant(HostTensor(.i64, [x.sizes.count, found.count], places))
  }

  /// Slices along an axis, or elements, each once: Y, first positions, which one each is, and how often it stands there.
  private static func unique(_ node: ONNXNode) throws -> [ValueID?] {
    let b = node.builder
    let given = try node.tensor(0)
    let axis = try node.int("axis").map { try node.axis($0, rank: given.sizes.count) }
    let x = try axis == nil ? b.reshape(node.input(0), [-1]) : node.input(0)
    let rows = rows(given, axis)
    var (first, numbers, counts): ([Int], [Int], [Int]) = ([], [], [])
    var known: [[Scalar]: Int] = [:]
    for (place, row) in rows.enumerated() {
      let number = known[row] ?? first.count
      if known.updateValue(number, forKey: row) == nil {
        first.append(place)
        counts.append(0)
      }
      numbers.append(number)
      counts[number] += 1
    }
    if try node.flag("sorted", true) {
      let order = first.indices.sorted { isLess(rows[first[$0]], rows[first[$1]]) }
      var rank = order
      for (place, number) in order.enumerated() { rank[number] = place }
      (first, counts) = (order.map { first[$0] }, order.map { counts[$0] })
      numbers = numbers.map { rank[$0] }
    }
    let chosen = try node.constant(integers: first)
    return [
      try b.gather(x, chosen, axis: axis ?? 0), chosen, try node.constant(integers: numbers),
      try node.constant(integers: counts),
    ]
  }

  /// The elements of each slice along an axis; without one, each element alone.
  private static func rows(_ x: HostTensor, _ axis: Int?) -> [[Scalar]] {
    guard let axis else { return (0..<x.count).map { [x[linear: $0]] } }
    let after = x.sizes[(axis + 1)...].reduce(1, *)
    let before = x.sizes[..<axis].reduce(1, *)
    return (0..<x.sizes[axis]).map { place in
      (0..<before * after).map { x[linear: ($0 / after * x.sizes[axis] + place) * after + $0 % after] }
    }
  }

  private static func isLess(_ a: [Scalar], _ b: [Scalar]) -> Bool {
    for (left, right) in zip(a, b) where left != right {
      if case .float(let x) = left, case .float(let y) = right { return x < y || !x.isNaN && y.isNaN }
      if case .unsigned(let x) = left, case .unsigned(let y) = right { return x < y }
      return left.asInt < right.asInt
    }
    return false
  }
}
