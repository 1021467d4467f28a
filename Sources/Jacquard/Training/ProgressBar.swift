import Foundation

#if canImport(Glibc)
  import Glibc
#elseif canImport(Musl)
  import Musl
#else
  import Darwin
#endif

/// How training reports on standard error.
public enum ProgressStyle: String, Sendable, Hashable, CaseIterable {
  /// A bar on a terminal, else plain lines.
  case automatic
  /// A bar that is drawn again and again; plain lines; nothing.
  case bar, lines, silent
}

/// Shows on standard error how far an epoch or another loop has come: rate, loss, time left.
public struct ProgressBar {
  private let style: ProgressStyle
  private let total: Int
  private let title: String
  private let write: (String) -> Void
  private let now: () -> ContinuousClock.Instant
  private let start: ContinuousClock.Instant
  private var shown: ContinuousClock.Instant
  private let done: Int

  /// - Parameters:
  ///   - total: Steps of the epoch.
  ///   - done: Steps made before, in an interrupted run.
  ///   - isTerminal: Whether what is written goes to a terminal.
  init(
    _ style: ProgressStyle, title: String, total: Int, done: Int = 0,
    isTerminal: Bool = isatty(STDERR_FILENO) == 1, now: @escaping () -> ContinuousClock.Instant = { .now },
    write: @escaping (String) -> Void = ProgressBar.standardError
  ) {
    self.style = style == .automatic ? (isTerminal ? .bar : .lines) : style
    self.total = total
    self.title = title
    self.done = done
    self.now = now
    self.write = write
    start = now()
    shown = start
  }

  /// A bar for a loop of `total` steps.
  public init(_ style: ProgressStyle, title: String, total: Int) {
    self.init(style, title: title, total: total, done: 0)
  }

  static func standardError(_ text: String) { FileHandle.standardError.write(Data(text.utf8)) }

  /// Called after each step with the examples since the start; draws at most ten times a second.
  mutating func step(_ steps: Int, _ examples: Int, loss: Double) {
    guard style == .bar else { return }
    let now = now()
    if shown.duration(to: now) < .milliseconds(100) { return }
    shown = now
    let seconds = ProgressBar.seconds(start.duration(to: now))
    draw(steps, seconds, "  \(rate(examples, seconds))  loss \(ProgressBar.short(loss))")
  }

  /// Called after each step of a loop that has no examples; draws at most ten times a second.
  public mutating func step(_ steps: Int) {
    let now = now()
    guard style == .bar, shown.duration(to: now) >= .milliseconds(100) else { return }
    shown = now
    draw(steps, ProgressBar.seconds(start.duration(to: now)), "")
  }

  private func draw(_ steps: Int, _ seconds: Double, _ figures: String) {
    let filled = total > 0 ? min(24, 24 * steps / total) : 24
    let bar = String(repeating: "=", count: filled) + String(repeating: " ", count: 24 - filled)
    let left = seconds * Double(total - steps) / Double(max(1, steps - done))
    write("\r\u{1B}[K\(title) [\(bar)] \(steps)/\(total)\(figures)  \(ProgressBar.time(left)) left")
  }

  /// Takes the bar away.
  public func clear() {
    if style == .bar { write("\r\u{1B}[K") }
  }

  /// Called at the end of the epoch.
  func finish(_ result: EpochResult) {
    if style == .silent { return }
    var text = "\(title)  loss \(ProgressBar.short(result.loss))"
    for (name, value) in result.evaluation.sorted(by: { $0.key < $1.key }) {
      text += "  \(name) \(name == "accuracy" ? ProgressBar.percent(value) : ProgressBar.short(value))"
    }
    text += "  \(rate(result.examples, result.seconds))  \(ProgressBar.time(result.seconds))\n"
    write(style == .bar ? "\r\u{1B}[K\(text)" : text)
  }

  private func rate(_ examples: Int, _ seconds: Double) -> String {
    "\(Int((Double(examples) / max(seconds, 1e-9)).rounded())) examples/s"
  }

  /// A duration in seconds.
  public static func seconds(_ duration: Duration) -> Double {
    let (seconds, attoseconds) = duration.components
    return Double(seconds) + Double(attoseconds) * 1e-18
  }

  /// Four significant digits.
  static func short(_ value: Double) -> String { String(format: "%.4g", value) }
  static func percent(_ value: Double) -> String { String(format: "%.1f %%", value * 100) }

  static func time(_ seconds: Double) -> String {
    guard seconds.isFinite, seconds < 1e6 else { return "?" }
    if seconds < 60 { return String(format: "%.1f s", seconds) }
    let whole = Int(seconds)
    return "\(whole / 60) min \(whole % 60) s"
  }
}
