import JacquardCore

#if canImport(Glibc)
  import Glibc
#elseif canImport(Musl)
  import Musl
#else
  import Darwin
#endif

/// The first bytes of a file.
enum FileStart {
  /// Up to `count` bytes; none if the file cannot be read, which its reader then says better.
  static func read(_ path: String, _ count: Int) throws -> [UInt8] {
    // Without O_NONBLOCK a pipe that nobody writes to would keep us waiting.
    let descriptor = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK)
    if descriptor < 0 { return [] }
    defer { close(descriptor) }
    var status = stat()
    guard fstat(descriptor, &status) == 0, status.st_mode & S_IFMT == S_IFREG else { return [] }
    var bytes = [UInt8](repeating: 0, count: count)
    let found = bytes.withUnsafeMutableBytes { pread(descriptor, $0.baseAddress, count, 0) }
    return Array(bytes.prefix(max(0, found)))
  }
}

/// What the machine has.
enum Machine {
  /// Bytes that a program may still ask for without harm to others: the free memory, else all there is.
  static var availableMemory: Int {
    let all = sysconf(Int32(_SC_PHYS_PAGES)) * sysconf(Int32(_SC_PAGESIZE))
    return line("MemAvailable:", of: "/proc/meminfo") ?? all
  }

  /// The most bytes that this process ever had in memory.
  static var peakResidentBytes: Int {
    if let bytes = line("VmHWM:", of: "/proc/self/status") { return bytes }
    #if os(Linux)
      return 0
    #else
      var usage = rusage()
      return getrusage(RUSAGE_SELF, &usage) == 0 ? Int(usage.ru_maxrss) : 0
    #endif
  }

  /// The number of a line such as `VmHWM:   1234 kB`, in bytes.
  private static func line(_ key: String, of path: String) -> Int? {
    guard let file = fopen(path, "r") else { return nil }
    defer { fclose(file) }
    var buffer = [CChar](repeating: 0, count: 256)
    while fgets(&buffer, Int32(buffer.count), file) != nil {
      let text = String(decoding: buffer.prefix { $0 != 0 }.map { UInt8(bitPattern: $0) }, as: UTF8.self)
      guard text.hasPrefix(key) else { continue }
      return text.split(separator: " ").dropFirst().first.flatMap { Int($0) }.map { $0 * 1024 }
    }
    return nil
  }
}

/// Questions asked before long work, so that it is not done in vain.
enum OutputFile {
  /// - Throws: `Diagnostic` if a file of that name could not be written.
  static func check(_ path: String?) throws {
    guard let path else { return }
    if path.isEmpty { throw Diagnostic("the file name is empty") }
    var status = stat()
    if stat(path, &status) == 0 {
      if status.st_mode & S_IFMT == S_IFDIR { throw Diagnostic("cannot be written: it is a folder", place: path) }
      if access(path, W_OK) != 0 { throw failure(path) }
      return
    }
    let folder = path.lastIndex(of: "/").map { String(path[...$0]) } ?? "."
    if path.hasSuffix("/") { throw Diagnostic("cannot be written: it names a folder", place: path) }
    if stat(folder, &status) != 0 || access(folder, W_OK) != 0 { throw failure(path) }
    if status.st_mode & S_IFMT != S_IFDIR { throw Diagnostic("cannot be written: not in a folder", place: path) }
  }

  static func failure(_ path: String) -> Diagnostic {
    Diagnostic("cannot be written: \(String(cString: strerror(errno)))", place: path)
  }
}
