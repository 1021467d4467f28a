import ArgumentParser
import Jacquard

/// `workshop run`
struct RunCommand: CourseCommand {
  static let configuration = CommandConfiguration(
    commandName: "run", abstract: "Runs exercises and writes a report of each.",
    discussion: "The exit status is 1 if a claim failed; refuted and skipped claims do not count as failures.")

  @Argument(help: ArgumentHelp("2.1 (or day2.1), day2, or all.", valueName: "exercise"))
  var selection: String

  @OptionGroup var data: DataOptions

  @Option(help: "mnist or fashion; by default MNIST where it is present.")
  var dataSet: ImageSet?

  @Option(help: "Passes over the data, instead of each exercise's own number.")
  var epochs: Int?

  @Option(parsing: .unconditional, help: "Seed of initial weights, noise and the order of examples.")
  var seed: Int = 0

  @Option(help: ArgumentHelp("Folder for reports, graphs and weights.", valueName: "folder"))
  var out: String = "out/workshop"

  @Flag(help: "Smaller data and fewer epochs, with bounds of their own.")
  var quick = false

  @Option(help: "Language of the reports.")
  var lang: Language = .en

  @Option(help: ArgumentHelp("Threads of a step; by default as many as there are processors.", valueName: "t"))
  var threads: Int?

  func validate() throws {
    if let epochs, epochs < 1 { throw ValidationError("--epochs must be at least 1") }
    if let threads, !(1...64).contains(threads) { throw ValidationError("--threads must be from 1 to 64") }
  }

  func run(_ output: Output) throws -> Int32 {
    let exercises = try Course.select(selection)
    let settings = RunSettings(
      seed: seed, quick: quick, epochs: epochs, out: out, language: lang, threads: threads, stop: .byUser)
    let files = CourseData(folder: data.dataDir, dataSet: dataSet, textFile: data.text, quick: quick)
    return try CourseRunner(settings, files, output).run(exercises)
  }
}
