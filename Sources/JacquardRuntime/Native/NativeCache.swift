import Foundation
import JacquardCore
import JacquardFiles

/// A private folder of compiled units and of measured tiles, kept from run to run.
///
/// A unit's entry is a shared object with a SHA-256 of itself behind it, so that one that was altered or cut is noticed; the
/// loader reads no further than the object. Entries appear by renaming: many processes may use one folder. A folder that
/// is a link, belongs to another user or may be written to by others is not used at all.
public struct NativeCache: Sendable {
  /// Where the entries are, or would be.
  public let path: String
  /// Most bytes that entries may take together; those whose last use is longest ago go first.
  public let limit: Int
  /// Why the folder is not used; nil if it is.
  public let refusal: String?
  let folder: FolderHandle?

  /// The cache in the sub-folder `native` of a folder, both made with mode 0700 where missing.
  ///
  /// What stands in the way of using it is no error: `refusal` says so.
  public init(in base: String, limit: Int = 512 << 20) {
    let absolute = base.hasPrefix("/") ? base : "\(FileManager.default.currentDirectoryPath)/\(base)"
    path = "\(absolute)/native"
    self.limit = limit
    do throws(Diagnostic) {
      NativeCache.makeFolders(absolute)
      _ = try FolderHandle(private: absolute)
      mkdir(path, 0o700)
      folder = try FolderHandle(private: path)
      refusal = nil
    } catch {
      folder = nil
      refusal = "\(error.place ?? path) is not used: \(error.message)"
    }
  }

  private init(refusal: String) {
    path = ""
    limit = 0
    self.refusal = refusal
    folder = nil
  }

  /// The user's cache: `$JACQUARD_CACHE`, else `$XDG_CACHE_HOME/jacquard`, else `~/.cache/jacquard`.
  public static func standard(
    environment: [String: String] = ProcessInfo.processInfo.environment
  ) -> NativeCache {
    if let own = environment["JACQUARD_CACHE"], !own.isEmpty { return NativeCache(in: own) }
    // The XDG base directory specification ignores relative paths.
    if let shared = environment["XDG_CACHE_HOME"], shared.hasPrefix("/") {
      return NativeCache(in: "\(shared)/jacquard")
    }
    guard let home = environment["HOME"], home.hasPrefix("/") else {
      return NativeCache(refusal: "neither JACQUARD_CACHE nor HOME names a folder")
    }
    return NativeCache(in: "\(home)/.cache/jacquard")
  }

  private static func makeFolders(_ path: String) {
    for (index, character) in zip(path.indices, path).dropFirst() where character == "/" {
      mkdir(String(path[..<index]), 0o700)
    }
    mkdir(path, 0o700)
  }
}

// MARK: - Entries

extension NativeCache {
  private static let digestSize = 32

  /// Names what comes out of a source text, a way of compiling and a CPU.
  static func key(_ source: String, _ compiler: CCompiler, _ recipe: CompilerRecipe) -> String {
    var hash = SHA256()
    for part in ["jacquard.native 1", compiler.key, CPUIdentity.current] + recipe.identity + [source] {
      hash.update(Array("\(part.utf8.count):\(part)".utf8))
    }
    return hash.hexDigest()
  }

  /// The object of a key; nil if there is none. One that is not as it was written is removed.
  func object(_ key: String) -> [UInt8]? {
    guard let bytes = folder?.read("\(key).so", isUsed: true) else { return nil }
    let object = Array(bytes.dropLast(Self.digestSize))
    if bytes.count > Self.digestSize && Array(bytes.suffix(Self.digestSize)) == Self.digest(key, object) {
      return object
    }
    folder?.remove("\(key).so")
    return nil
  }

  /// Keeps an object under its key. - Throws: `Diagnostic` if the folder takes no more.
  func keep(_ object: [UInt8], _ key: String) throws(Diagnostic) {
    try write(object + Self.digest(key, object), as: "\(key).so")
  }

  /// Not synced to the disk, which takes longer than compiling: what a power cut leaves is noticed by its digest.
  func write(_ bytes: [UInt8], as name: String) throws(Diagnostic) {
    guard let folder else { return }
    let work = try WorkFolder(in: folder.path)
    try work.handle.create("new", bytes)
    if !work.handle.move("new", to: folder, as: name) {
      throw Diagnostic(String(cString: strerror(errno)), place: folder.path)
    }
  }

  private static func digest(_ key: String, _ object: [UInt8]) -> [UInt8] {
    var hash = SHA256()
    hash.update(Array(key.utf8))
    hash.update(object)
    return hash.digest()
  }
}

// MARK: - Recipes

extension NativeCache {
  /// The identity of the recipe that a compiler was seen to need; nil if the usual one does.
  func recipe(_ compiler: CCompiler) -> [String]? {
    guard let bytes = folder?.read(Self.recipeName(compiler), limit: 1 << 16) else { return nil }
    return String(decoding: bytes, as: UTF8.self).components(separatedBy: "\n")
  }

  /// Keeps the recipe of a compiler; where that fails it is found again.
  func keep(_ recipe: CompilerRecipe, _ compiler: CCompiler) {
    try? write(Array(recipe.identity.joined(separator: "\n").utf8), as: Self.recipeName(compiler))
  }

  private static func recipeName(_ compiler: CCompiler) -> String {
    "recipe-\(SHA256.hex(of: Array("\(compiler.key)\0\(CPUIdentity.current)".utf8)))"
  }
}

// MARK: - Tidying

extension NativeCache {
  /// Seconds after which a work folder is what a process left that was killed.
  private static let staleAge = 3600

  /// Removes what killed processes left, and the entries used longest ago while there are too many.
  func tidy(now: Int = time(nil)) {
    guard let folder else { return }
    let items = folder.items()
    for item in items where item.name.hasPrefix(WorkFolder.prefix) && item.modified < now - Self.staleAge {
      if let left = try? FolderHandle(private: "\(folder.path)/\(item.name)") { WorkFolder.remove(left) }
    }
    let kept = items.filter { $0.name.hasSuffix(".so") || $0.name.hasSuffix(Self.tilesSuffix) }
    let entries = kept.sorted { $0.modified < $1.modified }
    var total = entries.reduce(0) { $0 + $1.size }
    for entry in entries where total > limit {
      folder.remove(entry.name)
      total -= entry.size
    }
  }
}
