import Foundation
import JacquardCore
import JacquardIR

/// Where a training stands: what a checkpoint holds beside parameters and state. The key of random draws, the step of the
/// optimiser and so of schedules are state; the order of the examples follows from seed and epoch.
struct TrainingPosition: Codable, Hashable {
  static let key = "jacquard.training"

  var version = 1
  var seed: Int
  /// The epoch that is under way, from 0.
  var epoch: Int
  /// Finished steps of it.
  var step: Int
  /// Sum of its losses, weighted by examples.
  var lossSum: Double
  var examples: Int
  var seconds: Double
  var batchSize: Int
  var shuffles: Bool
  var remainder: Remainder
  /// Examples of the data set.
  var dataCount: Int
  var history: [EpochResult]

  func text() throws -> String {
    let encoder = JSONEncoder()
    encoder.outputFormatting = [.sortedKeys]
    encoder.nonConformingFloatEncodingStrategy = .convertToString(
      positiveInfinity: "inf", negativeInfinity: "-inf", nan: "nan")
    return String(decoding: try encoder.encode(self), as: UTF8.self)
  }

  /// - Throws: `Diagnostic` if the texts of a file hold no position of this version.
  init(_ metadata: [String: String], path: String) throws {
    guard let text = metadata[TrainingPosition.key] else {
      throw Diagnostic("holds parameters but no training to resume", place: path)
    }
    let decoder = JSONDecoder()
    decoder.nonConformingFloatDecodingStrategy = .convertFromString(
      positiveInfinity: "inf", negativeInfinity: "-inf", nan: "nan")
    do {
      self = try decoder.decode(TrainingPosition.self, from: Data(text.utf8))
    } catch {
      throw Diagnostic("the record of the training is damaged", place: path)
    }
    if version != 1 {
      throw Diagnostic("the training has version \(version); this program knows version 1", place: path)
    }
  }

  init(options: TrainingOptions, dataCount: Int) {
    seed = options.seed
    (epoch, step, lossSum, examples, seconds) = (0, 0, 0, 0, 0)
    batchSize = options.batchSize
    shuffles = options.shuffles
    remainder = options.remainder
    self.dataCount = dataCount
    history = []
  }

  /// Whether going on under other settings would give another training than the one interrupted.
  /// - Throws: `Diagnostic` naming the first setting that differs.
  func check(_ now: TrainingPosition, path: String) throws {
    func same<T: Equatable>(_ name: String, _ a: T, _ b: T) throws {
      if a != b { throw Diagnostic("was trained with \(name) \(a), not \(b)", place: path) }
    }
    try same("seed", seed, now.seed)
    try same("batch size", batchSize, now.batchSize)
    try same("shuffling", shuffles, now.shuffles)
    try same("remainder", remainder.rawValue, now.remainder.rawValue)
    try same("a number of examples of", dataCount, now.dataCount)
  }
}
