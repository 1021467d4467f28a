import Foundation
import Testing

@testable import JacquardCLI

@Suite("Bad graph and plan files")
struct BadFileTests {
  /// Status 2, one line that names the file and what is wrong, and nothing left behind.
  static func expectRefusal(
    _ outcome: Outcome, naming file: String, _ message: String = "", _ name: String,
    location: SourceLocation = #_sourceLocation
  ) {
    #expect(outcome.status == 2, "\(name): \(outcome.errors)", sourceLocation: location)
    #expect(outcome.errorLines.count == 1, "\(name): \(outcome.errors)", sourceLocation: location)
    let line = outcome.errorLines.first ?? ""
    #expect(line.hasPrefix("error: "), "\(name): \(line)", sourceLocation: location)
    #expect(line.contains(file), "\(name): \(line)", sourceLocation: location)
    #expect(message.isEmpty || line.contains(message), "\(name): \(line)", sourceLocation: location)
    #expect(line.utf8.count < 1000, "\(name): a line of \(line.utf8.count) bytes", sourceLocation: location)
    #expect(outcome.output.isEmpty, "\(name): \(outcome.output)", sourceLocation: location)
  }

  @Test("A graph file", arguments: BadGraphs.cases)
  func graph(_ bad: BadFile) throws {
    let folder = try TestFolder()
    try folder.write("bad.json", try bad.applied(to: Fixtures.graph))
    let before = folder.contents
    for executor in ["vm", "reference"] {
      let outcome = jacquard(
        "run", folder["bad.json"], "--synthetic", "--executor", executor, "--output-dir", folder["out"], "--save",
        folder["p.safetensors"])
      BadFileTests.expectRefusal(outcome, naming: folder.path, bad.message, bad.name)
      #expect(folder.contents == before, "\(bad) left something")
    }
  }

  @Test("A graph file is refused by every command that reads one")
  func everyCommand() throws {
    let folder = try TestFolder()
    try folder.write("bad.json", Fixtures.graph.replacing("\"exp\"", with: "\"expo\""))
    let before = folder.contents
    let bad = folder["bad.json"]
    let lines = [
      ["check", bad], ["inspect", bad], ["inspect", bad, "-o", folder["i.txt"]], ["bench", bad, "--steps", "1"],
      ["grad", bad, "--of", "y", "--wrt", "w", "-o", folder["d.json"]], ["convert", bad, folder["c.dot"]],
      ["compile", bad, "-o", folder["p.plan.json"]],
      ["train", bad, "--data", folder.path, "--save", folder["s.safetensors"]],
    ]
    for line in lines {
      BadFileTests.expectRefusal(jacquard(line), naming: "bad.json:", "expo", line.joined(separator: " "))
      #expect(folder.contents == before, "\(line) left something")
    }
  }

  @Test("A plan file", arguments: BadPlans.cases)
  func plan(_ bad: BadFile) throws {
    let folder = try TestFolder()
    try folder.write("g.json", Fixtures.graph)
    #expect(jacquard("compile", folder["g.json"], "-o", folder["good.plan.json"]).status == 0)
    try folder.write("bad.plan.json", try bad.applied(to: try folder.text("good.plan.json")))
    let before = folder.contents
    let outcome = jacquard("run", folder["bad.plan.json"], "--synthetic", "--output-dir", folder["out"])
    BadFileTests.expectRefusal(outcome, naming: "bad.plan.json", bad.message, bad.name)
    #expect(folder.contents == before, "\(bad) left something")
  }

  @Test("Files that are none")
  func noFiles() throws {
    let folder = try TestFolder()
    try folder.write("empty.json", "")
    try folder.write("zeros.json", [UInt8](repeating: 0, count: 64))
    try folder.write("latin.json", [0x22, 0xE9, 0x22])
    for name in ["absent.json", "empty.json", "zeros.json", "latin.json", ""] {
      BadFileTests.expectRefusal(jacquard("check", folder[name]), naming: folder[name], "", name)
    }
  }
}
