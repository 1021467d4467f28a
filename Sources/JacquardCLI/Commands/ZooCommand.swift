import ArgumentParser
import Jacquard

/// `jacquard zoo`: for those who change the models of `graphs/`.
struct ZooCommand: ConsoleCommand {
  static let configuration = CommandConfiguration(
    commandName: "zoo", abstract: "Writes the models of the folder graphs/ again.", shouldDisplay: false)

  @Option(help: ArgumentHelp("The folder.", valueName: "dir"))
  var write: String

  func run(_ console: Console) throws {
    let changed = try ModelZoo.write(to: write)
    for name in changed { console.print("\(write)/\(name)") }
    if changed.isEmpty { console.print("\(write) is up to date") }
  }
}
