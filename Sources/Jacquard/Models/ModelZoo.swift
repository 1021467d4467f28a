import JacquardCore
import JacquardFiles
import JacquardIR

/// The models of the folder `graphs/`: each with a forward graph and whole training steps.
public enum ModelZoo {
  /// One file of the folder.
  public struct Entry: Sendable {
    /// The graph's name; the file is `name.json`.
    public let name: String
    /// Builds the graph anew.
    public let build: @Sendable () throws -> Graph
  }

  /// Every graph, in the order of the models.
  public static let entries: [Entry] =
    LinearRegression.entries + LogisticRegression.entries + XOR.entries + MLP.entries + Autoencoder.entries
    + VAE.entries + CNN.entries + ResNet.entries + UNet.entries + DenoisingMLP.entries + GNN.entries
    + Word2Vec.entries + Transformer.entries + CharacterLSTM.entries

  /// The graph of a name. - Throws: `Diagnostic` that lists the names if there is none.
  public static func graph(_ name: String) throws -> Graph {
    if let entry = entries.first(where: { $0.name == name }) { return try entry.build() }
    throw Diagnostic("there is no model '\(name)'; there are \(entries.map(\.name).joined(separator: ", "))")
  }

  /// Writes every graph as `NAME.json` into a folder.
  ///
  /// - Returns: The names of the files that changed.
  /// - Throws: `Diagnostic` if a file cannot be written.
  @discardableResult
  public static func write(to folder: String) throws -> [String] {
    var changed: [String] = []
    for entry in entries {
      let path = "\(folder)/\(entry.name).json"
      let text = try content(of: entry)
      if (try? FileBytes.read(path, limit: 1 << 28)) == Array(text.utf8) { continue }
      try AtomicFile.write(text, to: path)
      changed.append("\(entry.name).json")
    }
    return changed
  }

  private static func content(of entry: Entry) throws -> String { try entry.build().json().text }

  /// The names of the files of a folder that are missing or differ from what the models give.
  /// - Throws: `Diagnostic` if a model cannot be built.
  public static func outdated(in folder: String) throws -> [String] {
    try entries.filter { entry in
      let written = try? FileBytes.read("\(folder)/\(entry.name).json", limit: 1 << 28)
      return written != Array(try content(of: entry).utf8)
    }.map { "\($0.name).json" }
  }
}

/// What models of images have in common.
enum ImageModel {
  static let batch: KeyValuePairs<String, Int> = ["N": 128]
  static let pixels: Dim = 784

  /// Images of 28 x 28 bytes as numbers from 0 to 1, one row each.
  static func images(_ g: GraphContext) -> Tensor<Float> {
    g.input(
      "x", Float.self, ["N", pixels], sample: SampleHint(.uniform, low: 0, high: 1),
      feed: FeedHint(column: "image", scale: 1.0 / 255))
  }

  /// The same as planes of one channel.
  static func planes(_ g: GraphContext) -> Tensor<Float> {
    g.input(
      "x", Float.self, ["N", 1, 28, 28], sample: SampleHint(.uniform, low: 0, high: 1),
      feed: FeedHint(column: "image", scale: 1.0 / 255))
  }

  /// Classes from 0 to 9.
  static func labels(_ g: GraphContext) -> Tensor<Int32> {
    g.input(
      "y", Int32.self, ["N"], sample: SampleHint(.integers, low: 0, high: 10), feed: FeedHint(column: "label"))
  }
}
