import JacquardCore
import JacquardFiles

#if canImport(Glibc)
  import Glibc
#elseif canImport(Musl)
  import Musl
#else
  import Darwin
#endif

/// A folder that gets all outputs of a run or none: they are written into a folder inside it and moved at the end.
final class OutputFolder {
  private let path: String
  private let staging: String
  private let isNew: Bool
  private var files: [String] = []
  private var isFinished = false

  /// Makes the folder if it is not there (its parent must be).
  /// - Throws: `Diagnostic` if nothing can be written there.
  init(_ path: String) throws {
    if path.isEmpty { throw Diagnostic("the name of the output folder is empty") }
    let trimmed = path.count > 1 && path.hasSuffix("/") ? String(path.dropLast()) : path
    self.path = trimmed
    isNew = mkdir(trimmed, 0o777) == 0
    if !isNew && errno != EEXIST { throw OutputFile.failure(trimmed) }
    staging = "\(trimmed)/.jacquard-\(String(UInt64.random(in: 0 ... .max), radix: 36))"
    if mkdir(staging, 0o700) != 0 {
      let error = OutputFile.failure(trimmed)
      if isNew { rmdir(trimmed) }
      throw error
    }
  }

  /// Writes tensors as `NAME.npy`, to be seen after `commit`. - Throws: `Diagnostic` that names the file.
  func stage(_ tensors: [(name: String, tensor: HostTensor)]) throws {
    files = tensors.map { "\(FileName.escaped($0.name)).npy" }
    for file in files {
      var status = stat()
      if stat("\(path)/\(file)", &status) == 0, status.st_mode & S_IFMT != S_IFREG {
        throw Diagnostic("cannot be written: something else has that name", place: "\(path)/\(file)")
      }
    }
    for (file, item) in zip(files, tensors) {
      do {
        try Npy.write(item.tensor, to: "\(staging)/\(file)")
      } catch {
        // The folder inside the folder is nobody's business.
        throw Diagnostic(error.message, kind: error.kind, place: "\(path)/\(file)")
      }
    }
  }

  /// Moves what was staged to its place. - Throws: `Diagnostic` that names the file.
  func commit() throws {
    for file in files where rename("\(staging)/\(file)", "\(path)/\(file)") != 0 {
      throw OutputFile.failure("\(path)/\(file)")
    }
    isFinished = true
  }

  /// Leaves nothing half written.
  deinit {
    for file in OutputFolder.names(in: staging) { unlink("\(staging)/\(file)") }
    rmdir(staging)
    if isNew && !isFinished { rmdir(path) }
  }

  private static func names(in folder: String) -> [String] {
    guard let directory = opendir(folder) else { return [] }
    defer { closedir(directory) }
    var names: [String] = []
    while let entry = readdir(directory) {
      let name = withUnsafePointer(to: &entry.pointee.d_name) { pointer in
        pointer.withMemoryRebound(to: CChar.self, capacity: 256) { String(cString: $0) }
      }
      if name != "." && name != ".." { names.append(name) }
    }
    return names
  }
}
