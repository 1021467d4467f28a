import Jacquard

/// What a user chose.
struct RunSettings: Sendable {
  var seed = 0
  /// Smaller data and fewer epochs.
  var quick = false
  /// Instead of each exercise's own number.
  var epochs: Int?
  /// Folder of all reports.
  var out = "out/workshop"
  var language = Language.en
  /// Nil for as many as there are processors.
  var threads: Int?
  var progress = ProgressStyle.automatic
  /// Factor of every learning rate. A test sets it to 0, which must make trained exercises fail.
  var learningRateFactor = 1.0
}
