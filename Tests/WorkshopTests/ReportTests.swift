import Foundation
import Jacquard
import Testing

@testable import Workshop

@Suite struct ReportTests {
  /// Every kind of plot is drawn, with hostile texts and values, and no two have an id in common.
  @Test(.enabled(if: Gnuplot.path != nil)) func plotsAreDrawn() throws {
    let folder = try TestFolder()
    let hostile = "it's \"<b>\" `touch x` $(touch x) {/x} 100%\n$d0"
    let x = (0..<20).map(Double.init)
    let series: [Plot.Series] = [
      .band("", x, low: x, high: x.map { $0 + 2 }), .line(hostile, x, x.map { $0 + 1 }),
      .points("p", x, x.map { $0 * $0 }),
      .dashes("d", [0, 19], [5, 5]), .line("nan", x, x.map { $0 == 3 ? .nan : $0 == 4 ? .infinity : $0 }),
    ]
    let plots: [Plot] = [
      Plot(x: hostile, y: hostile, content: .series(series)),
      Plot(x: "x", y: "y", logX: true, logY: true, content: .series([.line("", [0.001, 0.1, 10], [1e-9, 1, 1e9])])),
      Plot(x: "x", y: "y", content: .series([.points("", [1, 1], [2, 2])])),
      Plot(x: "x", y: "y", content: .series([.boxes("", x, x)])),
      Plot(
        x: "x", y: "y",
        content: .bars(
          [hostile, "b", "c"], [.init(name: "g", values: [1, 2]), .init(name: "h", values: [3, .nan, 1])])),
      Plot(
        x: "x", y: "y",
        content: .heatMap([[0, 1, 2], [3, .nan, 5]], columns: ["a", "b", hostile], rows: ["r", "s"])),
    ]
    var ids: [String] = []
    for (index, plot) in plots.enumerated() {
      let svg = try Gnuplot.draw(plot, named: "plot/\(index)", in: folder.path)
      #expect(
        svg.hasPrefix("<svg") && svg.contains("viewBox") && !svg.contains("<script") && !svg.contains("<b>"), "\(index)"
      )
      ids += svg.matches(of: /\bid=["']([^"']+)["']/).map { String($0.1) }
    }
    let twice = Dictionary(grouping: ids) { $0 }.filter { $1.count > 1 }.keys
    #expect(twice.isEmpty, "\(twice)")
    #expect(!FileManager.default.fileExists(atPath: "\(folder.path)/x"))
  }

  @Test func emptyPlotsAreSaid() throws {
    let folder = try TestFolder()
    let probe = Probe { run in
      run.plot("losses", x: "axis.rate", y: "axis.loss", logY: true, [.line("", [1], [.nan])])
      run.decide(.deploy, "decision")
    }
    _ = try attempt(probe, in: folder)
    #expect(try folder.text("2.1/report.html").contains("This plot could not be drawn"))
  }

  @Test func imagesBecomePNG() throws {
    let images: [[Float]] = [[0, 1, 2, -1], [.nan, 0.5, 1, 0]]
    let png = try ImageStrip.png(images, width: 2)
    let pixels = try PNG.decode(png, name: "strip")
    #expect(pixels.sizes == [2, 5, 1])
    #expect(pixels.elements(UInt8.self) == [0, 255, 128, 0, 127, 255, 0, 128, 255, 0])
    #expect(throws: Diagnostic.self) { try ImageStrip.png([[1, 2, 3, 4], [1]], width: 2) }
    #expect(throws: Diagnostic.self) { try ImageStrip.png([], width: 2) }
    #expect(throws: Diagnostic.self) { try PNG.encode(HostTensor([Float(1)], [1, 1, 1])) }
  }

  /// All that an exercise can tell stands in the report, in its order, escaped.
  @Test func blocksAreWritten() throws {
    let folder = try TestFolder()
    let probe = Probe { run in
      run.heading("gradients")
      run.say("rate", ["rate": "<1>"])
      run.code("a < b")
      run.table(["way", "first"], [["<x>", "1"]])
      try run.images("paths", rows: [(label: "<7>", images: [[Float](repeating: 1, count: 784)])])
      run.decide(.redesign, "decision")
    }
    _ = try attempt(probe, in: folder)
    let report = try folder.text("2.1/report.html")
    let parts = [
      "Three gradients at (1, 1)</h2>", "<p>rate &lt;1&gt;</p>", "<pre>a &lt; b</pre>", "<td>&lt;x&gt;</td>",
      "<span>&lt;7&gt;</span><img alt=\"&lt;7&gt;\" style=\"width:100%\" src=\"data:image/png;base64,",
      "<strong>Redesign</strong>",
    ]
    var rest = report[...]
    for part in parts {
      let found = try #require(rest.range(of: part), "\(part)")
      rest = rest[found.upperBound...]
    }
  }
}
