import Foundation
import Testing

@testable import Workshop

/// Both languages say the same things, and nothing that is not said.
@Suite struct StringTests {
  static let folder = URL(fileURLWithPath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
    .deletingLastPathComponent().appendingPathComponent("Sources/Workshop")

  static let sources: String = {
    let paths = FileManager.default.enumerator(at: folder, includingPropertiesForKeys: nil)
    var text = ""
    while let file = paths?.nextObject() as? URL {
      let isTable = file.path.contains("/Strings/")
      if file.pathExtension == "swift" && !isTable { text += (try? String(contentsOf: file, encoding: .utf8)) ?? "" }
    }
    return text
  }()

  @Test func languagesHaveTheSameKeys() {
    let (english, french) = (StringTable.of(.en), StringTable.of(.fr))
    #expect(english.mistakes.isEmpty && french.mistakes.isEmpty, "\(english.mistakes) \(french.mistakes)")
    let different = Set(english.texts.keys).symmetricDifference(french.texts.keys).sorted()
    #expect(different.isEmpty, "\(different)")
    let holes = english.texts.keys.filter { Self.holes(english.texts[$0]) != Self.holes(french.texts[$0]) }
    #expect(holes.isEmpty, "\(holes)")
  }

  private static func holes(_ text: String?) -> [String] {
    (text ?? "").matches(of: /\{[a-zA-Z]+\}/).map { String($0.0) }.sorted()
  }

  @Test func everyExerciseHasATitle() {
    let missing = Course.exercises.map { "\($0.id).title" }.filter { StringTable.of(.en).texts[$0] == nil }
    #expect(missing.isEmpty, "\(missing)")
  }

  /// Every key stands in the sources as a literal, or is the name of a status, an action or a day.
  @Test func everyTextIsUsed() {
    let literals = Set(Self.sources.matches(of: /"([A-Za-z0-9.]+)"/).map { String($0.1) })
    let named =
      ClaimStatus.allCases.map(\.rawValue) + Decision.Action.allCases.map(\.rawValue) + (1...5).map { "day\($0)" }
    let used = literals.union(named)
    let ids = Course.exercises.map { "\($0.id)." } + ["common."]
    let unused = StringTable.of(.en).texts.keys.filter { key in
      let prefix = ids.first { key.hasPrefix($0) } ?? ""
      return prefix.isEmpty || !(used.contains(String(key.dropFirst(prefix.count))) || used.contains(key))
    }
    #expect(unused.isEmpty, "\(unused.sorted())")
    #expect(literals.count > 50)
  }
}
