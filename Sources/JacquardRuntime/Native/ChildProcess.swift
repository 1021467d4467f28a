import Foundation

/// A program that this process started, and what it says.
///
/// Foundation's `Process` takes milliseconds and a thread for each; a compiler of 30 ms would feel it.
final class ChildProcess {
  private static let longestOutput = 1 << 16

  let program: String
  private let id: pid_t
  private let descriptor: Int32
  private(set) var output: [UInt8] = []
  /// Whether the program and all that it started have closed their outputs: it is about to end.
  private(set) var isSilent = false
  private var hasEnded = false

  /// Starts a program without a shell, in a process group of its own.
  ///
  /// - Parameter command: path and arguments.
  /// - Throws: `CompilerFailure` if it cannot be started.
  init(_ command: [String], environment: [String]) throws(CompilerFailure) {
    program = command[0]
    var ends: [Int32] = [-1, -1]
    if pipe(&ends) != 0 { throw ChildProcess.notStarted(command[0], errno) }
    defer { close(ends[1]) }
    for end in ends { _ = fcntl(end, F_SETFD, FD_CLOEXEC) }
    descriptor = ends[0]
    _ = fcntl(descriptor, F_SETFL, O_NONBLOCK)
    let (status, id) = ChildProcess.spawn(command, environment, output: ends[1])
    self.id = id
    if status != 0 {
      hasEnded = true
      throw ChildProcess.notStarted(command[0], status)
    }
  }

  deinit {
    stop()
    close(descriptor)
  }

  private static func notStarted(_ program: String, _ code: Int32) -> CompilerFailure {
    CompilerFailure(reason: .notStarted(String(cString: strerror(code))), program: program)
  }

  private static func spawn(
    _ command: [String], _ environment: [String], output: Int32
  ) -> (status: Int32, id: pid_t) {
    var actions = posix_spawn_file_actions_t()
    posix_spawn_file_actions_init(&actions)
    defer { posix_spawn_file_actions_destroy(&actions) }
    posix_spawn_file_actions_addopen(&actions, 0, "/dev/null", O_RDONLY, 0)
    posix_spawn_file_actions_adddup2(&actions, output, 1)
    posix_spawn_file_actions_adddup2(&actions, output, 2)
    var attributes = posix_spawnattr_t()
    posix_spawnattr_init(&attributes)
    defer { posix_spawnattr_destroy(&attributes) }
    setSignals(&attributes)
    var id = pid_t()
    let status = withCStrings(command) { arguments in
      withCStrings(environment) { variables in
        posix_spawn(&id, command[0], &actions, &attributes, arguments, variables)
      }
    }
    return (status, id)
  }

  /// The program gets the usual signals whatever this process does with its own.
  private static func setSignals(_ attributes: inout posix_spawnattr_t) {
    var none = sigset_t()
    sigemptyset(&none)
    var usual = sigset_t()
    sigemptyset(&usual)
    for signal in [SIGPIPE, SIGCHLD, SIGINT, SIGQUIT, SIGTERM, SIGXFSZ] { sigaddset(&usual, signal) }
    posix_spawnattr_setsigmask(&attributes, &none)
    posix_spawnattr_setsigdefault(&attributes, &usual)
    posix_spawnattr_setpgroup(&attributes, 0)
    let flags = Int(POSIX_SPAWN_SETSIGMASK) | Int(POSIX_SPAWN_SETSIGDEF) | Int(POSIX_SPAWN_SETPGROUP)
    posix_spawnattr_setflags(&attributes, Int16(flags))
  }

  private static func withCStrings(
    _ texts: [String], _ body: ([UnsafeMutablePointer<CChar>?]) -> Int32
  ) -> Int32 {
    let copies = texts.map { strdup($0) }
    defer { for copy in copies { free(copy) } }
    return body(copies + [nil])
  }
}

// MARK: - Waiting

extension ChildProcess {
  /// Waits until one of some programs says something or has ended, at most the milliseconds given.
  static func wait(for children: [ChildProcess], milliseconds: Int32) {
    if children.contains(where: \.isSilent) {
      usleep(200)
      return
    }
    var entries = children.map { pollfd(fd: $0.descriptor, events: Int16(POLLIN), revents: 0) }
    poll(&entries, nfds_t(entries.count), milliseconds)
  }

  /// Reads what there is to read, of which the first 64 KiB are kept.
  func drain() {
    var part = [UInt8](repeating: 0, count: 4096)
    while !isSilent {
      let count = read(descriptor, &part, part.count)
      if count == 0 { isSilent = true }
      if count < 0 && errno == EINTR { continue }
      if count <= 0 { return }
      output += part.prefix(min(count, Self.longestOutput - output.count))
    }
  }

  /// How the program ended; nil while it runs.
  ///
  /// Where the process has its children reaped by the system nobody learns it; what was made must then tell.
  func ending() -> Result<Void, CompilerFailure>? {
    var status: Int32 = 0
    var answer = waitpid(id, &status, WNOHANG)
    while answer < 0 && errno == EINTR { answer = waitpid(id, &status, WNOHANG) }
    if answer == 0 { return nil }
    hasEnded = true
    drain()
    if answer < 0 || status == 0 { return .success(()) }
    let signal = status & 0x7F
    return .failure(failure(signal == 0 ? .status((status >> 8) & 0xFF) : .signal(signal)))
  }

  func failure(_ reason: CompilerFailure.Reason) -> CompilerFailure {
    CompilerFailure(reason: reason, program: program, output: String(decoding: output, as: UTF8.self))
  }

  /// Ends the program and all that it started.
  func stop() {
    if hasEnded { return }
    hasEnded = true
    kill(-id, SIGKILL)
    var status: Int32 = 0
    while waitpid(id, &status, 0) < 0 && errno == EINTR {}
  }
}
