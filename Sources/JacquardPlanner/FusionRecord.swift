import JacquardCore

/// What fusion did and did not do.
public struct FusionRecord: Hashable, Sendable, Codable {
  public struct Step: Hashable, Sendable, Codable {
    public enum Kind: String, Hashable, Sendable, Codable {
      /// Two nests over one space became one.
      case join
      /// A map is computed where it is read.
      case inline
      /// Independent nests are dealt to threads together.
      case group
    }
    public var kind: Kind
    public var producer: [NodeID]
    public var consumer: [NodeID]
  }

  public var steps: [Step] = []
  public var refusals: [FusionRefusal] = []

  /// The refusals without repetition: a pair may be tried more than once.
  public var distinctRefusals: [FusionRefusal] {
    var seen: Set<FusionRefusal> = []
    return refusals.filter { seen.insert($0).inserted }
  }
}
