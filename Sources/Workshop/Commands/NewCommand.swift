import ArgumentParser
import Jacquard

/// `workshop new`
struct NewCommand: CourseCommand {
  static let configuration = CommandConfiguration(
    commandName: "new", abstract: "Writes a small package of an exercise, with formulas to fill in.")

  @Argument(help: ArgumentHelp("2.2", valueName: "exercise"))
  var exercise: String

  @Option(help: ArgumentHelp("The new package's folder.", valueName: "folder"))
  var to: String

  func run(_ output: Output) throws -> Int32 {
    let template = try Template.of(exercise)
    try template.write(to: to)
    output.print("\(to): fill in Sources/Backward/Formulas.swift, then 'swift run' there, or 'workshop check \(to)'")
    return 0
  }
}
