import Foundation

/// Why a compiler, or another program, did not do its work.
struct CompilerFailure: Error {
  enum Reason: Equatable {
    case status(Int32)
    case signal(Int32)
    case timeLimit(Double)
    case notStarted(String)
    /// It ended well and made no file.
    case noResult
    /// What it made cannot be loaded.
    case notLoadable(String)
    /// The folder takes no files.
    case folder(String)
  }

  var reason: Reason
  var program: String
  /// All that the program said.
  var output: String = ""

  /// Whether the program was at fault, or what it was given or told to do; else trying otherwise is of no use.
  var isRefusal: Bool {
    switch reason {
    case .status, .signal, .noResult, .notLoadable: true
    case .timeLimit, .notStarted, .folder: false
    }
  }

  /// What was wrong with the folder, so that another may do; nil if it was not the folder.
  var folderComplaint: String? {
    if case .folder(let complaint) = reason { return complaint }
    return ["No space left on device", "Disk quota exceeded"].first { output.contains($0) }
  }

  /// One line.
  var summary: String {
    switch reason {
    case .status(let status): "\(program), exit status \(status)"
    case .signal(let signal): "\(program) was ended by signal \(signal)"
    case .timeLimit(let seconds): "\(program) was stopped after \(String(format: "%g", seconds)) s"
    case .notStarted(let why): "\(program) cannot be run: \(why)"
    case .noResult: "\(program) made no file"
    case .notLoadable(let why): "\(program) made what cannot be loaded: \(why)"
    case .folder(let why): "no folder to work in: \(why)"
    }
  }
}
