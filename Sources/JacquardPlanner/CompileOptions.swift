import JacquardKernels
import JacquardTransforms

/// What a compilation may be asked to do differently.
public struct CompileOptions: Sendable {
  /// The passes over the graph before it is lowered: those of every graph, or these and passes of one's own
  /// (`Pipeline.standard.inserting(pass, after: "canonicalise")`). Without `expand`, composites cannot be lowered.
  public var passes = Pipeline.standard
  /// What the graph passes leave out.
  public var pipeline = Pipeline.Options()
  /// Whether scans over the same sequence become one.
  public var sharesScans = true
  /// Whether kernels are fused (views always are).
  public var fuse = true
  /// What fusion leaves out.
  public var disabledFusions: Set<FusionStep> = []
  /// What fusion takes for worth doing.
  public var heuristics = FusionHeuristics()
  /// Whether kernels are ordered so that little memory is alive at once; else they keep the order of the graph, as far as updates
  /// and checks let them.
  public var reorders = true
  /// What the memory plan leaves out.
  public var memory = MemoryOptions()
  /// The most bytes that the arena may take. A plan that needs more gets another order of its kernels, then gives up values and computes
  /// them again when they are needed; its results stay the same to the bit.
  public var memoryLimit: Int?
  /// Provider and tiles of products by their `form`, in place of those that follow from the shape: what `ProductTuner` measured.
  public var tilings: [Contraction: Tiling] = [:]

  /// The whole compiler, without a memory limit.
  public init() {}
}

/// What a memory plan may be asked to do differently.
public struct MemoryOptions: Hashable, Sendable {
  /// Whether a result may be written over an operand that dies.
  public var joinsInPlace = true
  /// Whether what replaces a parameter or state is written into its memory; else it is copied there.
  public var updatesInPlace = true
  /// Whether buffers that are not alive at once share bytes of the arena.
  public var sharesArena = true
  /// Whether threads meet only where data crosses them; else before every kernel.
  public var omitsBarriers = true
  /// Whether kernels that hand large buffers to each other run block by block, so that these are never stored as a whole.
  public var usesSections = true
  /// Whether kernels may run again for that.
  public var repeatsInSections = true

  /// Everything that saves memory or time.
  public init() {}
}

/// The steps of fusion that can be left out. `explanation` says what each does.
public enum FusionStep: String, CaseIterable, Hashable, Sendable {
  /// The raw value is the name that `jacquard bench --ablate` knows it by.
  case copies, cheapMaps, joins, singleUses, lightMaps, padding, groups

  /// What it does, in a clause.
  public var explanation: String {
    switch self {
    case .copies: "all that copies an array in the same way reads one copy"
    case .cheapMaps: "constants, broadcasts and casts are computed where they are read"
    case .joins: "nests over one space become one, and maps join products"
    case .singleUses: "a map with one reader is computed there"
    case .lightMaps: "a map that is cheaper than to store its result is computed in each reader"
    case .padding: "a result that is copied into a padded array is stored there when it is made"
    case .groups: "independent nests are dealt to the threads together"
    }
  }
}
