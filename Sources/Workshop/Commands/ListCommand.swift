import ArgumentParser
import Jacquard

/// `workshop list`
struct ListCommand: CourseCommand {
  static let configuration = CommandConfiguration(
    commandName: "list", abstract: "Prints the exercises in the order of the course.")

  @Option(help: "Language of the titles.")
  var lang: Language = .en

  func run(_ output: Output) -> Int32 {
    let strings = StringTable.of(lang)
    for day in 1...5 {
      output.print("\(strings.text("common.day")) \(day): \(strings.text("common.day\(day)"))")
      for exercise in Course.exercises where exercise.day == day {
        output.print("  \(exercise.id)  \(strings.text("\(exercise.id).title"))")
      }
    }
    return 0
  }
}
