import Foundation
import Jacquard
import Testing

@testable import Workshop

@Suite struct RunTests {
  @Test func boundsHaveFourColumns() {
    let bound = Bound.atLeast(0.97, fashion: 0.86, quick: 0.9)
    let rows: [(ImageSet, Bool, Double)] = [
      (.mnist, false, 0.97), (.fashion, false, 0.86), (.mnist, true, 0.9), (.fashion, true, 0.9),
    ]
    for (set, quick, value) in rows { #expect(bound.test(set, quick: quick) == .atLeast(value)) }
    #expect(Bound.atMost(2, fashion: 3).test(.fashion, quick: true) == .atMost(3))
  }

  @Test func testsHold() {
    let rows: [(Bound.Test, holds: [Double], fails: [Double])] = [
      (.atLeast(2), [2, 3, .infinity], [1.9, .nan]), (.atMost(2), [2, -1], [2.1, .nan]),
      (.within(1...2), [1, 2], [0.9, 2.1, .nan]), (.equal(2, tolerance: 0.5), [1.5, 2.5], [1.4, .nan]),
      (.isTrue, [1], [0, .nan]),
    ]
    for row in rows {
      #expect(row.holds.allSatisfy(row.0.holds) && !row.fails.contains(where: row.0.holds), "\(row.0)")
    }
  }

  /// Each status, and what results.json says of it.
  @Test func statusesAndResults() throws {
    let folder = try TestFolder()
    let probe = Probe { run in
      run.claim("hand.1", 2, .atLeast(1))
      run.claim("hand.2", 0.5, .atLeast(1), as: .percent, interval: 0.4...0.6, ofCourse: true, reason: "because")
      run.claim("threshold", false, reason: "no")
      run.skip("numeric.error", because: "absent")
      run.decide(.collect, "decision")
    }
    let result = try attempt(probe, in: folder)
    #expect(result.claims.map(\.status) == [.pass, .refuted, .fail, .skipped])
    #expect(result.hasFailed)
    let json = try JSONValue.read("\(folder.path)/2.1/results.json").object()
    let names = [
      "format", "version", "exercise", "title", "language", "data_set", "seed", "quick", "seconds", "claims",
      "decision", "graphs", "weights",
    ]
    #expect(json.fields.map(\.name) == names)
    let claims = try json.required("claims").array().map { $0.text() }
    let refuted =
      #"{"key": "hand.2", "claim": "By hand df/dx2 = 6 at (1, 1)", "figure": 0.5, "interval": [0.4, 0.6], "#
      + #""bound": {"kind": "atLeast", "value": 1}, "status": "refuted", "reason": "because"}"#
    #expect(claims[1] == refuted, "\(claims[1])")
    let report = try folder.text("2.1/report.html")
    #expect(report.contains("50.0 % [40.0 %, 60.0 %]") && report.contains("class=\"refuted\""))
  }

  @Test func whatGoesWrongIsReported() throws {
    let folder = try TestFolder()
    let failing = Probe { _ in throw Diagnostic("no <data>") }
    let result = try attempt(failing, in: folder)
    #expect(result.claims.map(\.key) == ["completed"] && result.hasFailed)
    #expect(try folder.text("2.1/report.html").contains("no &lt;data&gt;"))
    let undecided = try attempt(Probe { $0.claim("threshold", true) }, in: folder)
    #expect(undecided.claims.last?.key == "decided" && undecided.hasFailed)
  }

  /// The lines of a declaration do not count, everything else does.
  @Test func digestsNameContent() throws {
    func graph(_ factor: Double) throws -> Graph {
      try Graph("g") { g in g.output("y", g.input("x", Double.self, [2]) * factor) }
    }
    let same = try Graph("g") { g in
      let x = g.input("x", Double.self, [2])
      g.output("y", x * 2.0)
    }
    #expect(try Digest.of(graph(2)) == Digest.of(same))
    #expect(try Digest.of(graph(2)) != Digest.of(graph(3)))
  }
}
