import Foundation
import Jacquard

/// Where trained weights are kept: beside them their history, which has times, so that the same training gives the same bytes of
/// weights. A checkpoint is there while training is not at its end.
struct WeightFiles {
  /// From the exercise's folder.
  let link: String
  let checkpoint: String
  private let weights: String
  private let history: String

  /// - Throws: `Diagnostic` if the folder cannot be made.
  init(_ run: Run, _ key: String) throws {
    let folder = "\(run.settings.out)/weights"
    try Folder.make(folder)
    link = "../weights/\(key).safetensors"
    checkpoint = "\(folder)/\(key).checkpoint.safetensors"
    weights = "\(folder)/\(key).safetensors"
    history = "\(folder)/\(key).history.json"
  }

  var hasCheckpoint: Bool { FileManager.default.fileExists(atPath: checkpoint) }

  /// What was kept; nil if this was not trained yet.
  ///
  /// - Throws: `Diagnostic` if a file is damaged.
  func read() throws -> (store: ParameterStore, history: [EpochResult])? {
    let names = [weights, history]
    if !names.allSatisfy(FileManager.default.fileExists) { return nil }
    let bytes = try FileBytes.read(history, limit: 1 << 26)
    guard let results = try? TrainingText.decoder.decode([EpochResult].self, from: Data(bytes)) else {
      throw Diagnostic("is no history of a training; remove it to train again", place: history)
    }
    return (try ParameterStore.load(weights), results)
  }

  /// Keeps what was trained; the checkpoint goes.
  ///
  /// - Throws: `Diagnostic` if a file cannot be written.
  func write(_ store: ParameterStore, _ results: [EpochResult]) throws {
    try AtomicFile.write(Array(try TrainingText.encoder.encode(results)), to: history)
    try store.save(to: weights)
    try? FileManager.default.removeItem(atPath: checkpoint)
  }
}

/// JSON of losses, which may be infinite or NaN.
enum TrainingText {
  static var encoder: JSONEncoder {
    let encoder = JSONEncoder()
    encoder.outputFormatting = [.sortedKeys]
    encoder.nonConformingFloatEncodingStrategy = .convertToString(
      positiveInfinity: "inf", negativeInfinity: "-inf", nan: "nan")
    return encoder
  }

  static var decoder: JSONDecoder {
    let decoder = JSONDecoder()
    decoder.nonConformingFloatDecodingStrategy = .convertFromString(
      positiveInfinity: "inf", negativeInfinity: "-inf", nan: "nan")
    return decoder
  }
}

/// Where a training by steps stands.
struct StepRecord: Codable {
  var losses: [Double] = []
  var seconds = 0.0

  private static let key = "workshop.steps"

  init() {}

  /// Fills a store from a checkpoint.
  ///
  /// - Throws: `Diagnostic` if the file is no checkpoint.
  init(resuming store: ParameterStore, from path: String) throws {
    let text = try store.load(from: path)[Self.key] ?? ""
    guard let record = try? TrainingText.decoder.decode(StepRecord.self, from: Data(text.utf8)) else {
      throw Diagnostic("is no checkpoint of a training by steps; remove it to begin again", place: path)
    }
    self = record
  }

  /// Writes a checkpoint, whole or not at all.
  ///
  /// - Throws: `Diagnostic` if it cannot be written.
  func save(_ store: ParameterStore, to path: String) throws {
    let text = String(decoding: try TrainingText.encoder.encode(self), as: UTF8.self)
    try store.save(to: path, metadata: [Self.key: text])
  }

  /// Mean losses of so many steps each; the last one may have fewer. Examples are not counted.
  func history(_ mean: Int) -> [EpochResult] {
    stride(from: 0, to: losses.count, by: mean).enumerated().map { index, start in
      let part = losses[start..<min(losses.count, start + mean)]
      let (count, share) = (Double(part.count), Double(part.count) / Double(losses.count))
      return EpochResult(
        epoch: index, loss: part.reduce(0, +) / count, steps: part.count, examples: 0, seconds: seconds * share)
    }
  }
}
