import ArgumentParser
import JacquardCore
import JacquardFiles
import JacquardIR
import JacquardPlanner
import JacquardRuntime
import JacquardTransforms

/// `jacquard bisect`
struct BisectCommand: ConsoleCommand {
  static let configuration = CommandConfiguration(
    commandName: "bisect",
    abstract: "Finds the pass or kernel that first computes something else than the reference.",
    discussion: """
      Each is judged alone, from what it was given. Missing data is drawn as by --synthetic. Exit status 1 if one is wrong \
      (docs/profiling.md).
      """)

  @Argument(help: "A graph.")
  var graph: String

  @OptionGroup var data: DataOptions
  @OptionGroup var bind: BindOptions
  @OptionGroup var seed: SeedOptions
  @OptionGroup var executor: ExecutorOptions
  @OptionGroup var memory: MemoryLimitOptions
  @OptionGroup var tolerance: ToleranceOptions

  @Flag(help: "Print the report as JSON (docs/profiling.md).")
  var json = false

  func run(_ console: Console) throws {
    let kind = try executor.compiling(for: "bisect")
    let given = try GivenInputs(data.inputs)
    let subject = try DataSubject(graph, given: given, bindings: try bind.sizes(), purpose: "bisect", console)
    console.noteUnoptimisedRuntime()
    let report = try naming(graph) {
      try subject.checkMemory()
      let inputs = try subject.inputs(data.params, synthetic: true, seed: seed.seed)
      let bisection = Bisection(subject.graph, inputs: inputs, agreement: tolerance.agreement(else: .ofOneStep))
      return try BisectionReport(
        subject.graph.name, bisection, options: memory.applied(), executor: kind, threads: executor.threads)
    }
    console.print(json ? report.json.text() : report.text)
    if report.wrong != nil { throw ExitCode(ExitStatus.failed.rawValue) }
  }
}

/// How near values must be.
struct ToleranceOptions: ParsableArguments {
  @Option(help: ArgumentHelp("How far a float may be from its reference, by its size.", valueName: "share"))
  var rtol: Double?

  @Option(help: ArgumentHelp("How far a float may be from its reference besides.", valueName: "distance"))
  var atol: Double?

  func validate() throws {
    for value in [rtol, atol] {
      if let value, !(value >= 0 && value < .infinity) {
        throw ValidationError("a tolerance must be a number and not negative")
      }
    }
  }

  /// What was asked for: of one that is not given, 0 where the other is.
  func agreement(else standard: Agreement) -> Agreement {
    if rtol == nil && atol == nil { return standard }
    return Agreement(relative: rtol ?? 0, absolute: atol ?? 0, flips: standard.flips)
  }
}

/// What `bisect` found.
struct BisectionReport {
  let name: String
  let passes: [Bisection.Step]
  /// None if a pass is wrong.
  let kernels: [Bisection.Step]
  /// Kernels of the plan.
  private let kernelCount: Int
  private let executor: String

  /// - Throws: what compiling, the reference or a step throws.
  init(
    _ name: String, _ bisection: Bisection, options: CompileOptions, executor: ExecutorKind, threads: Int?
  ) throws {
    self.name = name
    self.executor = executor.rawValue
    passes = try bisection.passes(options: options)
    if passes.contains(where: \.isWrong) {
      (kernels, kernelCount) = ([], 0)
    } else {
      let compilation = try Compiler.compile(bisection.graph, options: options)
      kernelCount = compilation.plan.program.kernels.count
      kernels = try bisection.kernels(
        of: compilation, executor: executor, threads: threads)
    }
  }

  /// The step that is wrong.
  var wrong: Bisection.Step? { (passes + kernels).first(where: \.isWrong) }

  private var isPass: Bool { passes.contains(where: \.isWrong) }

  // MARK: Text

  var text: String {
    var lines = [name, ""]
    var table = TextTable([.left, .right, .right, .left])
    table.add("pass", "compared", "max rel", "")
    for step in passes { table.add(cells(step, step.name)) }
    lines += table.lines()
    if !kernels.isEmpty {
      var table = TextTable([.right, .left, .right, .right, .left])
      table.add("#", "kernel (\(executor))", "compared", "max rel", "")
      for step in kernels { table.add(["\(step.number)"] + cells(step, step.name)) }
      lines += [""] + table.lines()
    }
    return (lines + [""] + verdict).joined(separator: "\n")
  }

  private func cells(_ step: Bisection.Step, _ name: String) -> [String] {
    [
      name, "\(step.compared)", step.compared == 0 ? "" : NumberText.short(step.relative),
      step.isWrong ? "WRONG" : step.compared == 0 ? "unchanged" : "agrees",
    ]
  }

  private var verdict: [String] {
    guard let wrong else {
      return ["\(passes.count) passes and \(kernels.count) kernels agree with the reference"]
    }
    var lines = [
      isPass
        ? "pass '\(wrong.name)' is the first that differs"
        : "kernel \(wrong.number) '\(wrong.name)' is the first that differs"
    ]
    for name in wrong.overwritten { lines.append("  \(name): overwritten before this kernel reads it") }
    for finding in wrong.findings {
      let difference = finding.difference
      let site = finding.site.map { " (\($0))" } ?? ""
      lines.append(
        "  \(finding.name)\(site): \(difference.beyond) of \(difference.count) elements, max abs "
          + "\(NumberText.short(difference.absolute)), max rel \(NumberText.short(difference.relative))")
      if let first = difference.first {
        lines.append("    element \(first.position) is \(first.value), the reference \(first.reference)")
      }
    }
    if !wrong.suspects.isEmpty {
      let names = wrong.suspects.joined(separator: ", ")
      lines.append(
        isPass ? "  agrees without rule \(names)" : "  reads what these wrote, which were not judged alone: \(names)")
    }
    return lines
  }

  // MARK: JSON

  /// The form that docs/profiling.md describes.
  var json: JSONValue {
    JSONValue(fields: [
      ("format", "jacquard.bisect"), ("version", 1), ("graph", JSONValue(name)), ("executor", JSONValue(executor)),
      ("agrees", JSONValue(wrong == nil)), ("kernels_of_plan", JSONValue(kernelCount)),
      ("passes", JSONValue(passes.map(json))), ("kernels", JSONValue(kernels.map(json))),
    ])
  }

  private func json(_ step: Bisection.Step) -> JSONValue {
    var fields: [(String, JSONValue)] = [
      ("name", JSONValue(step.name)), ("number", JSONValue(step.number)), ("compared", JSONValue(step.compared)),
      ("max_rel", JSONValue(step.relative)), ("wrong", JSONValue(step.isWrong)),
    ]
    if step.isWrong {
      fields += [
        ("findings", JSONValue(step.findings.map { $0.json })),
        ("overwritten", JSONValue(step.overwritten.map { JSONValue($0) })),
        ("suspects", JSONValue(step.suspects.map { JSONValue($0) })),
      ]
    }
    return JSONValue(fields: fields)
  }
}

extension Bisection.Finding {
  fileprivate var json: JSONValue {
    var fields: [(String, JSONValue)] = [("name", JSONValue(name))] + difference.fields
    if let site { fields.append(("site", JSONValue(site.description))) }
    return JSONValue(fields: fields)
  }
}

extension TensorDifference {
  /// Keys of an entry that says how far two tensors are from each other.
  var fields: [(String, JSONValue)] {
    var fields: [(String, JSONValue)] = [
      ("elements", JSONValue(count)), ("beyond", JSONValue(beyond)), ("max_abs", JSONValue(absolute)),
      ("max_rel", JSONValue(relative)),
    ]
    if let first {
      fields.append(
        (
          "first",
          JSONValue(fields: [
            ("position", JSONValue(first.position)), ("value", JSONValue(first.value)),
            ("reference", JSONValue(first.reference)),
          ])
        ))
    }
    return fields
  }
}
