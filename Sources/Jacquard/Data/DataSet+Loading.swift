import Foundation
import JacquardCore
import JacquardFiles

extension DataSplits {
  /// Loads a data set by its name or place.
  ///
  /// - Parameters:
  ///   - text: `mnist` or `fashion-mnist`; a folder of IDX files; a folder with one subfolder of PNG images a class (or
  ///     with such folders `train` and `test`); a `.csv` file; `x=train_x.npy,y=train_y.npy`.
  ///   - dataFolder: Where named sets are looked for first; then the folder named by `JACQUARD_DATA`, then those in which
  ///     systems keep data sets.
  /// - Throws: `Diagnostic` that says where was looked, or what is wrong with a file.
  public static func load(_ text: String, dataFolder: String? = nil) throws(Diagnostic) -> DataSplits {
    if text.contains("=") { return try npy(text) }
    if text.hasSuffix(".csv") || text.hasSuffix(".csv.gz") {
      return DataSplits(train: try DataSet.csv(text))
    }
    if FileSystem.isFolder(text) { return try folder(text) }
    if text.contains("/") { throw Diagnostic("there is no such folder", place: text) }
    return try named(text, dataFolder)
  }

  /// Where a named data set is: the folder of its files, or nil.
  ///
  /// - Parameters: As of ``load(_:dataFolder:)``.
  public static func folder(of name: String, dataFolder: String? = nil) -> String? {
    let own = ownRoots(dataFolder)
    for root in own + systemRoots {
      if FileSystem.isFolder("\(root)/\(name)") { return "\(root)/\(name)" }
      if name == "mnist" && own.contains(root) && IDXFiles(in: root) != nil { return root }
    }
    return nil
  }

  private static func ownRoots(_ dataFolder: String?) -> [String] {
    [dataFolder, ProcessInfo.processInfo.environment["JACQUARD_DATA"]].compactMap { $0 }
  }

  private static let systemRoots = ["/usr/local/share/datasets", "/usr/share/datasets"]

  private static func named(_ name: String, _ dataFolder: String?) throws(Diagnostic) -> DataSplits {
    if let path = folder(of: name, dataFolder: dataFolder) { return try folder(path, name) }
    let roots = ownRoots(dataFolder) + systemRoots
    throw Diagnostic("data set '\(name)' is in none of \(roots.joined(separator: ", "))")
  }

  private static func folder(_ path: String, _ name: String? = nil) throws(Diagnostic) -> DataSplits {
    if let files = IDXFiles(in: path) { return try files.load(name ?? path) }
    if FileSystem.isFolder("\(path)/train") {
      let test = "\(path)/test"
      let train = try DataSet.images("\(path)/train")
      if !FileSystem.isFolder(test) { return DataSplits(train: train) }
      return DataSplits(train: train, test: try DataSet.images(test, classes: train["label"]?.classes))
    }
    return DataSplits(train: try DataSet.images(path))
  }

  /// `x=train_x.npy,y=train_y.npy`: one column a file.
  private static func npy(_ text: String) throws(Diagnostic) -> DataSplits {
    var columns: [DataSet.Column] = []
    for part in text.split(separator: ",") {
      let pieces = part.split(separator: "=", maxSplits: 1).map(String.init)
      if pieces.count != 2 { throw Diagnostic("'\(part)' is not of the form NAME=FILE.npy") }
      columns.append(DataSet.Column(pieces[0], try Npy.read(pieces[1])))
    }
    return DataSplits(train: try DataSet(text, columns))
  }
}

/// The four files of a data set in MNIST's layout, gzipped or plain.
struct IDXFiles {
  let folder: String
  private let paths: [String: String]

  /// Nil if the training images are not there.
  init?(in folder: String) {
    var paths: [String: String] = [:]
    for part in ["train", "t10k"] {
      for kind in ["images-idx3", "labels-idx1"] {
        let stems = ["\(part)-\(kind)-ubyte", "\(part)-\(kind.replacingOccurrences(of: "-idx", with: ".idx"))-ubyte"]
        for stem in stems {
          for name in ["\(stem).gz", stem] where paths["\(part)-\(kind)"] == nil {
            if FileSystem.isFile("\(folder)/\(name)") { paths["\(part)-\(kind)"] = "\(folder)/\(name)" }
          }
        }
      }
    }
    if paths["train-images-idx3"] == nil { return nil }
    self.folder = folder
    self.paths = paths
  }

  func load(_ name: String) throws(Diagnostic) -> DataSplits {
    let test = paths["t10k-images-idx3"] == nil ? nil : try part("t10k", "\(name) (test)")
    return DataSplits(train: try part("train", name), test: test)
  }

  private func part(_ part: String, _ name: String) throws(Diagnostic) -> DataSet {
    guard let images = paths["\(part)-images-idx3"], let labels = paths["\(part)-labels-idx1"] else {
      throw Diagnostic("has no \(part)-labels-idx1-ubyte file", place: folder)
    }
    let pair = try IDX.pair(images: images, labels: labels)
    return try DataSet(name, [DataSet.Column("image", pair.images), DataSet.Column("label", pair.labels)])
  }
}

extension DataSet {
  /// A table with named columns. Texts become numbers of classes.
  /// - Throws: `Diagnostic` with file and line; see `CSVTable.read`.
  public static func csv(_ path: String) throws(Diagnostic) -> DataSet {
    let table = try CSVTable.read(path)
    var columns: [Column] = []
    for column in table.columns {
      var classes: [String]?
      if case .categories(_, let names) = column.values { classes = names }
      columns.append(Column(column.name, try table.tensor(column.name), classes: classes))
    }
    return try DataSet(path, columns)
  }

  /// PNG images of one size, one subfolder a class: columns `image` (`[height,width]`, or `[3,height,width]` in colour) and
  /// `label`. Classes are numbered in the order of their names.
  ///
  /// - Parameter known: Classes that have their numbers already: those of the training images, for test images, which need
  ///   not have an example of each.
  /// - Throws: `Diagnostic` that names the file which is no image, or is of another size than those before it.
  public static func images(_ folder: String, classes known: [String]? = nil) throws(Diagnostic) -> DataSet {
    let found = try FileSystem.names(in: folder).filter { FileSystem.isFolder("\(folder)/\($0)") }
    let classes = known ?? found
    var stack = ImageStack()
    for name in found {
      guard let label = classes.firstIndex(of: name) else {
        throw Diagnostic("has a class '\(name)' that the training images have not", place: folder)
      }
      for file in try FileSystem.names(in: "\(folder)/\(name)") where file.lowercased().hasSuffix(".png") {
        try stack.add("\(folder)/\(name)/\(file)", label: Int32(label))
      }
    }
    guard let images = try stack.tensor() else {
      throw Diagnostic("has no subfolder with PNG images", place: folder)
    }
    let label = Column("label", try HostTensor(stack.labels, [stack.labels.count]), classes: classes)
    return try DataSet(folder, [Column("image", images), label])
  }
}

/// Images of one size, one after the other.
private struct ImageStack {
  private var pixels: [UInt8] = []
  private var sizes: [Int]?
  private(set) var labels: [Int32] = []

  mutating func add(_ path: String, label: Int32) throws(Diagnostic) {
    let image = try PNG.read(path)
    if let sizes, sizes != image.sizes {
      throw Diagnostic("has size \(Shape(image.sizes)); the images before have \(Shape(sizes))", place: path)
    }
    sizes = image.sizes
    image.appendChannelsFirst(to: &pixels)
    labels.append(label)
  }

  /// Nil if there are none.
  func tensor() throws(Diagnostic) -> HostTensor? {
    guard let sizes else { return nil }
    let row = sizes[2] == 1 ? [sizes[0], sizes[1]] : [sizes[2], sizes[0], sizes[1]]
    return try HostTensor(pixels, [labels.count] + row)
  }
}

extension HostTensor {
  /// Appends the pixels of `[height,width,channels]`, channel by channel.
  fileprivate func appendChannelsFirst(to pixels: inout [UInt8]) {
    let channels = sizes[2]
    withUnsafeBytes { bytes in
      for channel in 0..<channels {
        for pixel in stride(from: channel, to: bytes.count, by: channels) { pixels.append(bytes[pixel]) }
      }
    }
  }
}

/// The few questions to the file system that loading asks.
enum FileSystem {
  static func isFolder(_ path: String) -> Bool {
    var isFolder: ObjCBool = false
    return FileManager.default.fileExists(atPath: path, isDirectory: &isFolder) && isFolder.boolValue
  }

  static func isFile(_ path: String) -> Bool {
    var isFolder: ObjCBool = false
    return FileManager.default.fileExists(atPath: path, isDirectory: &isFolder) && !isFolder.boolValue
  }

  /// Sorted by bytes.
  static func names(in folder: String) throws(Diagnostic) -> [String] {
    do {
      return try FileManager.default.contentsOfDirectory(atPath: folder)
        .sorted { $0.utf8.lexicographicallyPrecedes($1.utf8) }
    } catch {
      throw Diagnostic("cannot be read", place: folder)
    }
  }
}
