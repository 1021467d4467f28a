import Foundation

/// The program `workshop`.
@main
enum WorkshopTool {
  static func main() {
    let status = WorkshopCommand.run(Array(CommandLine.arguments.dropFirst()), .standard)
    exit(status)
  }
}
