import JacquardCore
import JacquardFiles
import Synchronization

extension Graph {
  /// Reads a graph file, JSON or text form (told by the first character), with the constants beside it.
  ///
  /// - Throws: `Diagnostic` with file, line, column and the node, in one line.
  public static func read(from path: String, registry: OperationRegistry) throws -> Graph {
    let bytes = try FileBytes.read(path, limit: GraphFormat.longestFile)
    let folder = ConstantFolder(path)
    let first = bytes.first { $0 != 0x20 && $0 != 0x09 && $0 != 0x0A && $0 != 0x0D }
    let isText = first.map { isTextStart($0) } ?? false
    if isText { return try Graph(text: bytes, file: path, registry: registry, resolve: folder.tensor) }
    return try Graph(json: bytes, file: path, registry: registry, resolve: folder.tensor)
  }

  /// `graph`, or a comment before it.
  private static func isTextStart(_ byte: UInt8) -> Bool { byte == UInt8(ascii: "g") || byte == UInt8(ascii: "#") }

  /// Writes the graph as JSON, whole or not at all. Constants over 64 bytes go first, to `NAME.constants.safetensors` beside
  /// `NAME.json`.
  ///
  /// - Throws: `Diagnostic` if a file cannot be written.
  public func write(to path: String) throws {
    try json(.beside(ConstantFolder.companion(of: path))).write(to: path)
  }

  /// Writes the text form in the same way. - Throws: `Diagnostic` if a file cannot be written.
  public func writeText(to path: String) throws {
    try text(.beside(ConstantFolder.companion(of: path))).write(to: path)
  }
}

extension GraphDocument {
  fileprivate func write(to path: String) throws {
    if !constants.isEmpty {
      let companion = ConstantFolder.folder(of: path) + ConstantFolder.companion(of: path)
      try Safetensors.write(constants, metadata: ["format": "jacquard.constants"], to: companion)
    }
    try AtomicFile.write(text, to: path)
  }
}

/// The folder of a graph file, from which its constants are read. Each file of constants is opened once.
private final class ConstantFolder: Sendable {
  private let folder: String
  private let files = Mutex<[String: SafetensorsFile]>([:])

  init(_ path: String) { folder = ConstantFolder.folder(of: path) }

  /// With the slash at its end; empty for a name alone.
  static func folder(of path: String) -> String {
    path.lastIndex(of: "/").map { String(path[...$0]) } ?? ""
  }

  /// The name of the file of constants that belongs to a graph file.
  static func companion(of path: String) -> String {
    let name = path.split(separator: "/", omittingEmptySubsequences: false).last.map(String.init) ?? ""
    let stem = name.hasSuffix(".json") ? String(name.dropLast(5)) : name
    return "\(stem).constants.safetensors"
  }

  /// The reader has checked that `file` is a name, not a path.
  func tensor(_ file: String, _ name: String) throws -> HostTensor {
    try files.withLock { files in
      let opened = try files[file] ?? SafetensorsFile(folder + file)
      files[file] = opened
      return try opened.tensor(name)
    }
  }
}
