import Foundation

/// The report of one run.
struct HTMLReport {
  private let run: Run
  private let result: RunResult

  init(_ run: Run, _ result: RunResult) {
    self.run = run
    self.result = result
  }

  private func word(_ key: String) -> String { HTML.escaped(run.strings.text("common.\(key)")) }

  var text: String {
    let title = "\(run.exercise.id) \(result.title)"
    var body = ["<h1>\(HTML.escaped(title))</h1>", subtitle, opening]
    body += run.blocks.map(part)
    body += ["<h2>\(word("claims"))</h2>", claims, closing, files]
    return HTML.page(title, language: run.settings.language, body)
  }

  private var subtitle: String {
    let day = "\(word("day")) \(run.exercise.day): \(word("day\(run.exercise.day)"))"
    let quick = run.isQuick ? ", \(word("quick"))" : ""
    let seconds = NumberStyle.number.text(result.seconds)
    return
      "<p class=\"quiet\">\(day)<br>\(HTML.escaped(result.dataSet)), \(word("seed")) \(run.seed)\(quick), \(seconds) s</p>"
  }

  /// Inputs, targets, loss and metric.
  private var opening: String {
    let rows = ["inputs", "targets", "loss", "metric"].map { key in
      "<dt>\(word(key))</dt><dd>\(HTML.escaped(run.text(key)))</dd>"
    }
    return "<dl>\(rows.joined())</dl>"
  }

  private func part(_ block: ReportBlock) -> String {
    switch block {
    case .heading(let text): return "<h2>\(HTML.escaped(text))</h2>"
    case .paragraph(let text): return "<p>\(HTML.escaped(text))</p>"
    case .code(let text): return "<pre>\(HTML.escaped(text))</pre>"
    case .table(let header, let rows):
      return HTML.table(header.map(HTML.escaped), rows.map { $0.map(HTML.escaped) })
    case .plot(let svg, let caption): return figure("<div class=\"plot\">\(svg)</div>", caption)
    case .missingPlot(let reason, let caption):
      return figure("<p class=\"quiet\">\(word("missingPlot")): \(HTML.escaped(reason))</p>", caption)
    case .images(let strips, let caption):
      let longest = strips.map(\.count).max() ?? 1
      return figure(strips.map { strip($0, share: Double($0.count) / Double(longest)) }.joined(), caption)
    }
  }

  private func figure(_ content: String, _ caption: String) -> String {
    "<figure>\(content)<figcaption>\(HTML.escaped(caption))</figcaption></figure>"
  }

  /// - Parameter share: Of the width that the longest strip fills.
  private func strip(_ strip: ReportBlock.Strip, share: Double) -> String {
    let data = Data(strip.png).base64EncodedString()
    let label = HTML.escaped(strip.label)
    let image = "<img alt=\"\(label)\" style=\"width:\(Int(share * 100))%\" src=\"data:image/png;base64,\(data)\">"
    if label.isEmpty { return "<div class=\"strip bare\">\(image)</div>" }
    return "<div class=\"strip\"><span>\(label)</span>\(image)</div>"
  }

  private var claims: String {
    let rows = run.claims.map { claim in
      let reason = claim.reason.map { "<br><span class=\"quiet\">\(HTML.escaped($0))</span>" } ?? ""
      return [
        HTML.escaped(claim.text) + reason, HTML.escaped(claim.figureText), HTML.escaped(claim.boundText),
        "<span class=\"status\">\(word(claim.status.rawValue))</span>",
      ]
    }
    let header = [word("claim"), word("figure"), word("bound"), word("status")]
    return HTML.table(header, rows, classes: run.claims.map(\.status.rawValue))
  }

  private var closing: String {
    guard let decision = run.decision else { return "" }
    let text = "<strong>\(word(decision.action.rawValue))</strong>: \(HTML.escaped(decision.reason))"
    return "<h2>\(word("decision"))</h2><p class=\"decision\">\(text)</p>"
  }

  private var files: String {
    let paths = run.graphs + run.weights + ["results.json"]
    let items = paths.map { "<li><a href=\"\(HTML.escaped(HTMLReport.link($0)))\">\(HTML.escaped($0))</a></li>" }
    return "<h2>\(word("files"))</h2><ul>\(items.joined())</ul>"
  }

  private static func link(_ path: String) -> String {
    path.addingPercentEncoding(withAllowedCharacters: .urlPathAllowed) ?? path
  }
}
