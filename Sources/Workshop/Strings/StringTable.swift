import Foundation

/// A language of the reports.
enum Language: String, Sendable, CaseIterable { case en, fr }

/// The texts of one language: lines `KEY = TEXT`; in a text `{name}` is replaced by a value.
struct StringTable: Sendable {
  /// By key.
  let texts: [String: String]
  /// Keys that stand more than once, and lines that are none of `KEY = TEXT`.
  let mistakes: [String]

  private static let english = StringTable([englishTexts, englishDay1, englishDay2].joined(separator: "\n"))
  private static let french = StringTable([frenchTexts, frenchDay1, frenchDay2].joined(separator: "\n"))

  static func of(_ language: Language) -> StringTable { language == .en ? english : french }

  /// - Parameter lines: One text a line; empty lines and those that begin with `#` are passed over.
  init(_ lines: String) {
    var texts: [String: String] = [:]
    var mistakes: [String] = []
    for line in lines.split(separator: "\n") where !line.hasPrefix("#") {
      guard let middle = line.range(of: " = ") else {
        mistakes.append(String(line))
        continue
      }
      let key = String(line[..<middle.lowerBound])
      if texts.updateValue(String(line[middle.upperBound...]), forKey: key) != nil { mistakes.append(key) }
    }
    self.texts = texts
    self.mistakes = mistakes
  }

  /// The text of a whole key; the key itself in angle brackets if there is none.
  func text(_ key: String, _ values: [String: String] = [:]) -> String {
    fill(texts[key] ?? "<\(key)>", values)
  }

  /// The text of a key of an exercise: `2.1.KEY`, else `common.KEY`.
  func text(_ exercise: String, _ key: String, _ values: [String: String] = [:]) -> String {
    fill(texts["\(exercise).\(key)"] ?? texts["common.\(key)"] ?? "<\(exercise).\(key)>", values)
  }

  private func fill(_ text: String, _ values: [String: String]) -> String {
    values.reduce(text) { $0.replacingOccurrences(of: "{\($1.key)}", with: $1.value) }
  }
}
