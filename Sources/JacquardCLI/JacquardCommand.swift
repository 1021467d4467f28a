import ArgumentParser
import JacquardCore

/// The command line. Every command can be run within a process, which is how tests do it.
public struct JacquardCommand: ParsableCommand {
  /// The program's name, and its commands.
  public static let configuration = CommandConfiguration(
    commandName: "jacquard",
    abstract: "Compiles, runs, trains and explains static computation graphs.",
    version: Version.line,
    subcommands: [
      RunCommand.self, TrainCommand.self, GradCommand.self, InspectCommand.self, CompileCommand.self,
      ConvertCommand.self, CheckCommand.self, BenchCommand.self, ProfileCommand.self, DiffCommand.self,
      BisectCommand.self, OpsCommand.self, VersionCommand.self, PassesCommand.self, ZooCommand.self,
    ])

  /// The command without arguments, which prints the help.
  public init() {}

  /// Runs a command line.
  ///
  /// - Parameters:
  ///   - arguments: without the program's name.
  ///   - console: gets all that is printed, but for progress bars.
  /// - Returns: the exit status: 0 done, 2 wrong input, 64 wrong usage, 130 interrupted, 1 anything else.
  public static func run(_ arguments: [String], _ console: Console) -> Int32 {
    do {
      var command = try parseAsRoot(arguments)
      if let command = command as? any ConsoleCommand {
        try command.run(console)
      } else {
        try command.run()
      }
      return ExitStatus.done.rawValue
    } catch let error as Diagnostic {
      console.error("error: \(error)")
      return ExitStatus(error.kind).rawValue
    } catch is CancellationError {
      console.error("interrupted; --resume goes on from the checkpoint")
      return ExitStatus.interrupted.rawValue
    } catch {
      return report(error, console)
    }
  }

  /// Help that was asked for, wrong usage, and what nobody expected.
  private static func report(_ error: any Error, _ console: Console) -> Int32 {
    let (status, text) = (exitCode(for: error).rawValue, fullMessage(for: error))
    if status == 0 {
      console.print(text)
    } else if !text.isEmpty {
      console.error(text)
    }
    return status
  }
}

/// A command that prints to a console.
protocol ConsoleCommand: ParsableCommand {
  func run(_ console: Console) throws
}

extension ConsoleCommand {
  func run() throws { try run(Console.standard) }
}

/// What version this is.
enum Version {
  static let line = "jacquard \(LibraryVersion.number) (graph format 1, plan format 1)"

  /// The error of a feature that the contract names and that does not exist yet.
  static func lacks(_ feature: String) -> Diagnostic {
    Diagnostic("\(feature) is not in this version", kind: .unsupported)
  }
}
