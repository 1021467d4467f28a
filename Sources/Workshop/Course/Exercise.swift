import Jacquard

/// One exercise of the course. Its titles and texts stand in the strings files under its `id`.
protocol Exercise: Sendable {
  /// Day and number: `2.1`.
  var id: String { get }

  /// Computes, and tells `run` what came out.
  ///
  /// - Throws: What prevents an answer; the report then says so, and the exercise counts as failed.
  func run(_ run: Run) throws
}

extension Exercise {
  /// From 1 to 5.
  var day: Int { Int(id.prefix { $0 != "." }) ?? 0 }
}
