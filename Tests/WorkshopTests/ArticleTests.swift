import Foundation
import Testing

@testable import Workshop

/// The articles of the documentation catalogue say what the sources say.
@Suite struct ArticleTests {
  static let catalogue = StringTests.folder.appendingPathComponent("Workshop.docc")

  /// By name, without the ending.
  static func articles() throws -> [String: String] {
    let files = try FileManager.default.contentsOfDirectory(at: catalogue, includingPropertiesForKeys: nil)
    let pairs = try files.filter { $0.pathExtension == "md" }.map { file in
      (file.deletingPathExtension().lastPathComponent, try String(contentsOf: file, encoding: .utf8))
    }
    return Dictionary(uniqueKeysWithValues: pairs)
  }

  /// The lines of each block of Swift.
  static func excerpts(_ article: String) -> [[Substring]] {
    article.matches(of: #/```swift\n(.*?)\n```/#.dotMatchesNewlines()).map { block in
      block.1.split(separator: "\n", omittingEmptySubsequences: false)
    }
  }

  /// Each excerpt stands in the sources, line by line.
  @Test func excerptsAreInTheSources() throws {
    let blocks = try Self.articles().flatMap { name, text in Self.excerpts(text).map { (name, $0) } }
    let sources = "\n" + StringTests.sources
    let wrong = blocks.filter { !sources.contains("\n" + $0.1.joined(separator: "\n") + "\n") }
    #expect(wrong.isEmpty && blocks.count > 24, "\(wrong)")
  }

  /// Each exercise has a section in its day's article, under its title, with the command that runs it.
  @Test func everyExerciseIsTold() throws {
    let articles = try Self.articles()
    let lost = Course.exercises.filter { exercise in
      let title = StringTable.of(.en).text("\(exercise.id).title")
      let parts = ["\n### \(exercise.id) \(title)\n", "workshop run \(exercise.id)\n", "**Claim.**", "**Next.**"]
      let section = articles["Day\(exercise.day)"]?.components(separatedBy: "\n### \(exercise.id) ").last ?? ""
      let own = "\n### \(exercise.id) " + (section.components(separatedBy: "\n### ").first ?? "")
      return !parts.allSatisfy(own.contains)
    }
    #expect(lost.isEmpty && articles.count == 6, "\(lost.map(\.id))")
  }
}
