import JacquardCore
import JacquardTransforms

/// A part of the compiler that can be left out. The plan without it gives the same results within rounding, and costs what the
/// part saves.
public struct CompilerPart: Sendable {
  /// What `jacquard bench --ablate` calls it.
  public let name: String
  /// What it does, in a clause.
  public let explanation: String
  private let leaveOut: @Sendable (inout CompileOptions) -> Void

  init(_ name: String, _ explanation: String, _ leaveOut: @escaping @Sendable (inout CompileOptions) -> Void) {
    (self.name, self.explanation, self.leaveOut) = (name, explanation, leaveOut)
  }

  /// The whole compiler but for this part.
  public func leftOut(of options: CompileOptions = CompileOptions()) -> CompileOptions {
    var options = options
    leaveOut(&options)
    return options
  }

  /// All parts, in the order in which a graph meets them.
  public static let all: [CompilerPart] = graphPasses + scans + fusion + fusionSteps + memory

  /// The part of a name, or a rewrite rule by its own.
  public init?(named name: String) {
    if let part = CompilerPart.all.first(where: { $0.name == name }) {
      self = part
    } else if let rule = CompilerPart.rules.first(where: { $0.name == name }) {
      self = CompilerPart(rule.name, rule.explanation) { $0.pipeline.disabledRules.insert(rule.name) }
    } else {
      return nil
    }
  }
}

extension CompilerPart {
  /// Passes without which a graph cannot be lowered: composites have no kernels of their own.
  private static let required: Set<String> = ["expand"]

  private static let graphPasses = Pipeline.standard.passes.filter { !required.contains($0.name) }.map { pass in
    CompilerPart(pass.name, pass.explanation) {
      $0.pipeline.disabledPasses.insert(pass.name)
      // Other passes tidy up by the same rules.
      $0.pipeline.disabledRules.formUnion(pass.purpose.rules.map(\.name))
    }
  }

  /// The rules of all passes, but for those of the required ones.
  private static let rules = Pipeline.standard.passes.flatMap(\.purpose.rules).filter { !required.contains($0.name) }

  private static let scans = [
    CompilerPart("sharedScans", "scans over the same sequence become one") { $0.sharesScans = false }
  ]

  private static let fusion = [
    CompilerPart("fusion", "kernels are fused; copies and cheap maps are read where they are") { $0.fuse = false }
  ]

  private static let fusionSteps = FusionStep.allCases.map { step in
    CompilerPart(step.rawValue, step.explanation) { $0.disabledFusions.insert(step) }
  }

  private static let memory = [
    CompilerPart("schedule", "orders kernels so that little memory is alive at once") { $0.reorders = false },
    CompilerPart("sections", "kernels that hand each other large arrays run together, block by block") {
      $0.memory.usesSections = false
    },
    CompilerPart("sectionRepeats", "arrays that a backward pass reads are made again in its sections, not stored") {
      $0.memory.repeatsInSections = false
    },
    CompilerPart("inPlaceJoins", "results are written over operands that die") { $0.memory.joinsInPlace = false },
    CompilerPart("inPlaceUpdates", "updates are written over what they replace") { $0.memory.updatesInPlace = false },
    CompilerPart("arenaSharing", "buffers not alive at once share memory") { $0.memory.sharesArena = false },
    CompilerPart("fewBarriers", "threads meet only where data crosses them") { $0.memory.omitsBarriers = false },
  ]
}
