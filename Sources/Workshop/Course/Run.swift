import Foundation
import Jacquard

/// One run of an exercise: what it may ask for, and what it tells.
///
/// Keys are looked up in the strings file, `KEY` of exercise 2.1 as `2.1.KEY`, else as `common.KEY`.
final class Run {
  let exercise: any Exercise
  let settings: RunSettings
  /// Images, graph and text; shared by the exercises of one command.
  let data: CourseData
  let strings: StringTable
  /// `OUT/2.1`: what the run writes.
  let folder: String

  private(set) var claims: [Claim] = []
  private(set) var blocks: [ReportBlock] = []
  private(set) var decision: Decision?
  /// Paths of files within the folder, or beginning with `../`.
  private(set) var graphs: [String] = []
  private(set) var weights: [String] = []
  private let start = ContinuousClock.now

  /// - Throws: `Diagnostic` if the folder cannot be made.
  init(_ exercise: any Exercise, _ settings: RunSettings, _ data: CourseData) throws {
    self.exercise = exercise
    self.settings = settings
    self.data = data
    strings = .of(settings.language)
    folder = "\(settings.out)/\(exercise.id)"
    try Folder.make(folder)
  }

  var seed: Int { settings.seed }
  var isQuick: Bool { settings.quick }
  /// Seconds since the run began.
  var seconds: Double { ProgressBar.seconds(start.duration(to: .now)) }
  var session: Session.Options { Session.Options(threads: settings.threads) }

  // MARK: What depends on the command line

  /// One value for full runs, another for quick ones.
  func pick<T>(_ full: T, quick: T) -> T { isQuick ? quick : full }

  /// The number of epochs: the user's, else the exercise's.
  func epochs(_ full: Int, quick: Int) -> Int { settings.epochs ?? pick(full, quick: quick) }

  /// Every learning rate passes through here.
  func learningRate(_ rate: Double) -> Double { rate * settings.learningRateFactor }

  /// The text of a key in the language of the run.
  ///
  /// - Parameter values: Put in the place of `{name}`.
  func text(_ key: String, _ values: [String: String] = [:]) -> String {
    strings.text(exercise.id, key, values)
  }

  // MARK: Claims

  /// States a figure and what it must satisfy. The strings file says under `key` what is claimed.
  ///
  /// - Parameters:
  ///   - interval: 95 % interval of the figure.
  ///   - ofCourse: Whether the course claims this: the figures may then refute it, which is no failure.
  ///   - reason: Said where the claim fails or is refuted.
  /// - Returns: Whether it holds.
  @discardableResult
  func claim(
    _ key: String, _ figure: Double, _ bound: Bound, as style: NumberStyle = .number,
    interval: ClosedRange<Double>? = nil, ofCourse: Bool = false, reason: String? = nil
  ) -> Bool {
    let test = bound.test(data.imageSet, quick: isQuick)
    let holds = test.holds(figure)
    let status: ClaimStatus = holds ? .pass : ofCourse ? .refuted : .fail
    claims.append(
      Claim(
        key: key, text: text(key), figure: figure, style: style, interval: interval, test: test, status: status,
        reason: holds ? nil : reason))
    return holds
  }

  /// States something that is true or false.
  @discardableResult
  func claim(_ key: String, _ isTrue: Bool, ofCourse: Bool = false, reason: String? = nil) -> Bool {
    claim(key, isTrue ? 1 : 0, .isTrue, ofCourse: ofCourse, reason: reason)
  }

  /// A claim that cannot be tried here.
  func skip(_ key: String, because reason: String) {
    claims.append(Claim(key: key, text: text(key), status: .skipped, reason: reason))
  }

  /// The exercise ended with an error.
  func fail(_ error: any Error) {
    claims.append(
      Claim(key: "completed", text: text("completed"), figure: 0, test: .isTrue, status: .fail, reason: "\(error)"))
  }

  /// How the report ends. An exercise that does not say so fails.
  func decide(_ action: Decision.Action, _ key: String, _ values: [String: String] = [:]) {
    decision = Decision(action: action, reason: text(key, values))
  }

  // MARK: The report

  func add(_ block: ReportBlock) { blocks.append(block) }

  // MARK: Files

  /// Writes a graph as `graphs/NAME.json`.
  ///
  /// - Throws: `Diagnostic` if it cannot be written.
  func save(_ graph: Graph) throws {
    try Folder.make("\(folder)/graphs")
    let name = "graphs/\(FileName.escaped(graph.name)).json"
    try graph.write(to: "\(folder)/\(name)")
    if !graphs.contains(name) { graphs.append(name) }
  }

  /// Writes parameters and state as `weights/KEY.safetensors`.
  ///
  /// - Throws: `Diagnostic` if it cannot be written.
  func save(_ store: ParameterStore, as key: String) throws {
    try Folder.make("\(folder)/weights")
    let name = "weights/\(FileName.escaped(key)).safetensors"
    try store.save(to: "\(folder)/\(name)")
    noteWeights(name)
  }

  /// Names a file of weights in the results.
  func noteWeights(_ name: String) {
    if !weights.contains(name) { weights.append(name) }
  }
}

/// How a report ends.
struct Decision: Sendable {
  enum Action: String, Sendable, CaseIterable { case deploy, collect, redesign }

  let action: Action
  let reason: String
}

/// Folders to write to.
enum Folder {
  /// - Throws: `Diagnostic` if it cannot be made.
  static func make(_ path: String) throws {
    do {
      try FileManager.default.createDirectory(atPath: path, withIntermediateDirectories: true)
    } catch {
      throw Diagnostic("cannot be made a folder", place: path)
    }
  }
}
