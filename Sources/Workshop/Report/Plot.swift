import Foundation

/// A drawing with axes.
struct Plot: Sendable {
  /// Titles of the axes.
  var x: String
  var y: String
  var logX = false
  var logY = false
  var content: Content

  enum Content: Sendable {
    case series([Series])
    /// For each label one bar of each group.
    case bars([String], [Group])
    /// The first row at the top; names where there are any, else numbers.
    case heatMap([[Double]], columns: [String], rows: [String])
  }

  struct Group: Sendable {
    let name: String
    let values: [Double]
  }

  /// Values of one colour. An empty name stands in no legend.
  struct Series: Sendable {
    enum Kind: String, Sendable { case line, points, band, boxes, dashes }

    let kind: Kind
    let name: String
    let x: [Double]
    let y: [Double]
    /// The upper edge of a band.
    var high: [Double] = []

    static func line(_ name: String, _ x: [Double], _ y: [Double]) -> Series {
      Series(kind: .line, name: name, x: x, y: y)
    }
    static func dashes(_ name: String, _ x: [Double], _ y: [Double]) -> Series {
      Series(kind: .dashes, name: name, x: x, y: y)
    }
    static func points(_ name: String, _ x: [Double], _ y: [Double]) -> Series {
      Series(kind: .points, name: name, x: x, y: y)
    }
    /// What lies between two curves.
    static func band(_ name: String, _ x: [Double], low: [Double], high: [Double]) -> Series {
      Series(kind: .band, name: name, x: x, y: low, high: high)
    }
    /// Bars over a numeric axis.
    static func boxes(_ name: String, _ x: [Double], _ y: [Double]) -> Series {
      Series(kind: .boxes, name: name, x: x, y: y)
    }
  }
}

/// Writes a plot as a script of gnuplot, its data inside.
struct PlotScript {
  private(set) var text = ""
  private let plot: Plot

  /// Wong's palette, which readers with any colour vision can tell apart, and four more for ten classes.
  static let colors = [
    "#0072b2", "#d55e00", "#009e73", "#cc79a7", "#e69f00", "#56b4e9", "#000000", "#8c564b", "#7f7f7f", "#bcbd22",
  ]

  init(_ plot: Plot, output: String) {
    self.plot = plot
    head(output)
    switch plot.content {
    case .series(let series): self.series(series)
    case .bars(let labels, let groups): bars(labels, groups)
    case .heatMap(let matrix, let columns, let rows): heatMap(matrix, columns, rows)
    }
  }

  /// A text in single quotes, in which gnuplot knows no escapes.
  static func quoted(_ text: String) -> String {
    let line = text.replacingOccurrences(of: "\n", with: " ")
    return "'\(line.replacingOccurrences(of: "'", with: "''"))'"
  }

  private mutating func line(_ text: String) { self.text += text + "\n" }

  private mutating func head(_ output: String) {
    let size = "480,\(380 + overhang)"
    line("set terminal svg size \(size) dynamic noenhanced font 'sans-serif,17' linewidth 1.5 background '#ffffff'")
    line("set output \(PlotScript.quoted(output))")
    line("set encoding utf8")
    line("set datafile missing 'NaN'")
    line("set border 3 linecolor rgb '#555555'")
    line("set tics nomirror out")
    line("set grid linecolor rgb '#e0e0e0'")
    line("set key above maxrows 4 samplen 1.5")
    line("set xlabel \(PlotScript.quoted(plot.x))")
    line("set ylabel \(PlotScript.quoted(plot.y))")
    if plot.logX { line("set logscale x; set format x '%.0e'") }
    if plot.logY { line("set logscale y; set format y '%.0e'") }
    for (index, color) in PlotScript.colors.enumerated() {
      line("set linetype \(index + 1) linecolor rgb '\(color)' pointtype 7")
    }
  }

  private static func number(_ value: Double) -> String { value.isFinite ? "\(value)" : "NaN" }

  private mutating func block(_ index: Int, _ rows: [[String]]) {
    line("$d\(index) << EOD")
    for row in rows { line(row.joined(separator: " ")) }
    line("EOD")
  }

  // MARK: Series

  private mutating func series(_ all: [Plot.Series]) {
    var parts: [String] = []
    for (index, series) in all.enumerated() {
      let rows = series.x.indices.map { place in
        let high = place < series.high.count ? [series.high[place]] : []
        return ([series.x[place], series.y[place]] + high).map(PlotScript.number)
      }
      block(index, rows)
      let title = series.name.isEmpty ? "notitle" : "title \(PlotScript.quoted(series.name))"
      parts.append("$d\(index) \(style(series, index, all)) \(title)")
    }
    spread(all)
    line("plot " + parts.joined(separator: ", \\\n  "))
  }

  private func style(_ series: Plot.Series, _ index: Int, _ all: [Plot.Series]) -> String {
    // A band has the colour of the curve that follows it.
    let bands = all.prefix(index).count { $0.kind == .band }
    let color = (index - bands) % PlotScript.colors.count + 1
    return switch series.kind {
    case .line: "using 1:2 with lines linetype \(color) linewidth 2"
    case .dashes: "using 1:2 with lines linetype \(color) dashtype 2"
    case .points: "using 1:2 with points linetype \(color) pointsize \(series.x.count > 300 ? "0.25" : "0.6")"
    case .band: "using 1:2:3 with filledcurves linetype \(color) fillstyle transparent solid 0.25 noborder"
    case .boxes: "using 1:2 with boxes linetype \(color) fillstyle solid 0.7 noborder"
    }
  }

  /// Both axes end just beyond the data; the horizontal one has few enough numbers that none touch; bars start at 0.
  private mutating func spread(_ all: [Plot.Series]) {
    let hasBoxes = all.contains { $0.kind == .boxes }
    if !plot.logY { line("set autoscale yfix") }
    if hasBoxes { line("set yrange [0:*]") }
    line("set offsets 0, 0, graph 0.03, \(hasBoxes ? "0" : "graph 0.03")")
    if plot.logY { logarithmic("y", all.flatMap { $0.y + $0.high }, margin: 1.3) }
    if plot.logX { return logarithmic("x", all.flatMap(\.x), margin: 1.1) }
    let values = all.flatMap(\.x).filter(\.isFinite)
    guard let low = values.min(), let high = values.max() else { return }
    let extent = high > low ? high - low : max(1, abs(low))
    let margin = extent * (hasBoxes ? 0.06 : 0.03)
    line("set xrange [\(low - margin):\(high + margin)]")
    // Nothing is between the first and the second epoch.
    let areWhole = values.allSatisfy { $0 == $0.rounded() }
    line("set xtics \(max(PlotScript.step(extent), areWhole ? 1 : 0))")
  }

  /// The range of a logarithmic axis; where it has less than two powers of ten, numbers between them too.
  private mutating func logarithmic(_ axis: String, _ all: [Double], margin: Double) {
    let values = all.filter { $0.isFinite && $0 > 0 }
    guard let low = values.min(), let high = values.max() else { return }
    line("set \(axis)range [\(low / margin):\(high * margin)]")
    if high / low >= 100 { return }
    let powers = Int(floor(log10(low / margin)))...Int(floor(log10(high * margin)))
    let places = powers.flatMap { power in [1, 2, 5].map { $0 * pow(10, Double(power)) } }
    line("set \(axis)tics (\(places.map { "\($0)" }.joined(separator: ", ")))")
  }

  /// 1, 2 or 5 times a power of ten, so that an extent has at most six of them.
  static func step(_ extent: Double) -> Double {
    let power = pow(10, floor(log10(extent / 6)))
    return [1, 2, 5].map { $0 * power }.first { extent / $0 <= 6 } ?? 10 * power
  }

  // MARK: Bars

  private mutating func bars(_ labels: [String], _ groups: [Plot.Group]) {
    let rows = labels.indices.map { place in
      ["\(place)"] + groups.map { PlotScript.number(place < $0.values.count ? $0.values[place] : .nan) }
    }
    block(0, rows)
    line("set style fill solid 0.8 noborder")
    line("set xrange [-0.6:\(Double(labels.count) - 0.4)]")
    tics("x", labels)
    let values = groups.flatMap(\.values).filter(\.isFinite)
    if let low = values.min() { line(low < 0 ? "set xzeroaxis" : "set yrange [0:*]") }
    let width = 0.8 / Double(max(1, groups.count))
    let parts = groups.enumerated().map { index, group in
      let shift = (Double(index) - Double(groups.count - 1) / 2) * width
      let title = group.name.isEmpty ? "notitle" : "title \(PlotScript.quoted(group.name))"
      return "$d0 using ($1+(\(shift))):\(index + 2):(\(width)) with boxes linetype \(index + 1) \(title)"
    }
    line("plot " + parts.joined(separator: ", \\\n  "))
  }

  /// Names in the place of numbers; below the axis they stand upright where they would touch.
  private mutating func tics(_ axis: String, _ labels: [String]) {
    let angle = axis == "x" ? PlotScript.angle(labels) : 0
    let rotate = angle == 0 ? "" : "rotate by -\(angle) "
    // Here, and nowhere else, gnuplot takes a text for a format.
    let texts = labels.map { PlotScript.quoted($0.replacingOccurrences(of: "%", with: "%%")) }
    let list = texts.enumerated().map { "\($1) \($0)" }.joined(separator: ", ")
    line("set \(axis)tics \(rotate)(\(list))")
  }

  /// How far names are turned so that none touch, in degrees.
  private static func angle(_ labels: [String]) -> Int {
    let longest = labels.map(\.count).max() ?? 0
    if longest * labels.count <= 35 { return 0 }
    return labels.count > 6 ? 90 : 45
  }

  /// What turned names need below the plot, in pixels of the picture.
  private var overhang: Int {
    let labels: [String]
    switch plot.content {
    case .series: return 0
    case .bars(let names, _): labels = names
    case .heatMap(_, let columns, _): labels = columns
    }
    let height = sin(Double(PlotScript.angle(labels)) * .pi / 180)
    return Int(Double(labels.map(\.count).max() ?? 0) * 8 * height)
  }

  // MARK: Heat maps

  private mutating func heatMap(_ matrix: [[Double]], _ columns: [String], _ rows: [String]) {
    block(0, matrix.map { $0.map(PlotScript.number) })
    line("unset key; unset grid")
    line("set palette defined (0 '#f7fbff', 0.5 '#6baed6', 1 '#08306b')")
    line("set xrange [-0.5:\(Double(matrix.first?.count ?? 1) - 0.5)]")
    line("set yrange [\(Double(matrix.count) - 0.5):-0.5]")
    if !columns.isEmpty { tics("x", columns) }
    if !rows.isEmpty { tics("y", rows) }
    // Rectangles: a browser would blur the pixels of an image.
    line("plot $d0 matrix with image pixels notitle")
  }
}
