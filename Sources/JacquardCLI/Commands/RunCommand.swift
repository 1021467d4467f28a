import ArgumentParser
import Jacquard
import JacquardCore
import JacquardPlanner
import JacquardRuntime

/// `jacquard run`
struct RunCommand: ConsoleCommand {
  static let configuration = CommandConfiguration(
    commandName: "run", abstract: "Runs a graph or a compiled plan.",
    discussion: "Writes each output as DIR/NAME.npy, or prints a summary of each.")

  @Argument(help: "A graph (.json, .onnx, text form) or a compiled plan (.plan.json).")
  var graph: String

  @Option(name: .customLong("input"), help: ArgumentHelp("Data for an input.", valueName: "name=file.npy"))
  var inputs: [NamedText] = []

  @Option(help: ArgumentHelp("Parameters and state; without it their initialisers.", valueName: "file.safetensors"))
  var params: String?

  @OptionGroup var bind: BindOptions
  @OptionGroup var seed: SeedOptions

  @Option(help: ArgumentHelp("Folder for the outputs.", valueName: "dir"))
  var outputDir: String?

  @OptionGroup var executor: ExecutorOptions
  @OptionGroup var memory: MemoryLimitOptions
  @OptionGroup var tune: TuneOptions

  @Option(help: ArgumentHelp("Steps to run; updates feed back. Outputs are those of the last step.", valueName: "k"))
  var steps: Int = 1

  @Flag(help: "Draw missing data inputs from their sample hints.")
  var synthetic = false

  @Flag(
    help:
      "Stop at the first value that is not a number, and name its node, line and operands (slow; docs/debugging.md).")
  var checkNan = false

  @Flag(
    help:
      "For tests of Jacquard: fill memory that holds nothing with NaN before each step and after each kernel (slow).")
  var poison = false

  @Option(help: ArgumentHelp("Where to keep the final parameters and state.", valueName: "file.safetensors"))
  var save: String?

  func validate() throws {
    try requirePositive(steps, "--steps")
    if poison && checkNan { throw ValidationError("--poison fills memory with what --check-nan looks for") }
    if poison && executor.executor == .reference {
      throw ValidationError("--poison is for executors with an arena, not for reference")
    }
  }

  func run(_ console: Console) throws {
    let (given, bindings) = (try GivenInputs(inputs), try bind.sizes())
    let loaded = try Loaded(graph, Loaded.Hints(values: given.tensors, bindings: bindings) { console.note($0) })
    try OutputFile.check(save)
    try given.check(loaded, path: graph)
    let program = try StaticProgram(loaded, path: graph, bindings: bindings, types: given.types)
    for input in program.inputs { try given.fits(input, exactly: true) }
    let options = try program.tuned(memory.applied(), try tune.tuner(executor, console))
    let runner = try program.runner(
      executor.executor, threads: executor.threads, options: options, checksNaN: checkNan)
    executor.report(runner, console)
    (runner as? PlanRunner)?.poisonsFreedMemory = poison
    let bound = try BoundInputs(
      program, runner, given: given, parameters: params, synthetic: synthetic, seed: seed.seed)
    let folder = try outputDir.map { try OutputFolder($0) }
    console.noteUnoptimisedRuntime()
    var probes = ProbeTable()
    let outputs = try naming(graph) {
      for step in 0..<steps {
        try self.step(step, runner)
        try probes.add(step, runner)
      }
      return try runner.outputNames.map { (name: $0, tensor: try runner.output($0)) }
    }
    if executor.executor == .auto { executor.report(runner, console) }
    try folder?.stage(outputs)
    if let save { try bound.store.save(to: save) }
    try folder?.commit()
    if folder == nil { summarise(outputs.filter { Graph.Output.probe($0.name) == nil }, console) }
    for line in probes.lines { console.print(line) }
  }

  /// An error says in which of several steps it came.
  private func step(_ step: Int, _ runner: any StepRunner) throws {
    do {
      try runner.run()
    } catch let error as Diagnostic {
      throw steps > 1 ? error.at("step \(step)") : error
    }
  }

  private func summarise(_ outputs: [(name: String, tensor: HostTensor)], _ console: Console) {
    var table = TextTable([.left, .left])
    for output in outputs { table.add(output.name, TensorSummary(tensor: output.tensor).text) }
    for line in table.lines() { console.print(line) }
  }
}
