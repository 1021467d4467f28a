import ArgumentParser
import Jacquard

/// The command line. Every command can be run within a process, which is how tests do it.
struct WorkshopCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "workshop", abstract: "Five days of learning machines: the exercises of the course, on real data.",
    subcommands: [ListCommand.self, RunCommand.self, DataCommand.self, NewCommand.self, CheckCommand.self])

  /// Runs a command line.
  ///
  /// - Parameter arguments: Without the program's name.
  /// - Returns: The exit status: 0 done, 1 a claim failed, 2 wrong input, 64 wrong usage, 130 interrupted.
  static func run(_ arguments: [String], _ output: Output) -> Int32 {
    do {
      var command = try parseAsRoot(arguments)
      guard let course = command as? any CourseCommand else {
        try command.run()
        return 0
      }
      return try course.run(output)
    } catch let error as Diagnostic {
      output.error("error: \(error)")
      return error.kind == .internalError ? 1 : 2
    } catch is CancellationError {
      output.error("interrupted; the same command goes on from here")
      return 130
    } catch {
      return report(error, output)
    }
  }

  /// Help that was asked for, wrong usage, and what nobody expected.
  private static func report(_ error: any Error, _ output: Output) -> Int32 {
    let (status, text) = (exitCode(for: error).rawValue, fullMessage(for: error))
    if status == 0 { output.print(text) } else { output.error(text) }
    return status
  }
}

/// A command with an exit status of its own.
protocol CourseCommand: ParsableCommand {
  func run(_ output: Output) throws -> Int32
}

extension CourseCommand {
  func run() throws {
    let status = try run(.standard)
    if status != 0 { throw ExitCode(status) }
  }
}

/// Where data is.
struct DataOptions: ParsableArguments {
  @Option(help: ArgumentHelp("Folder with data; by default the one that JACQUARD_DATA names.", valueName: "folder"))
  var dataDir: String?

  @Option(help: ArgumentHelp("Text for the exercises on language.", valueName: "file"))
  var text: String?
}

extension Language: ExpressibleByArgument {}
extension ImageSet: ExpressibleByArgument {}
