import Foundation
import JacquardCore
import Synchronization

/// One way of making a shared object from a unit: which options, and who links.
struct CompilerRecipe: Equatable {
  /// Whether the code may use everything that this CPU has.
  let isNative: Bool
  /// The linker that is called itself, which spares a run of the compiler's driver (9 of clang's 41 ms); nil if the
  /// compiler links.
  let linker: String?

  /// What holds for every compiler. The arithmetic is the source's to the bit: nothing is contracted, nothing is
  /// re-ordered, and one buffer may hold values of several types. The source is
  /// written in vectors, so that `-O2` is enough; unrolling its loops would only cost the compiler time.
  private static let options = [
    "-x", "c", "-std=gnu99", "-O2", "-fPIC", "-fno-semantic-interposition", "-ffp-contract=off", "-fno-math-errno",
    "-fno-trapping-math", "-fno-strict-aliasing", "-fwrapv", "-fno-unroll-loops", "-w",
  ]
  /// For this CPU, with vectors as wide as the source's.
  private static let native: [String] = {
    #if arch(x86_64)
      ["-march=native", "-mprefer-vector-width=512"]
    #else
      ["-march=native"]
    #endif
  }()
  /// A unit's own functions are meant where it calls them, also if the process has others of the name.
  private static let own = "-Bsymbolic"

  private var compilation: [String] { Self.options + (isNative ? Self.native : []) }

  private var linking: [String] {
    if let linker { return [linker, "-shared", Self.own] }
    return ["-shared", "-nostdlib", "-Wl,\(Self.own)"]
  }

  /// All options and the linker: they decide what comes out.
  var identity: [String] { compilation + linking }

  /// The commands that make `stem.so` from `stem.c`.
  ///
  /// Symbols of the C library and of libm stay undefined; the process has them.
  func commands(_ compiler: CCompiler, _ stem: String) -> [[String]] {
    let start = [compiler.path] + compiler.arguments + compilation
    if linker == nil { return [start + linking + ["\(stem).c", "-o", "\(stem).so"]] }
    return [start + ["-c", "\(stem).c", "-o", "\(stem).o"], linking + ["\(stem).o", "-o", "\(stem).so"]]
  }

  /// The recipes from best to last resort; a compiler gets the first that it takes.
  static func all(_ environment: [String: String] = ProcessInfo.processInfo.environment) -> [CompilerRecipe] {
    let search = ProgramSearch(environment)
    let linker = search.find("ld.bfd") ?? search.find("ld")
    let linkers = linker.map { [$0, nil] } ?? [nil]
    return [true, false].flatMap { isNative in
      linkers.map { CompilerRecipe(isNative: isNative, linker: $0) }
    }
  }
}

/// Which recipe each compiler was seen to take, so that a process asks once.
enum KnownRecipes {
  private static let known = Mutex<[String: CompilerRecipe]>([:])

  static func recipe(_ compiler: CCompiler) -> CompilerRecipe? { known.withLock { $0[compiler.key] } }

  static func remember(_ recipe: CompilerRecipe, _ compiler: CCompiler) {
    known.withLock { $0[compiler.key] = recipe }
  }
}

extension CCompiler {
  /// The compiler and how it is called.
  var key: String { ([identity] + arguments).joined(separator: "\0") }
}
