import Jacquard

/// Runs exercises one after the other, writes their reports, and prints the table.
struct CourseRunner {
  let settings: RunSettings
  let data: CourseData
  let output: Output

  init(_ settings: RunSettings, _ data: CourseData, _ output: Output) {
    self.settings = settings
    self.data = data
    self.output = output
  }

  /// - Returns: The exit status: 0 if no claim failed, else 1.
  /// - Throws: `Diagnostic` if a report cannot be written, or the only exercise could not run; `CancellationError` if a training
  ///   was interrupted.
  func run(_ exercises: [any Exercise]) throws -> Int32 {
    if Gnuplot.path == nil { output.note("\(GnuplotMissing())") }
    var results: [RunResult] = []
    for exercise in exercises {
      let (result, error) = try run(exercise)
      results.append(result)
      if let error, exercises.count == 1 { throw error }
      if let error { output.error("error: \(exercise.id): \(error)") }
    }
    for line in ResultTable(results, .of(settings.language)).lines { output.print(line) }
    if exercises.count > 1 { try IndexPage(results, settings).write(to: "\(settings.out)/index.html") }
    let page = exercises.count > 1 ? "index.html" : "\(results[0].exercise)/report.html"
    output.print("\(settings.out)/\(page)")
    return results.contains { $0.hasFailed } ? 1 : 0
  }

  /// Runs one, and writes its report.
  func run(_ exercise: any Exercise) throws -> (result: RunResult, error: (any Error)?) {
    let run = try Run(exercise, settings, data)
    var failure: (any Error)?
    do {
      try exercise.run(run)
      if run.decision == nil { run.claim("decided", false) }
    } catch let error as CancellationError {
      throw error
    } catch {
      failure = error
      run.fail(error)
    }
    let result = RunResult(run)
    try result.json.write(to: "\(run.folder)/results.json")
    try AtomicFile.write(HTMLReport(run, result).text, to: "\(run.folder)/report.html")
    return (result, failure)
  }
}
