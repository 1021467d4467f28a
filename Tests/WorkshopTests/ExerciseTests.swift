import Foundation
import Jacquard
import Testing

@testable import Workshop

/// Every exercise, run quickly.
@Suite(.serialized) struct ExerciseTests {
  /// Those whose figures come from training.
  static let trained = [
    "1.1", "1.2", "1.3", "1.4", "1.5", "2.3", "2.4", "2.5", "3.1", "3.2", "3.3", "3.4", "4.1", "4.2", "4.3", "4.4",
    "5.2", "5.3", "5.4", "5.5", "5.6",
  ]

  @Test(.enabled(if: hasImages), arguments: Language.allCases) func allPass(_ language: Language) throws {
    let folder = try TestFolder()
    // The texts of both languages have the same keys; a few reports show that they are used.
    for exercise in Course.exercises where language == .en || exercise.day == 2 {
      let result = try attempt(exercise, in: folder, language: language)
      let failed = result.claims.filter { $0.status == .fail }.map { "\($0.key) \($0.figureText) \($0.reason ?? "")" }
      #expect(failed.isEmpty && !result.claims.isEmpty, "\(exercise.id): \(failed)")
      let report = try folder.text("\(exercise.id)/report.html")
      try checkReport(report, exercise.id)
    }
  }

  /// One file without scripts, every text known, every plot drawn.
  private func checkReport(_ report: String, _ id: String) throws {
    let unknown = report.matches(of: /&lt;[a-z0-9.]+\.[A-Za-z0-9.]+&gt;/).map { String($0.0) }
    #expect(unknown.isEmpty, "\(id): \(unknown)")
    #expect(!report.contains("<script") && !report.contains("src=\"http") && report.contains("class=\"decision\""))
    if Gnuplot.path != nil {
      #expect(!report.contains(StringTable.of(.en).text("common.missingPlot")), "\(id)")
      #expect(!report.contains(StringTable.of(.fr).text("common.missingPlot")), "\(id)")
    }
  }

  /// A learning rate of 0 learns nothing, and the claims notice.
  @Test(.enabled(if: hasImages)) func noLearningFails() throws {
    let folder = try TestFolder()
    for exercise in Course.exercises where Self.trained.contains(exercise.id) {
      let result = try attempt(exercise, in: folder, rateFactor: 0)
      #expect(result.hasFailed, "\(exercise.id)")
    }
  }

  /// The second run finds the weights of the first, and comes to the same figures.
  @Test(.enabled(if: hasImages)) func weightsAreShared() throws {
    let folder = try TestFolder()
    let exercise = TrainedPerceptron()
    let first = try attempt(exercise, in: folder)
    let path = "\(folder.path)/1.2/\(first.weights[0])"
    let date = try FileManager.default.attributesOfItem(atPath: path)[.modificationDate] as? Date
    let second = try attempt(exercise, in: folder)
    let later = try FileManager.default.attributesOfItem(atPath: path)[.modificationDate] as? Date
    #expect(first.claims.map(\.figure) == second.claims.map(\.figure))
    #expect(date != nil && date == later)
  }
}
