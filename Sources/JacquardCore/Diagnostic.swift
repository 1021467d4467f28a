/// What is wrong, in one line, with the place where it is wrong.
public struct Diagnostic: Error, Hashable, Sendable {
  /// Who can mend it.
  public enum Kind: Hashable, Sendable {
    /// The user's graph, file or input is wrong.
    case invalid
    /// The call is wrong, or asks for what this version does not have.
    case unsupported
    /// A step failed while running (a bad index, a failed allocation).
    case runtime
    /// A mistake of Jacquard itself.
    case internalError
  }

  /// Who can mend it; the command line's exit status follows from it.
  public var kind: Kind
  /// What is wrong, in one sentence without the place.
  public var message: String
  /// The tag of the violated constraint, such as `dot.c2`.
  public var constraint: String?
  /// File, line and column, or the path of keys, or the node: whatever names the place best.
  public var place: String?
  /// The user's source line.
  public var site: SourceSite?
  /// What there is to read beyond the one line, such as all that a compiler said; no part of the description.
  public var details: String?

  /// An error that is the user's unless `kind` says otherwise.
  public init(
    _ message: String, kind: Kind = .invalid, constraint: String? = nil, place: String? = nil,
    site: SourceSite? = nil, details: String? = nil
  ) {
    self.message = message
    self.kind = kind
    self.constraint = constraint
    self.place = place
    self.site = site
    self.details = details
  }

  /// The same diagnostic with a place, if it has none yet.
  public func at(_ place: String) -> Diagnostic {
    var copy = self
    copy.place = self.place.map { "\(place): \($0)" } ?? place
    return copy
  }

  /// The same diagnostic with a source line, if it has none yet.
  public func at(_ site: SourceSite?) -> Diagnostic {
    var copy = self
    copy.site = self.site ?? site
    return copy
  }
}

extension Diagnostic: CustomStringConvertible {
  /// `graph.json:12: dot: contracting sizes 784 and 785 differ [dot.c2] (Models/MLP.swift:12)`
  public var description: String {
    var text = place.map { "\($0): " } ?? ""
    text += message
    if let constraint { text += " [\(constraint)]" }
    if let site { text += " (\(site))" }
    return String(text.map { $0.isNewline ? " " : $0 })
  }
}
