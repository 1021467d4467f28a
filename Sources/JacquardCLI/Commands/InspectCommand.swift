import ArgumentParser
import JacquardCore
import JacquardFiles

/// `jacquard inspect`
struct InspectCommand: ConsoleCommand {
  static let configuration = CommandConfiguration(
    commandName: "inspect", abstract: "Shows what became of a graph: passes, kernels, plan, memory.",
    discussion: "The JSON form is described in docs/inspect.md.")

  enum Stage: String, CaseIterable, ExpressibleByArgument {
    case graph, optimized, kernels, plan, memory, c, all
  }

  enum Format: String, CaseIterable, ExpressibleByArgument {
    case text, json, dot, html
  }

  @Argument(help: "A graph or a compiled plan.")
  var graph: String

  @Option(help: "graph, optimized, kernels, plan, memory, c, or all that exist.")
  var stage: Stage?

  @Option(help: "text, json, dot or html.")
  var format: Format = .text

  @Option(name: .shortAndLong, help: ArgumentHelp("Where to write it instead of printing it.", valueName: "file"))
  var output: String?

  @Flag(help: "List the kernels that were not fused, and why.")
  var whyNotFused = false

  @OptionGroup var bind: BindOptions
  @OptionGroup var memory: MemoryLimitOptions

  func run(_ console: Console) throws {
    if format == .html { throw Version.lacks("--format html") }
    let stages = try stages()
    try OutputFile.check(output)
    let inspection = try Inspection(
      graph, bindings: try bind.sizes(), stages: stages, whyNotFused: whyNotFused, options: memory.applied())
    let isChosen = stage != nil && stage != .all
    let text = try text(inspection, try inspection.available(stages, isChosen: isChosen))
    if let output { try AtomicFile.write(text, to: output) } else { console.print(text) }
  }

  private func stages() throws -> [Inspection.Stage] {
    if let stage, let single = Inspection.Stage(rawValue: stage.rawValue) {
      if whyNotFused && single != .kernels {
        throw Diagnostic("--why-not-fused belongs to --stage kernels or all", kind: .unsupported)
      }
      return [single]
    }
    if format == .dot {
      if stage == .all {
        throw Diagnostic("--format dot draws one stage: graph, optimized or kernels", kind: .unsupported)
      }
      return [.graph]
    }
    return whyNotFused && stage == nil ? [.kernels] : Inspection.Stage.allCases
  }

  private func text(_ inspection: Inspection, _ stages: [Inspection.Stage]) throws -> String {
    switch format {
    case .text: return try inspection.text(stages) + "\n"
    case .json: return try inspection.json(stages).text(.document)
    case .dot: return try inspection.dot(stages[0])
    case .html: throw Version.lacks("--format html")
    }
  }
}
