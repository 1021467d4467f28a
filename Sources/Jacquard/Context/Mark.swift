import JacquardCore

/// A moment in the building of a graph, with the user's line that was then known.
struct Mark {
  var site: SourceSite?
  /// Grows with every event; the latest mark is the nearest to an operator that has no line of its own.
  var clock: Int

  static func latest(_ marks: some Sequence<Mark>) -> Mark? { marks.max { $0.clock < $1.clock } }
}

extension Diagnostic {
  /// The same error, its line called 'near': it is that of an operand, layer call or scope.
  func near(_ site: SourceSite?) -> Diagnostic {
    var copy = self
    copy.site = site.map { SourceSite(file: "near \($0.file)", line: $0.line) }
    return copy
  }
}
