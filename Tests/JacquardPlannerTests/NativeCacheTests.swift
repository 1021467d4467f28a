import Foundation
import JacquardCore
import Testing

@testable import JacquardRuntime

/// Folders that cannot be a cache, and the tidying of those that can.
struct NativeCacheTests {
  /// Each is refused with a note, and the code runs all the same.
  @Test(arguments: [
    ("others write", "others may write to it"), ("others write to the sub-folder", "others may write to it"),
    ("link", "it is a symbolic link"), ("link to the sub-folder", "it is a symbolic link"),
    ("file", "Not a directory"), ("nowhere", "No such file or directory"), ("vanished", "No such file or directory"),
    ("foreign", "it belongs to another user"), ("read-only", "Permission denied"), ("full", "No space left on device"),
    ("no home", "neither JACQUARD_CACHE nor HOME names a folder"),
  ])
  func fallsBack(_ kind: String, _ reason: String) throws {
    // The superuser may write everywhere, and nobody else may give folders away.
    if kind == (geteuid() == 0 ? "read-only" : "foreign") { return }
    let trial = try NativeTrial()
    let cache = try prepare(kind, trial)
    let compiler = kind == "full" ? try fullDisk(trial) : trial.compiler
    let units = [NativeTrial.unit("a", 1), NativeTrial.unit("b", 2)]
    for _ in 0..<2 {
      let library = try NativeLibrary.load(units: units, compiler: compiler, cache: cache)
      #expect(NativeTrial.call(library, "a") == 1 && NativeTrial.call(library, "b") == 2)
      #expect(library.unitsCompiled == 2)
      let note = try #require(library.note)
      #expect(note.hasPrefix("nothing is cached: ") && note.contains(reason) && !note.contains("\n"))
    }
    chmod(trial.entriesPath, 0o700)
    #expect(trial.names.isEmpty)
  }

  private func prepare(_ kind: String, _ trial: NativeTrial) throws -> NativeCache {
    let (path, entries) = (trial.cachePath, trial.entriesPath)
    switch kind {
    case "others write", "foreign", "others write to the sub-folder", "read-only":
      mkdir(path, 0o700)
      mkdir(entries, 0o700)
    case "link":
      mkdir("\(trial.folder)/real", 0o700)
      symlink("real", path)
    case "link to the sub-folder":
      mkdir(path, 0o700)
      mkdir("\(path)/real", 0o700)
      symlink("real", entries)
    case "file": try Data().write(to: URL(fileURLWithPath: path))
    case "nowhere": return NativeCache(in: "/proc/jacquard")
    case "no home": return NativeCache.standard(environment: ["JACQUARD_CACHE": "", "XDG_CACHE_HOME": "relative"])
    default: break
    }
    switch kind {
    case "others write": chmod(path, 0o777)
    case "others write to the sub-folder": chmod(entries, 0o720)
    case "read-only": chmod(entries, 0o500)
    case "foreign": chown(entries, 1, 1)
    default: break
    }
    let cache = trial.cache
    if kind == "vanished" { try FileManager.default.removeItem(atPath: path) }
    return cache
  }

  /// A compiler that finds the cache's disk full.
  private func fullDisk(_ trial: NativeTrial) throws -> CCompiler {
    let complaint = "printf half > $OUT; echo write: No space left on device >&2; exit 1"
    return try trial.script("case $TMPDIR in '\(trial.cachePath)'*) \(complaint);; esac\nexec $REAL \"$@\"")
  }

  /// Where the user's cache is, by the environment.
  @Test func standardPlace() throws {
    let trial = try NativeTrial()
    let folder = trial.folder
    let rows: [(environment: [String: String], path: String)] = [
      (["JACQUARD_CACHE": "\(folder)/a/b", "HOME": "/root", "XDG_CACHE_HOME": "\(folder)/x"], "a/b/native"),
      (["HOME": "\(folder)/h", "XDG_CACHE_HOME": "\(folder)/x"], "x/jacquard/native"),
      (["HOME": "\(folder)/h", "XDG_CACHE_HOME": "x"], "h/.cache/jacquard/native"),
      (["HOME": "\(folder)/h"], "h/.cache/jacquard/native"),
    ]
    for row in rows {
      let cache = NativeCache.standard(environment: row.environment)
      var status = stat()
      stat(cache.path, &status)
      #expect(cache.path == "\(folder)/\(row.path)" && cache.refusal == nil && status.st_mode & 0o7777 == 0o700)
    }
  }

  /// What killed processes left goes after an hour.
  @Test func staleWork() throws {
    let trial = try NativeTrial()
    _ = try trial.load([NativeTrial.unit("value", 1)])
    let left = "\(trial.entriesPath)/\(WorkFolder.prefix)abcdef"
    mkdir(left, 0o700)
    for name in ["0.c", "0.o"] { try Data([1]).write(to: URL(fileURLWithPath: "\(left)/\(name)")) }
    let now = time(nil)
    var seen: [Bool] = []
    for later in [0, 3500, 3700] {
      trial.cache.tidy(now: now + later)
      seen.append(access(left, F_OK) == 0)
    }
    #expect(seen == [true, true, false] && trial.entries.count == 1)
  }

  /// What was used longest ago goes first.
  @Test func limit() throws {
    let trial = try NativeTrial()
    let units = (0..<4).map { NativeTrial.unit("value", $0) }
    var ages: [String: Int] = [:]
    for (index, unit) in units.enumerated() {
      _ = try trial.load([unit])
      for name in trial.entries where ages[name] == nil { ages[name] = index }
    }
    for (name, index) in ages {
      let date = Date(timeIntervalSinceNow: Double(index - 100))
      try FileManager.default.setAttributes([.modificationDate: date], ofItemAtPath: "\(trial.entriesPath)/\(name)")
    }
    _ = try trial.load([units[0]])
    let size = try FileManager.default.attributesOfItem(atPath: "\(trial.entriesPath)/\(trial.entries[0])")[.size]
    NativeCache(in: trial.cachePath, limit: 2 * ((size as? Int) ?? 0)).tidy()
    #expect(Set(trial.entries.compactMap { ages[$0] }) == [0, 3])
  }
}
