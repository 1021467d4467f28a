/// Rows of texts in aligned columns.
package struct TextTable {
  package enum Alignment { case left, right }

  private var rows: [[String]] = []
  private let alignments: [Alignment]
  private let separator: String

  /// - Parameter alignments: one a column.
  package init(_ alignments: [Alignment], separator: String = "  ") {
    self.alignments = alignments
    self.separator = separator
  }

  package mutating func add(_ cells: String...) { rows.append(cells) }
  package mutating func add(_ cells: [String]) { rows.append(cells) }

  package var isEmpty: Bool { rows.isEmpty }

  /// - Parameter indent: before each line.
  package func lines(indent: String = "") -> [String] {
    let widths = alignments.indices.map { column in rows.map { $0[column].count }.max() ?? 0 }
    return rows.map { row in
      let cells = row.indices.map { column in
        let space = String(repeating: " ", count: widths[column] - row[column].count)
        return alignments[column] == .left ? row[column] + space : space + row[column]
      }
      let line = indent + cells.joined(separator: separator)
      return String(line.reversed().drop { $0 == " " }.reversed())
    }
  }
}

/// Numbers for people.
package enum NumberText {
  /// `203,530`
  package static func grouped(_ value: Int) -> String {
    var text = ""
    for (index, digit) in String(value.magnitude).reversed().enumerated() {
      if index > 0, index % 3 == 0 { text.append(",") }
      text.append(digit)
    }
    return (value < 0 ? "-" : "") + String(text.reversed())
  }

  /// With a number of digits after the point.
  package static func fixed(_ value: Double, _ digits: Int) -> String {
    guard value.isFinite, abs(value) < 1e15 else { return "\(value)" }
    var scale = 1.0
    for _ in 0..<digits { scale *= 10 }
    let whole = (abs(value) * scale).rounded()
    let units = Int(whole / scale)
    let rest = String(Int(whole - Double(units) * scale))
    let sign = value < 0 && whole > 0 ? "-" : ""
    if digits == 0 { return "\(sign)\(units)" }
    return "\(sign)\(units)." + String(repeating: "0", count: max(0, digits - rest.count)) + rest
  }

  /// Four significant digits.
  package static func short(_ value: Double) -> String {
    let size = abs(value)
    if size == 0 || !value.isFinite { return value == 0 ? "0" : "\(value)" }
    if size >= 1e6 || size < 1e-3 {
      var (mantissa, exponent) = (value, 0)
      while abs(mantissa) >= 10 { (mantissa, exponent) = (mantissa / 10, exponent + 1) }
      while abs(mantissa) < 1 { (mantissa, exponent) = (mantissa * 10, exponent - 1) }
      return "\(fixed(mantissa, 3))e\(exponent)"
    }
    let digits = size >= 1000 ? 0 : size >= 100 ? 1 : size >= 10 ? 2 : size >= 1 ? 3 : size >= 0.1 ? 4 : 5
    return fixed(value, digits)
  }

  /// `1.25 MB`: decimal units.
  package static func bytes(_ count: Int) -> String {
    switch count {
    case ..<10_000: "\(count) B"
    case ..<1_000_000: "\(fixed(Double(count) / 1e3, 1)) kB"
    case ..<1_000_000_000: "\(fixed(Double(count) / 1e6, 2)) MB"
    default: "\(fixed(Double(count) / 1e9, 2)) GB"
    }
  }

  /// `12.3 us`
  package static func nanoseconds(_ count: Int) -> String {
    switch count {
    case ..<1000: "\(count) ns"
    case ..<1_000_000: "\(fixed(Double(count) / 1e3, 1)) us"
    default: "\(fixed(Double(count) / 1e6, 2)) ms"
    }
  }
}
