import ArgumentParser

/// `jacquard passes`: for those who change passes or the documentation.
struct PassesCommand: ConsoleCommand {
  static let configuration = CommandConfiguration(
    commandName: "passes", abstract: "Prints the article that shows what each pass does to a small graph.",
    shouldDisplay: false)

  func run(_ console: Console) throws { console.print(try PassArticle().text) }
}
