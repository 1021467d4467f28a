import Foundation
import JacquardCore

/// C functions that were compiled for this machine and loaded into this process.
///
/// The functions are there as long as the library is: whoever keeps a symbol keeps the library.
public final class NativeLibrary: @unchecked Sendable {
  /// Wall seconds that compiling took; 0 if every unit was found.
  public let compileSeconds: Double
  /// Units that were compiled now; equal ones count once.
  public let unitsCompiled: Int
  /// Units that the cache had; equal ones count once.
  public let unitsFound: Int
  /// Why nothing was kept for the next time, in one line; nil if all is kept.
  public let note: String?

  /// Never changed; `dlsym` may be called by any thread.
  private let objects: [LoadedObject]

  init(_ objects: [LoadedObject], compiled: Int, seconds: Double, note: String?) {
    self.objects = objects
    unitsCompiled = compiled
    unitsFound = objects.count - compiled
    compileSeconds = seconds
    self.note = note
  }

  /// Compiles C texts, several at once, or finds them in the cache, and loads them.
  ///
  /// Each unit is compiled and kept by itself, so that plans that share units share their code. A unit is whole: it
  /// includes no header, and what it calls outside itself are functions of the C library or libm. Units do not see each
  /// other's functions.
  ///
  /// - Parameters:
  ///   - units: C99 texts; the functions to be found have external linkage.
  ///   - compiler: default what `CCompiler.find` finds.
  ///   - cache: default `NativeCache.standard`. One that cannot be used is an entry in `note`, not an error.
  /// - Throws: `Diagnostic` in one line if there is no compiler or a unit does not compile, which then has in `details` all
  ///   that the compiler said; the unit at index i is called `i.c` there.
  public static func load(
    units: [String], compiler: CCompiler? = nil, cache: NativeCache? = nil
  ) throws(Diagnostic) -> NativeLibrary {
    let compiler = if let compiler { compiler } else { try CCompiler.find() }
    var build = NativeBuild(units, compiler, cache ?? .standard())
    return try build.library()
  }

  /// Where a function or variable of a unit is; nil if no unit has one of the name.
  ///
  /// To be called through `unsafeBitCast` to a type that is `@convention(c)`.
  public func symbol(_ name: String) -> UnsafeMutableRawPointer? {
    for object in objects {
      if let place = object.symbol(name) { return place }
    }
    return nil
  }
}
