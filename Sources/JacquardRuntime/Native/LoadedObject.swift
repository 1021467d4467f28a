import Foundation
import Synchronization

/// Machine code in this process.
final class LoadedObject {
  private static let loads = Atomic<UInt32>(0)

  private let handle: UnsafeMutableRawPointer

  /// Loads a shared object from memory, so that the bytes that were verified are the bytes that are loaded, also where
  /// the cache's disk is mounted `noexec`.
  ///
  /// - Parameter name: what to call it in the process's memory map.
  /// - Throws: `CompilerFailure` with the loader's reason.
  init(_ bytes: [UInt8], name: String, compiler: CCompiler) throws(CompilerFailure) {
    let file = LoadedObject.anonymousFile(name)
    defer { if file >= 0 { close(file) } }
    guard file >= 0, writeAll(bytes, to: file) else {
      throw CompilerFailure(reason: .notLoadable(String(cString: strerror(errno))), program: compiler.path)
    }
    guard let handle = dlopen(LoadedObject.path(file), RTLD_NOW | RTLD_LOCAL) else {
      let reason = dlerror().map { String(cString: $0) } ?? "no reason given"
      throw CompilerFailure(reason: .notLoadable(reason), program: compiler.path)
    }
    self.handle = handle
  }

  deinit { dlclose(handle) }

  func symbol(_ name: String) -> UnsafeMutableRawPointer? { dlsym(handle, name) }

  /// `memfd_create`, which the module of the C library hides; nil on systems that have no such files.
  private static let memfd: (@convention(c) (UnsafePointer<CChar>, UInt32) -> Int32)? = {
    dlsym(nil, "memfd_create").map {
      unsafeBitCast($0, to: (@convention(c) (UnsafePointer<CChar>, UInt32) -> Int32).self)
    }
  }()
  private static let closeOnExec: UInt32 = 1

  /// A file that has no name in any folder.
  private static func anonymousFile(_ name: String) -> Int32 {
    if let memfd {
      let file = memfd("jacquard-\(name.prefix(16))", closeOnExec)
      if file >= 0 { return file }
    }
    guard let work = try? WorkFolder(in: WorkFolder.temporaryParent) else { return -1 }
    return open("\(work.path)/object", O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC, 0o600)
  }

  /// A path of a descriptor that no other load has.
  ///
  /// The loader takes an object of the same path for the same object, and the system gives out descriptors again.
  private static func path(_ file: Int32) -> String {
    let number = loads.add(1, ordering: .relaxed).newValue
    let unique = (0..<32).map { number >> $0 & 1 == 0 ? "//" : "/." }.joined()
    return "/proc/self/fd\(unique)/\(file)"
  }
}
