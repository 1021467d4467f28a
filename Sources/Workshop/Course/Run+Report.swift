import Jacquard

extension Run {
  /// A paragraph: the text of a key.
  func say(_ key: String, _ values: [String: String] = [:]) { add(.paragraph(text(key, values))) }

  /// A heading: the text of a key.
  func heading(_ key: String) { add(.heading(text(key))) }

  /// Lines in a fixed pitch, as they are: formulas, program text, a graph's text form.
  func code(_ lines: String) { add(.code(lines)) }

  /// The text form of a graph, without the lines of its declaration.
  func show(_ graph: Graph) throws {
    add(.code(try graph.text().text.replacing(#/ "[^"]*\.swift:\d+"/#, with: "")))
  }

  /// A table. - Parameter header: Keys of the columns' titles.
  func table(_ header: [String], _ rows: [[String]]) {
    add(.table(header.map { text($0) }, rows))
  }

  /// Curves and points over numeric axes; the caption is the text of `key`.
  ///
  /// - Parameters:
  ///   - x: Key of the axis title.
  ///   - y: Key of the axis title.
  func plot(_ key: String, x: String, y: String, logX: Bool = false, logY: Bool = false, _ series: [Plot.Series]) {
    draw(key, Plot(x: text(x), y: text(y), logX: logX, logY: logY, content: .series(series)))
  }

  /// Points in a plane, one colour a class.
  ///
  /// - Parameter points: `[x, y]` of each.
  func scatter(_ key: String, x: String, y: String, points: [[Double]], classes: [Int], names: [String]) {
    let series = names.indices.map { index in
      let own = zip(points, classes).filter { $0.1 == index }.map(\.0)
      return Plot.Series.points(names[index], own.map { $0[0] }, own.map { $0[1] })
    }
    draw(key, Plot(x: text(x), y: text(y), content: .series(series)))
  }

  /// Bars side by side: for each label one of each group.
  ///
  /// - Parameter groups: A name, and a value for each label.
  func bars(_ key: String, x: String, y: String, labels: [String], groups: [(name: String, values: [Double])]) {
    let groups = groups.map { Plot.Group(name: $0.name, values: $0.values) }
    draw(key, Plot(x: text(x), y: text(y), content: .bars(labels, groups)))
  }

  /// A histogram with bins of equal width.
  func histogram(_ key: String, x: String, _ values: [Double], bins: Int = 30) {
    let finite = values.filter(\.isFinite)
    guard let low = finite.min(), let high = finite.max(), bins > 0 else { return }
    let width = high > low ? (high - low) / Double(bins) : 1
    var counts = [Double](repeating: 0, count: bins)
    for value in finite { counts[min(bins - 1, Int((value - low) / width))] += 1 }
    let centres = (0..<bins).map { low + (Double($0) + 0.5) * width }
    draw(key, Plot(x: text(x), y: text("axis.count"), content: .series([.boxes("", centres, counts)])))
  }

  /// A matrix as colours, its first row at the top.
  func heatMap(
    _ key: String, x: String, y: String, _ matrix: [[Double]], columns: [String] = [], rows: [String] = []
  ) {
    draw(key, Plot(x: text(x), y: text(y), content: .heatMap(matrix, columns: columns, rows: rows)))
  }

  /// Rows of gray images, each row with a label.
  ///
  /// - Parameter rows: Images of one size: pixels from 0 (black) to 1, `width` a line.
  func images(_ key: String, width: Int = 28, rows: [(label: String, images: [[Float]])]) throws {
    let strips = try rows.map { row in
      ReportBlock.Strip(label: row.label, png: try ImageStrip.png(row.images, width: width), count: row.images.count)
    }
    add(.images(strips, caption: text(key)))
  }

  private func draw(_ key: String, _ plot: Plot) {
    do {
      let svg = try Gnuplot.draw(plot, named: "\(key)", in: "\(folder)/plots")
      add(.plot(svg, caption: text(key)))
    } catch {
      add(.missingPlot(reason: "\(error)", caption: text(key)))
    }
  }
}
