import JacquardCore
import JacquardIR
import JacquardRuntime

/// The statistics of a graph's probes, a line for each step and probe.
struct ProbeTable {
  private var table = TextTable([.left, .right, .right, .right, .right, .right, .right, .right])
  private var isEmpty = true

  /// Takes the values of the step that has just run.
  /// - Throws: as the runner.
  mutating func add(_ step: Int, _ runner: any StepRunner) throws {
    for output in runner.outputNames {
      guard let probe = Graph.Output.probe(output) else { continue }
      if isEmpty { table.add("probe", "step", "min", "max", "mean", "std", "NaN", "infinite") }
      isEmpty = false
      let value = try runner.output(output).statistics
      let figures = [value.minimum, value.maximum, value.mean, value.standardDeviation].map(NumberText.short)
      table.add([probe, "\(step)"] + figures + ["\(value.nanCount)", "\(value.infinityCount)"])
    }
  }

  var lines: [String] { table.lines() }
}
