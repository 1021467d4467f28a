import Foundation
import Jacquard

@testable import Workshop

/// A folder that goes when it is not needed any more.
final class TestFolder {
  let path = NSTemporaryDirectory() + "workshop-\(UUID().uuidString)"

  init() throws { try FileManager.default.createDirectory(atPath: path, withIntermediateDirectories: true) }

  deinit { try? FileManager.default.removeItem(atPath: path) }

  func text(_ name: String) throws -> String { try String(contentsOfFile: "\(path)/\(name)", encoding: .utf8) }
}

/// What a command line did.
struct Outcome {
  var status: Int32
  var output: String
  var errors: String
}

/// Runs a command line within this process.
func workshop(_ arguments: String...) -> Outcome {
  final class Texts: @unchecked Sendable { var texts = ["", ""] }
  let texts = Texts()
  let output = Output { text, isError in texts.texts[isError ? 1 : 0] += text }
  let status = WorkshopCommand.run(arguments, output)
  return Outcome(status: status, output: texts.texts[0], errors: texts.texts[1])
}

/// An exercise of a test's own.
struct Probe: Exercise {
  var id = "2.1"
  let body: @Sendable (Run) throws -> Void

  func run(_ run: Run) throws { try body(run) }
}

/// Runs an exercise quickly and silently.
func attempt(
  _ exercise: any Exercise, in folder: TestFolder, rateFactor: Double = 1, language: Language = .en,
  threads: Int? = nil, stop: RunSettings.Stop = .never
) throws -> RunResult {
  let settings = RunSettings(
    quick: true, out: folder.path, language: language, threads: threads, progress: .silent, stop: stop,
    learningRateFactor: rateFactor)
  let data = CourseData(folder: nil, dataSet: nil, textFile: nil, quick: true)
  let runner = CourseRunner(settings, data, Output { _, _ in })
  return try runner.run(exercise).result
}

/// Images that exercises train on; absent only where the Debian package is not installed.
let hasImages = ImageSet.allCases.contains { DataSplits.folder(of: $0.name) != nil }
