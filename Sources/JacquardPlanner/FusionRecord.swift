import JacquardCore

/// What fusion did and did not do.
public struct FusionRecord: Hashable, Sendable, Codable {
  /// Two kernels that became one.
  public struct Step: Hashable, Sendable, Codable {
    /// How they became one.
    public enum Kind: String, Hashable, Sendable, Codable {
      /// Two nests over one space became one.
      case join
      /// A map is computed where it is read.
      case inline
      /// Independent nests are dealt to threads together.
      case group
    }
    /// How they became one.
    public var kind: Kind
    /// The graph nodes of the first.
    public var producer: [NodeID]
    /// The graph nodes of the second.
    public var consumer: [NodeID]
  }

  /// In the order in which they were made.
  public var steps: [Step] = []
  /// Of kernels that remained apart.
  public var refusals: [FusionRefusal] = []

  /// The refusals without repetition: a pair may be tried more than once.
  public var distinctRefusals: [FusionRefusal] {
    var seen: Set<FusionRefusal> = []
    return refusals.filter { seen.insert($0).inserted }
  }
}
