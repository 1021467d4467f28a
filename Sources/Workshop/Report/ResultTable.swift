import Jacquard

/// All claims of a command as lines of text: claim, figure, bound, seconds.
struct ResultTable {
  private let rows: [[String]]
  private let strings: StringTable

  init(_ results: [RunResult], _ strings: StringTable) {
    self.strings = strings
    rows = results.flatMap { result in
      result.claims.enumerated().map { index, claim in
        let seconds = index == 0 ? NumberStyle.number.text(result.seconds) : ""
        return [
          result.exercise, claim.key, claim.figureText, claim.boundText, seconds,
          claim.status.rawValue + (claim.reason.map { ": \($0)" } ?? ""),
        ]
      }
    }
  }

  var lines: [String] {
    let keys = ["exercise", "claim", "figure", "bound", "seconds", "status"]
    let all = [keys.map { strings.text("common.\($0)") }] + rows
    let widths = keys.indices.map { column in all.map { $0[column].count }.max() ?? 0 }
    return all.map { row in
      let cells = zip(row.dropLast(), widths).map { $0 + String(repeating: " ", count: $1 - $0.count) }
      return (cells + [row[keys.count - 1]]).joined(separator: "  ")
    }
  }
}

/// The page that leads to the reports of all exercises.
struct IndexPage {
  private let results: [RunResult]
  private let settings: RunSettings
  private let strings: StringTable

  init(_ results: [RunResult], _ settings: RunSettings) {
    self.results = results
    self.settings = settings
    strings = .of(settings.language)
  }

  private func word(_ key: String) -> String { HTML.escaped(strings.text("common.\(key)")) }

  var text: String {
    let title = strings.text("common.workshop")
    var body = ["<h1>\(HTML.escaped(title))</h1>"]
    for day in 1...5 {
      let own = results.filter { $0.exercise.hasPrefix("\(day).") }
      if own.isEmpty { continue }
      body.append("<h2>\(word("day")) \(day): \(word("day\(day)"))</h2>")
      body.append(table(own))
    }
    return HTML.page(title, language: settings.language, body)
  }

  private func table(_ results: [RunResult]) -> String {
    let rows = results.map { result in
      let name = HTML.escaped("\(result.exercise) \(result.title)")
      let counts = ClaimStatus.allCases.compactMap { status in
        let count = result.claims.count { $0.status == status }
        return count == 0 ? nil : "\(count) \(word(status.rawValue))"
      }
      return [
        "<a href=\"\(result.exercise)/report.html\">\(name)</a>",
        "<span class=\"status\">\(counts.joined(separator: ", "))</span>", NumberStyle.number.text(result.seconds),
      ]
    }
    let classes = results.map { result in
      let worst = [ClaimStatus.fail, .refuted, .pass].first { status in result.claims.contains { $0.status == status } }
      return (worst ?? .skipped).rawValue
    }
    return HTML.table([word("exercise"), word("claims"), word("seconds")], rows, classes: classes)
  }

  func write(to path: String) throws { try AtomicFile.write(text, to: path) }
}
