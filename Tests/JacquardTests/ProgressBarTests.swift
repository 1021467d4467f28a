import Testing

@testable import Jacquard

/// What training shows: a bar that is drawn over on a terminal, plain lines elsewhere.
@Suite struct ProgressBarTests {
  /// A clock that goes when told to, and what was written.
  private final class Screen {
    var time = ContinuousClock.now
    var writes: [String] = []

    func bar(_ style: ProgressStyle, isTerminal: Bool, done: Int = 0) -> ProgressBar {
      ProgressBar(
        style, title: "epoch 1/2", total: 40, done: done, isTerminal: isTerminal, now: { [self] in time },
        write: { [self] in writes.append($0) })
    }

    /// Forty steps of 50 ms with 16 examples each.
    func epoch(_ style: ProgressStyle, isTerminal: Bool, done: Int = 0) {
      var bar = bar(style, isTerminal: isTerminal, done: done)
      for step in done + 1...40 {
        time += .milliseconds(50)
        bar.step(step, 16 * (step - done), loss: 1 / Double(step))
      }
      let result = EpochResult(
        epoch: 0, loss: 0.123456, steps: 40, examples: 640, seconds: 2, evaluation: ["loss": 0.25, "accuracy": 0.875])
      bar.finish(result)
    }
  }

  private static let summary = "epoch 1/2  loss 0.1235  accuracy 87.5 %  loss 0.25  320 examples/s  2.0 s\n"

  @Test func whatIsWritten() {
    let cases: [(ProgressStyle, isTerminal: Bool, isBar: Bool)] = [
      (.automatic, true, true), (.automatic, false, false), (.bar, false, true), (.lines, true, false),
    ]
    for (style, isTerminal, isBar) in cases {
      let screen = Screen()
      screen.epoch(style, isTerminal: isTerminal)
      if isBar {
        #expect(screen.writes.count == 21, "every second step is drawn: ten times a second")
        #expect(screen.writes.allSatisfy { $0.hasPrefix("\r\u{1B}[K") }, "each drawing replaces the one before")
        #expect(screen.writes.dropLast().allSatisfy { !$0.contains("\n") })
        #expect(screen.writes.last == "\r\u{1B}[K" + ProgressBarTests.summary)
      } else {
        #expect(screen.writes == [ProgressBarTests.summary], "\(style), terminal: \(isTerminal)")
      }
    }
    for isTerminal in [true, false] {
      let screen = Screen()
      screen.epoch(.silent, isTerminal: isTerminal)
      #expect(screen.writes == [])
    }
  }

  /// A loop without examples: the bar and the time left, and nothing when it is done.
  @Test func loopsHaveABar() {
    let screen = Screen()
    var bar = screen.bar(.bar, isTerminal: true)
    for step in 1...40 {
      screen.time += .milliseconds(50)
      bar.step(step)
    }
    bar.clear()
    let half = String(repeating: "=", count: 12) + String(repeating: " ", count: 12)
    #expect(screen.writes.count == 21 && screen.writes.last == "\r\u{1B}[K")
    #expect(screen.writes[9] == "\r\u{1B}[Kepoch 1/2 [\(half)] 20/40  1.0 s left")
  }

  @Test func theBarFills() {
    let screen = Screen()
    screen.epoch(.automatic, isTerminal: true)
    let half = String(repeating: "=", count: 12) + String(repeating: " ", count: 12)
    #expect(screen.writes[9] == "\r\u{1B}[Kepoch 1/2 [\(half)] 20/40  320 examples/s  loss 0.05  1.0 s left")
    #expect(screen.writes[19].contains("[\(String(repeating: "=", count: 24))] 40/40"))
  }

  /// The time left follows from the steps of this run alone.
  @Test func aResumedEpochBeginsWhereItStood() {
    let screen = Screen()
    screen.epoch(.automatic, isTerminal: true, done: 20)
    #expect(screen.writes.first?.contains("] 22/40  320 examples/s  loss 0.04545  0.9 s left") == true)
  }

  @Test func timesAndNumbers() {
    let times: [(Double, String)] = [
      (0, "0.0 s"), (59.94, "59.9 s"), (60, "1 min 0 s"), (3725, "62 min 5 s"), (.infinity, "?"), (.nan, "?"),
    ]
    for (seconds, text) in times { #expect(ProgressBar.time(seconds) == text) }
    for (value, text) in [(0.00012345, "0.0001234"), (2.5, "2.5"), (12345, "1.234e+04"), (.nan, "nan")] {
      #expect(ProgressBar.short(value) == text)
    }
  }
}
