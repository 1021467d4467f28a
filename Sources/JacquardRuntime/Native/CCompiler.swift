import Foundation
import JacquardCore
import JacquardFiles

/// A C compiler of this machine: gcc, clang, or what takes their options.
public struct CCompiler: Sendable {
  /// Where the program is. What it is called by may decide what it does, so symbolic links are kept.
  public let path: String
  /// Options that stand before all others, such as the compiler behind `ccache`.
  public let arguments: [String]
  /// Most seconds that one unit may take; then the compiler is killed.
  public var timeLimit: Double
  /// The program's path, size and time of modification: with another compiler cached code is made anew.
  ///
  /// Not what `--version` says, which would cost a process at every start.
  public let identity: String

  /// - Throws: `Diagnostic` if the path is no program.
  public init(path: String, arguments: [String] = [], timeLimit: Double = 60) throws(Diagnostic) {
    let program = path.hasPrefix("/") ? path : "\(FileManager.default.currentDirectoryPath)/\(path)"
    guard let identity = Program.identity(program) else {
      throw Diagnostic("the C compiler is no program that can be run", kind: .unsupported, place: path)
    }
    self.path = program
    self.arguments = arguments
    self.timeLimit = timeLimit
    self.identity = identity
  }

  /// The compiler that this machine has: `$CC`, else the Swift toolchain's clang, else `clang`, `cc` or `gcc` in `$PATH`.
  ///
  /// `$CC` may have arguments after the program, as `make` knows it (`ccache gcc`).
  ///
  /// - Parameter environment: default the process's own.
  /// - Throws: `Diagnostic` if there is none, or if `$CC` names no program.
  public static func find(
    environment: [String: String] = ProcessInfo.processInfo.environment
  ) throws(Diagnostic) -> CCompiler {
    let search = ProgramSearch(environment)
    if let wish = environment["CC"], wish.contains(where: { !$0.isWhitespace }) {
      return try named(wish, search)
    }
    let beside = search.find("swift") ?? search.find("swiftc")
    let toolchain = beside.flatMap { Program.besideResolved($0, "clang") }
    guard let path = toolchain ?? search.find("clang") ?? search.find("cc") ?? search.find("gcc") else {
      throw Diagnostic(
        "no C compiler: neither CC nor the Swift toolchain nor PATH names clang, cc or gcc", kind: .unsupported)
    }
    return try CCompiler(path: path)
  }

  private static func named(_ wish: String, _ search: ProgramSearch) throws(Diagnostic) -> CCompiler {
    if let path = search.find(wish) { return try CCompiler(path: path) }
    let words = wish.split(whereSeparator: \.isWhitespace).map(String.init)
    guard let path = search.find(words[0]) else {
      throw Diagnostic("CC names no program that can be run: \(quoted(words[0]))", kind: .unsupported)
    }
    return try CCompiler(path: path, arguments: Array(words.dropFirst()))
  }
}

/// Looks for programs where a shell would.
struct ProgramSearch {
  private let folders: [String]

  init(_ environment: [String: String]) {
    folders = (environment["PATH"] ?? "").split(separator: ":").map(String.init).filter { $0.hasPrefix("/") }
  }

  /// The first program of a name in `$PATH`; a name with a slash is a path itself.
  func find(_ name: String) -> String? {
    if name.contains("/") { return Program.isRunnable(name) ? name : nil }
    return folders.lazy.map { "\($0)/\(name)" }.first { Program.isRunnable($0) }
  }
}

/// Programs as files.
enum Program {
  static func isRunnable(_ path: String) -> Bool {
    var status = stat()
    return stat(path, &status) == 0 && status.st_mode & S_IFMT == S_IFREG && access(path, X_OK) == 0
  }

  /// A program in the folder in which a link's target lies.
  static func besideResolved(_ path: String, _ name: String) -> String? {
    guard let target = resolved(path), let slash = target.lastIndex(of: "/") else { return nil }
    let beside = "\(target[...slash])\(name)"
    return isRunnable(beside) ? beside : nil
  }

  /// What tells a program from an older or newer one; nil if it cannot be run.
  static func identity(_ path: String) -> String? {
    var status = stat()
    guard isRunnable(path), stat(path, &status) == 0, let target = resolved(path) else { return nil }
    let time = status.st_mtim
    return "\(path) \(target) \(status.st_size) \(time.tv_sec).\(time.tv_nsec)"
  }

  private static func resolved(_ path: String) -> String? {
    guard let target = realpath(path, nil) else { return nil }
    defer { free(target) }
    return String(cString: target)
  }
}
