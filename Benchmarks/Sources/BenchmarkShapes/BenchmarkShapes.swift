import ArgumentParser
import DrawnShapes
import Foundation
import Jacquard

/// `benchmark-shapes`
@main
struct BenchmarkShapes: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "benchmark-shapes",
    abstract: "Writes training graphs of each family with drawn sizes, and shapes.json, which describes them.")

  @Option(help: "Decides every size.")
  var seed: Int

  @Option(name: .customLong("to"), help: ArgumentHelp("Folder to write to.", valueName: "dir"))
  var folder: String

  @Option(help: "Models of each family.")
  var count = 1

  func validate() throws {
    if count < 1 { throw ValidationError("--count must be at least 1") }
  }

  func run() throws {
    let shapes = try DrawnShapes(seed: seed, count: count)
    try shapes.write(to: folder)
    for model in shapes.models {
      let sizes = model.sizes.map { "\($0.name) \($0.value.text().filter { !$0.isNewline })" }.joined(separator: ", ")
      print("\(model.name): batch \(model.batch), \(sizes)")
    }
  }
}
