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

  @Option(help: ArgumentHelp("Most operations a second of the machine, for rooflines.", valueName: "GFLOP/s"))
  var peakGflops: Double?

  @Option(help: ArgumentHelp("Most bytes a second between memory and processor, for rooflines.", valueName: "GB/s"))
  var peakBandwidth: Double?

  @Option(help: ArgumentHelp("Measured times of the kernels, from bench --trace or profile --json.", valueName: "file"))
  var profile: String?

  @OptionGroup var bind: BindOptions
  @OptionGroup var memory: MemoryLimitOptions

  func validate() throws {
    if (peakGflops == nil) != (peakBandwidth == nil) {
      throw ValidationError("--peak-gflops and --peak-bandwidth go together")
    }
    for limit in [peakGflops, peakBandwidth] {
      if let limit, !(limit > 0 && limit < 1e9) {
        throw ValidationError("a limit must be a number over 0 and under 1e9")
      }
    }
  }

  private var limits: RooflineLimits? {
    guard let peakGflops, let peakBandwidth else { return nil }
    return RooflineLimits(gigaflops: peakGflops, gigabytes: peakBandwidth, origin: .given)
  }

  func run(_ console: Console) throws {
    let stages = try stages()
    if profile != nil && !stages.contains(.kernels) {
      throw Diagnostic("--profile belongs to --stage kernels or all", kind: .unsupported)
    }
    try OutputFile.check(output)
    let refusals: Inspection.Refusals = whyNotFused ? .wanted : format == .html ? .whereKnown : .hidden
    let inspection = try Inspection(
      graph, bindings: try bind.sizes(), stages: stages, refusals: refusals, options: memory.applied(), limits: limits,
      profile: profile)
    let isChosen = stage != nil && stage != .all
    let text = try text(inspection, try inspection.available(stages, isChosen: isChosen), console)
    if let output { try AtomicFile.write(text, to: output) } else { console.print(text) }
  }

  private func stages() throws -> [Inspection.Stage] {
    if format == .html {
      guard stage == nil || stage == .all else {
        throw Diagnostic("--format html shows all stages in one page; leave --stage out", kind: .unsupported)
      }
      return Inspection.Stage.allCases
    }
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

  private func text(_ inspection: Inspection, _ stages: [Inspection.Stage], _ console: Console) throws -> String {
    switch format {
    case .text: return try inspection.text(stages) + "\n"
    case .json: return try inspection.json(stages).text(.document)
    case .dot: return try inspection.dot(stages[0])
    case .html:
      let page = try InspectionPage(inspection, stages)
      if let note = page.drawings.note { console.note(note) }
      return page.text
    }
  }
}
