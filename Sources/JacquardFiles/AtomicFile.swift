import JacquardCore

#if canImport(Glibc)
  import Glibc
#elseif canImport(Musl)
  import Musl
#else
  import Darwin
#endif

/// Files that appear whole or not at all.
public enum AtomicFile {
  /// Writes a file beside its place and renames it into place once it is on disk.
  ///
  /// Whatever fails, also `body`, leaves the old file as it was and nothing beside it. A symbolic link is
  /// followed, the permissions of an existing file are kept, and a device or pipe is written to directly.
  ///
  /// - Throws: `Diagnostic` that names the path if it cannot be written, or what `body` throws.
  public static func write(
    to path: String, _ body: (FileWriter) throws(Diagnostic) -> Void
  ) throws(Diagnostic) {
    switch try Target(path) {
    case .special(let place):
      let writer = try FileWriter(open: place, flags: O_WRONLY, path)
      try body(writer)
      try writer.finish(toDisk: false)
    case .regular(let place, let mode): try replace(place, mode, path, body)
    }
  }

  /// Writes bytes as a whole file, beside its place first. - Throws: `Diagnostic` that names the path.
  public static func write(_ bytes: [UInt8], to path: String) throws(Diagnostic) {
    try write(to: path) { (writer) throws(Diagnostic) in try writer.write(bytes) }
  }

  /// Writes a text as a whole file in UTF-8. - Throws: `Diagnostic` that names the path.
  public static func write(_ text: String, to path: String) throws(Diagnostic) {
    try write(to: path) { (writer) throws(Diagnostic) in try writer.write(text) }
  }

  private static func replace(
    _ place: String, _ mode: mode_t?, _ path: String, _ body: (FileWriter) throws(Diagnostic) -> Void
  ) throws(Diagnostic) {
    let folder = place.lastIndex(of: "/").map { String(place[...$0]) } ?? ""
    let random = String(UInt64.random(in: 0 ... .max), radix: 36)
    let beside = "\(folder).jacquard-\(random).tmp"
    let writer = try FileWriter(open: beside, flags: O_WRONLY | O_CREAT | O_EXCL, path)
    do throws(Diagnostic) {
      try body(writer)
      if let mode { writer.setMode(mode) }
      try writer.finish(toDisk: true)
      if rename(beside, place) != 0 { throw FileError.last("cannot be written", path) }
    } catch {
      unlink(beside)
      throw error
    }
    syncFolder(folder)
  }

  /// Makes the renaming itself survive a power cut; file systems that cannot do so are left alone.
  private static func syncFolder(_ folder: String) {
    let descriptor = open(folder.isEmpty ? "." : folder, O_RDONLY | O_CLOEXEC)
    if descriptor < 0 { return }
    fsync(descriptor)
    close(descriptor)
  }
}

/// Where the bytes go, once links are followed.
private enum Target {
  case regular(String, mode: mode_t?)
  case special(String)

  init(_ path: String) throws(Diagnostic) {
    try FileError.checkPath(path)
    if path.hasSuffix("/") { throw Diagnostic("cannot be written: it names a folder", place: path) }
    var status = stat()
    guard stat(path, &status) == 0 else {
      self = .regular(path, mode: nil)
      return
    }
    switch status.st_mode & S_IFMT {
    case S_IFREG:
      if access(path, W_OK) != 0 { throw FileError.last("cannot be written", path) }
      self = .regular(Target.resolved(path), mode: status.st_mode & 0o777)
    case S_IFDIR: throw Diagnostic("cannot be written: it is a folder", place: path)
    default: self = .special(path)
    }
  }

  private static func resolved(_ path: String) -> String {
    guard let real = realpath(path, nil) else { return path }
    defer { free(real) }
    return String(cString: real)
  }
}

/// The bytes of a file that is being written.
public final class FileWriter {
  private static let bufferSize = 1 << 16

  private let path: String
  private var descriptor: Int32
  private var buffer: [UInt8] = []

  fileprivate init(open place: String, flags: Int32, _ path: String) throws(Diagnostic) {
    descriptor = open(place, flags | O_CLOEXEC, 0o666)
    self.path = path
    if descriptor < 0 { throw FileError.last("cannot be written", path) }
    buffer.reserveCapacity(Self.bufferSize)
  }

  deinit { if descriptor >= 0 { close(descriptor) } }

  /// Appends bytes. - Throws: `Diagnostic` that names the file.
  public func write(_ bytes: UnsafeRawBufferPointer) throws(Diagnostic) {
    if buffer.count + bytes.count > Self.bufferSize { try flush() }
    if bytes.count > Self.bufferSize { return try send(bytes) }
    buffer.append(contentsOf: bytes)
  }

  /// Appends bytes. - Throws: `Diagnostic` that names the file.
  public func write(_ bytes: [UInt8]) throws(Diagnostic) {
    try bytes.withBytes { (pointer) throws(Diagnostic) in try write(pointer) }
  }

  /// Appends a text in UTF-8. - Throws: `Diagnostic` that names the file.
  public func write(_ text: String) throws(Diagnostic) { try write(Array(text.utf8)) }

  /// Appends the elements of a tensor. - Throws: `Diagnostic` that names the file.
  public func write(_ tensor: HostTensor) throws(Diagnostic) {
    try tensor.withUnsafeBytes { (pointer) throws(Diagnostic) in try write(pointer) }
  }

  fileprivate func setMode(_ mode: mode_t) { _ = fchmod(descriptor, mode) }

  fileprivate func finish(toDisk: Bool) throws(Diagnostic) {
    try flush()
    if toDisk, fsync(descriptor) != 0 { throw FileError.last("cannot be written", path) }
    let status = close(descriptor)
    descriptor = -1
    if status != 0 { throw FileError.last("cannot be written", path) }
  }

  private func flush() throws(Diagnostic) {
    try buffer.withBytes { (pointer) throws(Diagnostic) in try send(pointer) }
    buffer.removeAll(keepingCapacity: true)
  }

  private func send(_ bytes: UnsafeRawBufferPointer) throws(Diagnostic) {
    var rest = bytes[...]
    while !rest.isEmpty {
      let part = UnsafeRawBufferPointer(rebasing: rest.prefix(1 << 30))
      let count = systemWrite(descriptor, part)
      if count > 0 {
        rest = rest.dropFirst(count)
      } else if count == 0 || errno != EINTR {
        throw FileError.last("cannot be written", path)
      }
    }
  }
}

/// `write` under a name that the methods do not hide.
private func systemWrite(_ descriptor: Int32, _ bytes: UnsafeRawBufferPointer) -> Int {
  write(descriptor, bytes.baseAddress, bytes.count)
}
