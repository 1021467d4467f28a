import Foundation
import Testing

/// The article for those who come from other frameworks names what exists.
@Suite struct EquivalentsTests {
  /// The second column of each row of a table.
  static func cells(_ article: String) -> [String] {
    article.split(separator: "\n").filter { $0.hasPrefix("| ") }.map { row in
      row.split(separator: "|").dropFirst().first.map(String.init) ?? ""
    }
  }

  /// All public declarations of the library, as text.
  static func sources() throws -> String {
    var text = ""
    for row in ImportTests.allowed where row.target.hasPrefix("Jacquard") && row.target != "JacquardCLI" {
      let folder = ImportTests.top.appendingPathComponent("Sources/\(row.target)")
      let paths = FileManager.default.enumerator(at: folder, includingPropertiesForKeys: nil)
      while let file = paths?.nextObject() as? URL {
        if file.pathExtension == "swift" { text += try String(contentsOf: file, encoding: .utf8) }
      }
    }
    return text
  }

  @Test func everyNameExists() throws {
    let page = ImportTests.top.appendingPathComponent("Sources/Jacquard/Jacquard.docc/ComingFromOtherFrameworks.md")
    let cells = Self.cells(try String(contentsOf: page, encoding: .utf8))
    let names = Set(cells.flatMap { $0.matches(of: #/`([A-Za-z0-9]+)/#).map { String($0.1) } })
    let declared = Set(
      try Self.sources().matches(of: #/\bpublic .*?\b(?:func|struct|class|enum|protocol|typealias|var|let) `?(\w+)/#)
        .map { String($0.1) })
    let unknown = names.subtracting(declared).subtracting(["callAsFunction"])
    #expect(unknown.isEmpty && names.count > 60, "\(unknown.sorted()) of \(names.count)")
  }
}
