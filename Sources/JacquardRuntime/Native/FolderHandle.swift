import Foundation
import JacquardCore

/// A folder held open: whatever happens to its path, the files in it are these.
final class FolderHandle: Sendable {
  let path: String
  let descriptor: Int32

  /// - Throws: `Diagnostic` if there is no folder, or it is a link, or others than its owner, this user, may write to it.
  init(private path: String) throws(Diagnostic) {
    let descriptor = open(path, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC)
    guard descriptor >= 0 else {
      let reason = String(cString: strerror(errno))
      let isLink = (try? FileManager.default.destinationOfSymbolicLink(atPath: path)) != nil
      throw Diagnostic(isLink ? "it is a symbolic link" : reason, place: path)
    }
    self.path = path
    self.descriptor = descriptor
    if let wrong = FolderHandle.complaint(descriptor) { throw Diagnostic(wrong, place: path) }
  }

  deinit { close(descriptor) }

  private static func complaint(_ descriptor: Int32) -> String? {
    var status = stat()
    if fstat(descriptor, &status) != 0 { return String(cString: strerror(errno)) }
    if status.st_uid != geteuid() { return "it belongs to another user" }
    if status.st_mode & 0o022 != 0 { return "others may write to it" }
    return nil
  }

  /// The bytes of a regular file of this user; nil if there is none or it cannot be read.
  ///
  /// - Parameter isUsed: Whether to note that the file was used just now.
  func read(_ name: String, limit: Int = 1 << 28, isUsed: Bool = false) -> [UInt8]? {
    let file = openat(descriptor, name, O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC)
    if file < 0 { return nil }
    defer { close(file) }
    var status = stat()
    guard fstat(file, &status) == 0, status.st_mode & S_IFMT == S_IFREG, status.st_uid == geteuid(),
      status.st_size <= limit
    else { return nil }
    if isUsed { futimens(file, nil) }
    return FolderHandle.bytes(file, Int(status.st_size))
  }

  private static func bytes(_ file: Int32, _ size: Int) -> [UInt8]? {
    var done = 0
    let bytes = [UInt8](unsafeUninitializedCapacity: size) { buffer, count in
      while done < size {
        let part = systemRead(file, buffer.baseAddress! + done, size - done)
        if part < 0 && errno == EINTR { continue }
        if part <= 0 { break }
        done += part
      }
      count = done
    }
    return done == size ? bytes : nil
  }

  /// Makes a new file. - Throws: `Diagnostic` if it cannot be made or there is one of the name.
  func create(_ name: String, _ bytes: [UInt8]) throws(Diagnostic) {
    let file = openat(descriptor, name, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0o600)
    let isWritten = file >= 0 && writeAll(bytes, to: file)
    let reason = errno
    if file >= 0 { close(file) }
    if !isWritten { throw Diagnostic(String(cString: strerror(reason)), place: "\(path)/\(name)") }
  }

  /// Moves a file to another folder of the same disk, in place of what has the name there. - Returns: success.
  func move(_ name: String, to folder: FolderHandle, as newName: String) -> Bool {
    renameat(descriptor, name, folder.descriptor, newName) == 0
  }

  func remove(_ name: String) { unlinkat(descriptor, name, 0) }

  /// A file or folder in the folder.
  struct Item {
    var name: String
    var size: Int
    /// Seconds since 1970.
    var modified: Int
  }

  /// What is in the folder.
  func items() -> [Item] {
    let copy = openat(descriptor, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC)
    guard copy >= 0, let list = fdopendir(copy) else { return [] }
    defer { closedir(list) }
    var found: [Item] = []
    while let entry = readdir(list) {
      let name = withUnsafePointer(to: &entry.pointee.d_name) { pointer in
        pointer.withMemoryRebound(to: CChar.self, capacity: 256) { String(cString: $0) }
      }
      var status = stat()
      if name == "." || name == ".." || fstatat(descriptor, name, &status, AT_SYMLINK_NOFOLLOW) != 0 { continue }
      found.append(Item(name: name, size: Int(status.st_size), modified: status.st_mtim.tv_sec))
    }
    return found
  }
}

/// `read` under a name that the methods do not hide.
private func systemRead(_ file: Int32, _ place: UnsafeMutablePointer<UInt8>, _ count: Int) -> Int {
  read(file, place, count)
}

/// Writes bytes to a descriptor. - Returns: whether all arrived; else `errno` says why.
func writeAll(_ bytes: [UInt8], to file: Int32) -> Bool {
  bytes.withUnsafeBytes { buffer in
    var rest = buffer[...]
    while !rest.isEmpty {
      let part = UnsafeRawBufferPointer(rebasing: rest)
      let count = write(file, part.baseAddress, part.count)
      if count < 0 && errno == EINTR { continue }
      if count <= 0 { return false }
      rest = rest.dropFirst(count)
    }
    return true
  }
}
