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
  /// What ends a training between two steps; the same command then goes on where it ended.
  var stop = Stop.never
  /// Factor of every learning rate. A test sets it to 0, which must make trained exercises fail.
  var learningRateFactor = 1.0

  enum Stop: Sendable {
    case never
    /// Ctrl-C; outside of trainings it ends the process.
    case byUser
    /// Asked before each step.
    case when(@Sendable () -> Bool)
  }
}
