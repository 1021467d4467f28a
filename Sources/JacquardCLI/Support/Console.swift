import JacquardCore

#if canImport(Glibc)
  @preconcurrency import Glibc
#elseif canImport(Musl)
  @preconcurrency import Musl
#else
  import Darwin
#endif

/// Where a command prints: the terminal, or texts that a test looks at.
public final class Console {
  private let write: (String, _ isError: Bool) -> Void
  private var hasNoted = false

  /// A console whose texts, with their line ends, go to `write`.
  public init(_ write: @escaping (_ text: String, _ isError: Bool) -> Void) { self.write = write }

  /// Standard output and standard error.
  static var standard: Console {
    Console { text, isError in fputs(text, isError ? stderr : stdout) }
  }

  /// Prints a result.
  func print(_ text: String) { write(text.hasSuffix("\n") ? text : text + "\n", false) }

  /// Prints one line beside the result, on standard error.
  func note(_ text: String) { write("note: \(text)\n", true) }

  /// Prints why a command failed.
  func error(_ text: String) { write(text.hasSuffix("\n") ? text : text + "\n", true) }

  /// Says once, in a debug build, that what runs now is slow.
  func noteUnoptimisedRuntime() {
    #if DEBUG
      if hasNoted { return }
      hasNoted = true
      note("this is a debug build, its runtime is unoptimised; build with -c release")
    #endif
  }

  /// Sees to it that standard output has arrived. - Returns: the status to exit with.
  func finish(_ status: Int32) -> Int32 {
    if fflush(stdout) == 0 && ferror(stdout) == 0 { return status }
    error("error: standard output: cannot be written: \(String(cString: strerror(errno)))")
    return status == 0 ? ExitStatus.wrongInput.rawValue : status
  }
}

/// How the program ends.
public enum ExitStatus: Int32, Sendable {
  /// Everything asked for was done.
  case done = 0
  /// Anything else: a mistake of Jacquard itself.
  case failed = 1
  /// The user's graph, file or input is wrong.
  case wrongInput = 2
  /// Wrong usage, or a feature that this version does not have.
  case wrongUsage = 64
  /// Ctrl-C ended a training, which left a checkpoint.
  case interrupted = 130

  init(_ kind: Diagnostic.Kind) {
    switch kind {
    case .invalid, .runtime: self = .wrongInput
    case .unsupported: self = .wrongUsage
    case .internalError: self = .failed
    }
  }
}
