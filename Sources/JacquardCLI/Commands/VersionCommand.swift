import ArgumentParser

/// `jacquard version`
struct VersionCommand: ConsoleCommand {
  static let configuration = CommandConfiguration(commandName: "version", abstract: "Prints the version.")

  func run(_ console: Console) throws { console.print(Version.line) }
}
