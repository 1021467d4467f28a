import Foundation
import Jacquard
import Testing

@testable import Workshop

@Suite struct CommandTests {
  @Test func listsTheCourse() {
    let outcome = workshop("list")
    #expect(outcome.status == 0)
    for exercise in Course.exercises { #expect(outcome.output.contains("  \(exercise.id)  "), "\(exercise.id)") }
    #expect(workshop("list", "--lang", "fr").output.contains("Jour 2: calcul"))
    let ids = Course.exercises.map(\.id)
    #expect(ids == ids.sorted() && Set(ids).count == 24)
  }

  @Test func selects() throws {
    let rows = [("2.1", 1), ("day2.1", 1), ("day2", 5), ("all", 24), ("day5", 6)]
    for (text, count) in rows { #expect(try Course.select(text).count == count, "\(text)") }
    for text in ["", "day", "6.1", "day9", "2", "Day2"] {
      #expect(throws: Diagnostic.self, "\(text)") { try Course.select(text) }
    }
  }

  @Test func runsOne() throws {
    let folder = try TestFolder()
    let outcome = workshop("run", "day2.1", "--quick", "--out", folder.path)
    #expect(outcome.status == 0, "\(outcome.errors)")
    #expect(outcome.output.contains("symbolic.error") && outcome.output.contains("2.1/report.html"))
    #expect(FileManager.default.fileExists(atPath: "\(folder.path)/2.1/graphs/quadratic.grad.json"))
  }

  /// A day gives an index page; exercises that are not there are skipped.
  @Test func runsADay() throws {
    let folder = try TestFolder()
    let outcome = workshop("run", "day2", "--quick", "--lang", "fr", "--out", folder.path)
    #expect(outcome.status == 0 || outcome.errors.contains("is in none of"), "\(outcome.errors)")
    #expect(try folder.text("index.html").contains("href=\"2.1/report.html\""))
  }

  @Test func wrongUsage() throws {
    let folder = try TestFolder()
    let rows: [([String], Int32, String)] = [
      (["run", "7.7"], 2, "there is no exercise '7.7'"), (["run"], 64, "Missing expected argument"),
      (["run", "2.1", "--epochs", "0"], 64, "--epochs"), (["run", "2.1", "--threads", "99"], 64, "--threads"),
      (["run", "2.1", "--out", "/dev/null/x"], 2, "/dev/null/x"), (["run", "2.1", "--data-set", "x"], 64, "data-set"),
    ]
    for (arguments, status, text) in rows {
      let texts = Locked()
      let output = Output { texts.text += $1 ? $0 : "" }
      #expect(WorkshopCommand.run(arguments, output) == status, "\(arguments)")
      #expect(texts.text.contains(text), "\(arguments): \(texts.text)")
    }
    _ = folder
  }

  private final class Locked: @unchecked Sendable { var text = "" }

  /// Data that is absent, and data that is not what it should be.
  @Test func dataIsChecked() throws {
    let folder = try TestFolder()
    try "not Shakespeare".write(toFile: "\(folder.path)/tinyshakespeare.txt", atomically: true, encoding: .utf8)
    let outcome = workshop("data", "--data-dir", folder.path)
    #expect(outcome.status == 2)
    #expect(outcome.output.contains("tinyshakespeare: DAMAGED"), "\(outcome.output)")
    for name in DataSource.all.map(\.name) { #expect(outcome.output.contains("\(name): "), "\(name)") }
  }
}
