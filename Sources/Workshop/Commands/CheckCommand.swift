import ArgumentParser
import Foundation
import Jacquard

/// `workshop check`
struct CheckCommand: CourseCommand {
  static let configuration = CommandConfiguration(
    commandName: "check", abstract: "Says which formulas of a filled-in package are wrong, and how.",
    discussion: "The exit status is 1 if a formula is wrong or missing, 2 if the package cannot be built.")

  @Argument(help: ArgumentHelp("A package that 'workshop new' made.", valueName: "folder"))
  var folder: String

  func run(_ output: Output) throws -> Int32 {
    let formulas = try Template.ofPackage(folder).formulas()
    let found = try PackageValues(folder)
    var isRight = true
    for formula in formulas {
      let fault = formula.fault(found[formula.name])
      output.print("\(formula.name): \(fault ?? "right")")
      isRight = isRight && fault == nil
    }
    return isRight ? 0 : 1
  }
}

/// What the formulas of a package give, by name.
private struct PackageValues {
  private var values: [String: Values] = [:]

  subscript(name: String) -> Values? { values[name] }

  /// Builds the package and runs it.
  ///
  /// - Throws: `Diagnostic` with the compiler's message, or if the program does not end well.
  init(_ folder: String) throws {
    let build = try PackageValues.run("swift", ["build", "--package-path", folder])
    if build.status != 0 { throw Diagnostic("'\(folder)' does not build:\n\(build.text)") }
    let place = try PackageValues.run("swift", ["build", "--package-path", folder, "--show-bin-path"])
    let program = place.text.trimmingCharacters(in: .whitespacesAndNewlines) + "/Backward"
    let run = try PackageValues.run(program, ["--values"])
    if run.status != 0 { throw Diagnostic("the program of '\(folder)' ended with status \(run.status)") }
    for line in run.text.split(separator: "\n") {
      let words = line.split(separator: " ")
      let numbers = words.dropFirst(3).compactMap { Double($0) }
      guard words.count > 3, let rows = Int(words[1]), let columns = Int(words[2]), rows >= 0, columns >= 0,
        rows.multipliedReportingOverflow(by: columns) == (numbers.count, false)
      else { continue }
      values[String(words[0])] = Values(rows: rows, columns: columns, elements: numbers)
    }
  }

  private static func run(_ program: String, _ arguments: [String]) throws -> (status: Int32, text: String) {
    let process = Process()
    let pipe = Pipe()
    process.executableURL = URL(fileURLWithPath: program.contains("/") ? program : "/usr/bin/env")
    process.arguments = program.contains("/") ? arguments : [program] + arguments
    (process.standardOutput, process.standardError) = (pipe, pipe)
    do { try process.run() } catch { throw Diagnostic("'\(program)' cannot be started: \(error.localizedDescription)") }
    let data = pipe.fileHandleForReading.readDataToEndOfFile()
    process.waitUntilExit()
    return (process.terminationStatus, String(decoding: data, as: UTF8.self))
  }
}
