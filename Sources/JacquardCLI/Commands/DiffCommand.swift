import ArgumentParser
import JacquardCore
import JacquardFiles
import JacquardIR
import JacquardRuntime
import JacquardTransforms

/// `jacquard diff`
struct DiffCommand: ConsoleCommand {
  static let configuration = CommandConfiguration(
    commandName: "diff", abstract: "Compares two graphs: their parts and, given data, what they compute.",
    discussion: """
      Nodes are matched by name, then by what they compute. With --input, --params, --seed or --synthetic both run on the same data. Exit \
      status 0 if nothing differs, 1 if something does (docs/profiling.md).
      """)

  @Argument(help: "A graph.")
  var old: String

  @Argument(help: "Another one.")
  var new: String

  @OptionGroup var data: DataOptions

  @Flag(help: "Draw missing data inputs from their sample hints.")
  var synthetic = false

  @Option(parsing: .unconditional, help: "Seed of initialisers and synthetic data.")
  var seed: Int?

  @OptionGroup var bind: BindOptions
  @OptionGroup var executor: ExecutorOptions
  @OptionGroup var tolerance: ToleranceOptions

  @Flag(help: "Compare what the graphs compute, and not their parts.")
  var valuesOnly = false

  @Flag(help: "Print the differences as JSON (docs/profiling.md).")
  var json = false

  private var hasData: Bool { synthetic || seed != nil || data.params != nil || !data.inputs.isEmpty }

  func validate() throws {
    if valuesOnly && !hasData {
      throw ValidationError("--values-only wants data: --synthetic, --seed, --input or --params")
    }
    if !hasData && (tolerance.rtol != nil || tolerance.atol != nil) {
      throw ValidationError("--rtol and --atol want data: --synthetic, --seed, --input or --params")
    }
  }

  func run(_ console: Console) throws {
    var report = GraphDiffReport(old: old, new: new)
    if !valuesOnly { report.structure = GraphDifference(from: try graph(old), to: try graph(new)) }
    if hasData {
      console.noteUnoptimisedRuntime()
      report.values = try values(console)
    }
    console.print(json ? report.json.text() : report.text)
    if !report.isEqual { throw ExitCode(ExitStatus.failed.rawValue) }
  }

  private func graph(_ path: String) throws -> Graph {
    guard case .graph(let graph) = try Loaded(path) else {
      throw Diagnostic("is a compiled plan; diff wants graphs", place: path)
    }
    return graph
  }

  // MARK: Values

  /// Both graphs' outputs, and what they make of what they update, from the same data: what the second has in common with the first gets
  /// its tensors.
  private func values(_ console: Console) throws -> [GraphDiffReport.Value] {
    let given = try GivenInputs(data.inputs)
    let sizes = try bind.sizes()
    let first = try DataSubject(old, given: given, bindings: sizes, purpose: "diff", console)
    let inputs = try first.inputs(data.params, synthetic: synthetic || seed != nil, seed: seed ?? 0)
    let second = try DataSubject(new, given: given, shared: inputs, bindings: sizes, purpose: "diff", console)
    let others = try second.inputs(nil, synthetic: true, seed: seed ?? 0)
    let (a, b) = (try results(first, inputs, console), try results(second, others, console))
    let names = a.names + b.names.filter { !a.names.contains($0) }
    let agreement = tolerance.agreement(else: .exact)
    return names.map { GraphDiffReport.Value($0, a.tensors[$0], b.tensors[$0], agreement) }
  }

  private func results(
    _ subject: DataSubject, _ inputs: [String: HostTensor], _ console: Console
  ) throws -> (names: [String], tensors: [String: HostTensor]) {
    let runner = try subject.program.runner(executor.executor, threads: executor.threads)
    executor.report(runner, console)
    return try naming(subject.program.path) {
      var memory: [String: TensorStorage] = [:]
      for (name, tensor) in inputs {
        let storage = try TensorStorage(tensor)
        memory[name] = storage
        try runner.bind(name, storage)
      }
      try runner.run()
      var (names, tensors) = (runner.outputNames, [String: HostTensor]())
      for name in names { tensors[name] = try runner.output(name) }
      for update in subject.graph.updates {
        let input = subject.graph.inputs[update.input].name
        names.append("update \(input)")
        tensors["update \(input)"] = memory[input]?.tensor()
      }
      return (names, tensors)
    }
  }
}
