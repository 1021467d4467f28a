import Foundation
import JacquardCore

@testable import JacquardRuntime

/// A cache of its own, and compilers that do what real ones do only on a bad day.
final class NativeTrial: Sendable {
  let folder: String
  let compiler: CCompiler
  var cachePath: String { "\(folder)/cache" }
  var entriesPath: String { "\(cachePath)/native" }

  init() throws {
    folder = FileManager.default.temporaryDirectory.appendingPathComponent("jacquard-\(UUID().uuidString)").path
    try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true)
    compiler = try CCompiler.find()
  }

  deinit { try? FileManager.default.removeItem(atPath: folder) }

  var cache: NativeCache { NativeCache(in: cachePath) }

  /// Names of all that is in the cache.
  var names: [String] { (try? FileManager.default.contentsOfDirectory(atPath: entriesPath).sorted()) ?? [] }
  var entries: [String] { names.filter { $0.hasSuffix(".so") } }

  /// A unit with one function that gives a number.
  static func unit(_ name: String, _ value: Int) -> String { "long \(name)(void) { return \(value); }\n" }

  /// What a function of no arguments gives; nil if there is none of the name.
  static func call(_ library: NativeLibrary, _ name: String) -> Int? {
    library.symbol(name).map { unsafeBitCast($0, to: (@convention(c) () -> Int).self)() }
  }

  func load(_ units: [String], _ compiler: CCompiler? = nil) throws -> NativeLibrary {
    try NativeLibrary.load(units: units, compiler: compiler ?? self.compiler, cache: cache)
  }

  /// A shell script in the place of a compiler; in it `$REAL` is a real one and `$OUT` the file to be made.
  ///
  /// The shell is the program: a file just written may be busy while another thread starts a process.
  func script(_ lines: String, timeLimit: Double = 60) throws -> CCompiler {
    let path = "\(folder)/cc-\(UUID().uuidString)"
    let start = "REAL='\(compiler.path)'\nfor OUT; do :; done\n"
    try Data("\(start)\(lines)\n".utf8).write(to: URL(fileURLWithPath: path))
    return try CCompiler(path: "/bin/sh", arguments: [path], timeLimit: timeLimit)
  }

  /// The diagnostic of a load that fails.
  func failure(_ units: [String], _ compiler: CCompiler) -> Diagnostic? {
    do {
      _ = try load(units, compiler)
      return nil
    } catch {
      return error as? Diagnostic
    }
  }

  /// Changes an entry as a careless program might.
  func alter(_ name: String, _ change: (inout Data) -> Void) throws {
    let url = URL(fileURLWithPath: "\(entriesPath)/\(name)")
    var data = try Data(contentsOf: url)
    change(&data)
    try data.write(to: url)
  }
}
