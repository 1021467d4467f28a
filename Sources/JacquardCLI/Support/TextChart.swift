import JacquardCore

/// A curve drawn with characters.
struct TextChart {
  let title: String
  let values: [Double]

  private static let height = 8
  private static let widest = 72

  /// One column a value, or the mean of several; the highest and lowest value stand at the left. Empty for under two
  /// values.
  var lines: [String] {
    let finite = values.filter(\.isFinite)
    guard values.count > 1, let low = finite.min(), let high = finite.max() else { return [] }
    let columns = columns
    let labels = (NumberText.short(high), NumberText.short(low))
    let width = max(labels.0.count, labels.1.count)
    var rows = [[Character]](repeating: [Character](repeating: " ", count: columns.count), count: TextChart.height)
    for (x, value) in columns.enumerated() where value.isFinite {
      // Halves, so that no difference overflows.
      let share = high > low ? (value / 2 - low / 2) / (high / 2 - low / 2) : 0
      let y = TextChart.height - 1 - Int((share * Double(TextChart.height - 1)).rounded())
      rows[y][x] = "*"
    }
    var lines = [title]
    for (y, row) in rows.enumerated() {
      let label = y == 0 ? labels.0 : y == TextChart.height - 1 ? labels.1 : ""
      lines.append(String(repeating: " ", count: width - label.count) + label + " |" + trimmed(row))
    }
    lines.append(String(repeating: " ", count: width) + " +" + String(repeating: "-", count: columns.count))
    return lines
  }

  private func trimmed(_ row: [Character]) -> String {
    String(row.prefix((row.lastIndex { $0 != " " } ?? -1) + 1))
  }

  /// The values, each as wide as fits; or means of equally many.
  private var columns: [Double] {
    if values.count <= TextChart.widest {
      let each = max(1, min(4, TextChart.widest / values.count))
      return values.flatMap { [Double](repeating: $0, count: each) }
    }
    return (0..<TextChart.widest).map { x in
      let range = values.count * x / TextChart.widest..<values.count * (x + 1) / TextChart.widest
      return values[range].reduce(0, +) / Double(range.count)
    }
  }
}
