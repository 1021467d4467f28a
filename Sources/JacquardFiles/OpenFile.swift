import JacquardCore

#if canImport(Glibc)
  import Glibc
#elseif canImport(Musl)
  import Musl
#else
  import Darwin
#endif

/// A regular file, open for reading at any offset; closed when the last reference goes.
///
/// Reading through a descriptor, not through a mapping: a file that another program shortens meanwhile is an
/// error here and would be a bus error there, and pages read do not count as memory of this process.
public final class OpenFile: Sendable {
  /// The path as it was given; it names the file in messages.
  public let path: String
  /// Bytes in the file at the time of opening.
  public let size: Int
  private let descriptor: Int32

  /// Opens a file. - Throws: `Diagnostic` if it cannot be opened or is no regular file.
  public init(_ path: String) throws(Diagnostic) {
    let (descriptor, size) = try OpenFile.open(path)
    self.path = path
    self.size = size
    self.descriptor = descriptor
  }

  deinit { close(descriptor) }

  private static func open(_ path: String) throws(Diagnostic) -> (descriptor: Int32, size: Int) {
    try FileError.checkPath(path)
    // Without O_NONBLOCK the opening of a pipe that nobody writes to would wait for ever.
    let descriptor = systemOpen(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK)
    if descriptor < 0 { throw FileError.last("cannot be opened", path) }
    var status = stat()
    guard fstat(descriptor, &status) == 0, status.st_mode & S_IFMT == S_IFREG else {
      close(descriptor)
      let isFolder = status.st_mode & S_IFMT == S_IFDIR
      throw Diagnostic(isFolder ? "is a folder, not a file" : "is not a regular file", place: path)
    }
    return (descriptor, Int(status.st_size))
  }

  /// Reads up to `buffer.count` bytes from an offset; 0 at the end of the file.
  func read(into buffer: UnsafeMutableRawBufferPointer, at offset: Int) throws(Diagnostic) -> Int {
    let wanted = min(buffer.count, 1 << 30)
    while true {
      let count = pread(descriptor, buffer.baseAddress, wanted, off_t(offset))
      if count >= 0 { return count }
      if errno != EINTR { throw FileError.last("cannot be read", path) }
    }
  }
}

/// `open` without a mode, under a name that a method called `open` does not hide.
private func systemOpen(_ path: String, _ flags: Int32) -> Int32 { open(path, flags) }

/// Diagnostics of failed system calls.
enum FileError {
  /// The diagnostic for the current `errno`: `x.npy: cannot be opened: No such file or directory`.
  static func last(_ what: String, _ path: String) -> Diagnostic {
    Diagnostic("\(what): \(String(cString: strerror(errno)))", place: path)
  }

  /// Refuses paths that the system would cut or misread.
  static func checkPath(_ path: String) throws(Diagnostic) {
    if path.isEmpty { throw Diagnostic("the file name is empty") }
    if path.utf8.contains(0) { throw Diagnostic("the file name holds a zero byte: \(quoted(path))") }
  }
}

/// A name from a file, fit for one line of a message: control characters escaped, at most 80 characters.
public func quoted(_ name: some StringProtocol) -> String {
  var text = "'"
  for scalar in name.unicodeScalars.prefix(80) {
    let isPlain = scalar.value >= 32 && scalar.value != 127 && !scalar.properties.isWhitespace
    text += isPlain || scalar == " " ? String(scalar) : scalar.escaped(asASCII: true)
  }
  return text + (name.unicodeScalars.count > 80 ? "...'" : "'")
}
