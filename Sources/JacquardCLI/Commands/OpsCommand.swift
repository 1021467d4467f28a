import ArgumentParser
import JacquardFiles
import JacquardOps

/// `jacquard ops`
struct OpsCommand: ConsoleCommand {
  static let configuration = CommandConfiguration(
    commandName: "ops", abstract: "Lists the operations, from the registry.")

  enum Format: String, CaseIterable, ExpressibleByArgument {
    case text, json, markdown
  }

  @Option(help: "text, json or markdown.")
  var format: Format = .text

  func run(_ console: Console) throws {
    let table = OperationTable(.standard)
    switch format {
    case .text: console.print(table.text)
    case .json: console.print(table.json.text(.document))
    case .markdown: console.print(table.markdown)
    }
  }
}
