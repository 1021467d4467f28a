import Foundation
import JacquardCore
import JacquardFiles
import SwiftProtobuf

/// The folder of an ONNX file, from which large tensors are read; nothing outside it ever is.
struct ONNXExternalData {
  /// With links resolved and a slash at its end; nil if there is no such file.
  private let folder: String?

  init(of path: String) {
    folder = ONNXExternalData.resolved(path).map { String($0[...($0.lastIndex(of: "/") ?? $0.startIndex)]) }
  }

  /// The path without links, or nil if nothing is there.
  private static func resolved(_ path: String) -> String? {
    guard let real = realpath(path, nil) else { return nil }
    defer { free(real) }
    return String(cString: real)
  }

  /// The bytes of a tensor of `count` bytes.
  /// - Throws: `Diagnostic` if the place lies outside the folder, or the file is too short.
  func bytes(_ entries: [Onnx_StringStringEntryProto], count: Int) throws -> [UInt8] {
    let fields = Dictionary(entries.map { ($0.key, $0.value) }) { $1 }
    guard let location = fields["location"], !location.isEmpty else {
      throw Diagnostic("external data without a location")
    }
    let offset = try number(fields["offset"], "offset") ?? 0
    if let length = try number(fields["length"], "length"), length != count {
      throw Diagnostic("external data of \(length) bytes; the tensor has \(count)")
    }
    return try part(of: try file(location), location, offset, count)
  }

  private func number(_ text: String?, _ name: String) throws -> Int? {
    guard let text else { return nil }
    guard let value = Int(text), value >= 0 else { throw Diagnostic("'\(text)' is no \(name) of external data") }
    return value
  }

  /// The file that a location names, if it lies in the folder.
  private func file(_ location: String) throws -> String {
    let parts = location.split(separator: "/", omittingEmptySubsequences: false)
    let isPlain = !location.hasPrefix("/") && !parts.contains("..") && !location.contains("\0")
    let outside = Diagnostic("external data '\(location.prefix(200))' lies outside the model's folder")
    guard isPlain, let folder else { throw outside }
    var status = stat()
    guard let place = ONNXExternalData.resolved(folder + location), stat(place, &status) == 0,
      status.st_mode & S_IFMT == S_IFREG
    else { throw Diagnostic("external data '\(location.prefix(200))' cannot be read: there is no such file") }
    guard place.hasPrefix(folder) else { throw outside }
    return place
  }

  private func part(of path: String, _ location: String, _ offset: Int, _ count: Int) throws -> [UInt8] {
    guard let handle = FileHandle(forReadingAtPath: path) else {
      throw Diagnostic("external data '\(location.prefix(200))' cannot be read")
    }
    defer { try? handle.close() }
    let size = try handle.seekToEnd()
    let end = try Overflow.add(offset, count)
    if end > size {
      throw Diagnostic("external data '\(location.prefix(200))' has \(size) bytes; the tensor ends at \(end)")
    }
    try handle.seek(toOffset: UInt64(offset))
    return Array(try handle.read(upToCount: count) ?? Data())
  }
}
