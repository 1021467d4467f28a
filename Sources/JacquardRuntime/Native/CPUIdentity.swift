import Foundation

/// What kind of CPU this is: code that was compiled for one may trap on another.
enum CPUIdentity {
  /// Kind and features of the first processor, as Linux reports them.
  static let current = describe(firstRecord())

  /// What of a record of `/proc/cpuinfo` stays the same from start to start.
  static func describe(_ record: String) -> String {
    let lines = record.split(separator: "\n").filter { line in
      let name = line.prefix { $0 != ":" }.trimmingCharacters(in: .whitespaces)
      return lasting.contains(name)
    }
    return lines.joined(separator: "\n")
  }

  /// Names of fields on x86, ARM, RISC-V and POWER.
  private static let lasting: Set<String> = [
    "vendor_id", "cpu family", "model", "model name", "stepping", "flags", "Features", "CPU implementer",
    "CPU architecture", "CPU variant", "CPU part", "CPU revision", "isa", "uarch", "cpu",
  ]

  /// Only the first record is read: the kernel makes one a core, which takes long where there are many.
  private static func firstRecord() -> String {
    let file = open("/proc/cpuinfo", O_RDONLY | O_CLOEXEC)
    if file < 0 { return "" }
    defer { close(file) }
    var text: [UInt8] = []
    var part = [UInt8](repeating: 0, count: 8192)
    while text.count < 1 << 16 {
      let count = read(file, &part, part.count)
      if count <= 0 { break }
      text += part.prefix(count)
      if let end = String(decoding: text, as: UTF8.self).range(of: "\n\n") {
        return String(String(decoding: text, as: UTF8.self)[..<end.lowerBound])
      }
    }
    return String(decoding: text, as: UTF8.self)
  }
}
