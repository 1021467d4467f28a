import Foundation
import Jacquard

/// Models of every family with sizes drawn from a seed: what a compiler that is tuned to `graphs/` has not seen.
public struct DrawnShapes: Sendable {
  public let seed: Int
  /// Family by family.
  public let models: [DrawnModel]

  /// The families, in order.
  public static let families = Family.all.map { $0.name }

  /// - Parameters:
  ///   - seed: Decides everything.
  ///   - count: Models of each family. The first ones stay the same whatever the count.
  /// - Throws: `Diagnostic` if a model cannot be built, which is an error of this package.
  public init(seed: Int, count: Int = 1) throws {
    self.seed = seed
    models = try Family.all.enumerated().flatMap { place, family in
      try (0..<count).map { try family.model(seed: seed, family: place, index: $0) }
    }
  }

  /// `shapes.json`: `{format, version, seed, shapes}`, the latter with all that is needed to build a model by other means.
  public func json() throws -> String {
    JSONValue(fields: [
      ("format", "jacquard.shapes"), ("version", 1), ("seed", JSONValue(seed)),
      ("shapes", JSONValue(try models.map { try $0.json() })),
    ]).text() + "\n"
  }

  /// Writes each graph as `NAME.train.json`, and `shapes.json` last.
  ///
  /// - Parameter folder: Made if it is not there.
  /// - Throws: `Diagnostic` if a file cannot be written.
  public func write(to folder: String) throws {
    try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true)
    for model in models { try model.graph.write(to: "\(folder)/\(model.file)") }
    try AtomicFile.write(try json(), to: "\(folder)/shapes.json")
  }
}
