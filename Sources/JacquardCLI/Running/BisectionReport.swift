import JacquardCore
import JacquardFiles
import JacquardIR
import JacquardPlanner
import JacquardRuntime

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
