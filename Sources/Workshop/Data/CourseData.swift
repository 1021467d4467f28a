import Foundation
import Jacquard

/// The images that the exercises work on.
enum ImageSet: String, Sendable, CaseIterable {
  case mnist, fashion

  /// Name for `DataSplits.load`.
  var name: String { self == .mnist ? "mnist" : "fashion-mnist" }
  var title: String { self == .mnist ? "MNIST" : "Fashion-MNIST" }

  /// Names of the classes, in English.
  var classes: [String] {
    self == .mnist
      ? (0..<10).map(String.init)
      : ["T-shirt", "Trouser", "Pullover", "Dress", "Coat", "Sandal", "Shirt", "Sneaker", "Bag", "Boot"]
  }
}

/// The data of a command; what is asked for is read once.
final class CourseData {
  /// The user's folder, before those that `DataSplits` looks into.
  let folder: String?
  /// Whose column of the bounds holds: the user's choice, else MNIST where it is present.
  let imageSet: ImageSet
  private let textFile: String?
  private let isQuick: Bool
  private var loaded: [ImageSet: DataSplits] = [:]

  init(folder: String?, dataSet: ImageSet?, textFile: String?, quick: Bool) {
    self.folder = folder
    self.textFile = textFile
    isQuick = quick
    let hasMNIST = DataSplits.folder(of: ImageSet.mnist.name, dataFolder: folder) != nil
    imageSet = dataSet ?? (hasMNIST ? .mnist : .fashion)
  }

  /// Folders in which files are looked for.
  var roots: [String] { [folder, ProcessInfo.processInfo.environment["JACQUARD_DATA"]].compactMap { $0 } }

  /// The first of the roots' files of that name that is there.
  func path(_ name: String) -> String? {
    roots.map { "\($0)/\(name)" }.first { FileManager.default.fileExists(atPath: $0) }
  }

  // MARK: Images

  /// The training images (columns `image u8[28,28]`, `label u8[]`): all 60,000, in a quick run the first 10,000.
  ///
  /// - Throws: `Diagnostic` that says where was looked, if they are absent.
  func train(_ set: ImageSet? = nil) throws -> DataSet { try part(splits(set).train, quick: 10_000) }

  /// The test images: all 10,000, in a quick run the first 2,000.
  func test(_ set: ImageSet? = nil) throws -> DataSet {
    let splits = try splits(set)
    guard let test = splits.test else { throw Diagnostic("has no test images", place: splits.train.name) }
    return try part(test, quick: 2_000)
  }

  private func part(_ data: DataSet, quick: Int) throws -> DataSet {
    isQuick && data.count > quick ? try data.rows(0..<quick) : data
  }

  private func splits(_ set: ImageSet?) throws -> DataSplits {
    let set = set ?? imageSet
    if let found = loaded[set] { return found }
    let splits = try DataSplits.load(set.name, dataFolder: folder)
    loaded[set] = splits
    return splits
  }

  // MARK: Text

  /// A text and what it is called: `--text`, else tinyshakespeare, else the King James Bible of Debian's `bible-kjv`; nil if
  /// there is none.
  ///
  /// - Throws: `Diagnostic` if the file cannot be read.
  func text() throws -> (name: String, text: String)? {
    if let path = textFile ?? path("tinyshakespeare.txt") {
      let text = String(decoding: try FileBytes.read(path, limit: 1 << 28), as: UTF8.self)
      return ((path as NSString).lastPathComponent, text)
    }
    return Bible.text().map { ("bible-kjv", $0) }
  }
}

/// The King James Bible as the program `bible` of Debian prints it.
enum Bible {
  static let program = "/usr/bin/bible"

  /// Verses, one a line; nil if the program is not installed.
  static func text() -> String? {
    guard FileManager.default.isExecutableFile(atPath: program) else { return nil }
    let process = Process()
    let output = Pipe()
    process.executableURL = URL(fileURLWithPath: program)
    process.arguments = ["-f", "Gen1:1-Rev22:21"]
    process.standardInput = FileHandle.nullDevice
    process.standardOutput = output
    process.standardError = FileHandle.nullDevice
    guard (try? process.run()) != nil else { return nil }
    let text = String(decoding: output.fileHandleForReading.readDataToEndOfFile(), as: UTF8.self)
    process.waitUntilExit()
    let verses = text.split(separator: "\n").map { line in
      line.firstIndex(of: " ").map { String(line[line.index(after: $0)...]) } ?? String(line)
    }
    return verses.isEmpty ? nil : verses.joined(separator: "\n")
  }
}
