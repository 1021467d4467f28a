import Foundation

/// Where a command prints: the terminal, or texts that a test looks at.
struct Output: Sendable {
  /// Writes a text that ends with its line.
  let write: @Sendable (_ text: String, _ isError: Bool) -> Void

  /// Standard output and standard error.
  static let standard = Output { text, isError in
    let handle = isError ? FileHandle.standardError : FileHandle.standardOutput
    try? handle.write(contentsOf: Data(text.utf8))
  }

  /// Prints a result.
  func print(_ text: String) { write(text + "\n", false) }
  /// Prints a line beside the result.
  func note(_ text: String) { write("note: \(text)\n", true) }
  /// Prints why a command failed.
  func error(_ text: String) { write(text.hasSuffix("\n") ? text : text + "\n", true) }
}
