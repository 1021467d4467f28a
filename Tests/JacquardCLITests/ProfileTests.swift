import Foundation
import Jacquard
import JacquardFiles
import Testing

@testable import JacquardCLI

@Suite("profile and bench --trace", .serialized)
struct ProfileTests {
  private func object(_ outcome: Outcome) throws -> JSONObject {
    try JSONValue.parse(Array(outcome.output.utf8), file: "profile").object()
  }

  private func folder() throws -> TestFolder {
    let folder = try TestFolder()
    try Fixtures.training().write(to: folder["t.json"])
    return folder
  }

  @Test(
    "JSON has the keys of docs/profiling.md, and the shares and waiting make the whole", arguments: ["vm", "native"])
  func json(_ executor: String) throws {
    let folder = try folder()
    let report = try object(
      jacquard(
        "profile", folder["t.json"], "--json", "--steps", "5", "--executor", executor, "--threads", "2", "--bind",
        "N=64"))
    let names = [
      "format", "version", "graph", "executor", "threads", "steps", "median_ms", "total_ns", "waiting_share", "limits",
      "profile",
    ]
    #expect(report.fields.map(\.name) == names)
    #expect(try report.required("executor").string() == executor && report.required("threads").int() == 2)
    let kernels = try report.required("profile").array().map { try $0.object() }
    let keys = [
      "name", "expected_ns", "ns", "threads", "nodes", "share", "flops", "gflops", "bytes", "gb_per_s", "of_limit",
    ]
    var sum = try report.required("waiting_share").double()
    for kernel in kernels {
      #expect(kernel.fields.map(\.name) == keys)
      #expect(try kernel.required("threads").array().count == 2 && kernel.required("of_limit").double() >= 0)
      sum += try kernel.required("share").double()
    }
    #expect(!kernels.isEmpty && abs(sum - 1) < 0.01, "\(sum)")
    let limits = try report.required("limits").object()
    #expect(try limits.required("gflops").double() > 0 && limits.required("gb_per_s").double() > 0)
  }

  @Test("The table names kernels and nodes, and bench --profile the same kernels by thread")
  func text() throws {
    let folder = try folder()
    let text = jacquard("profile", folder["t.json"], "--steps", "3", "--executor", "vm").output
    for part in ["tiny.train: vm, ", "limits: ", "GFLOP/s", "of limit", "waiting", "step", "100.0 %"] {
      #expect(text.contains(part), "\(part)")
    }
    let bench = jacquard("bench", folder["t.json"], "--steps", "3", "--executor", "vm", "--profile").output
    #expect(bench.contains("thread 0 (tiles)") && bench.contains("expected"))
    #expect(jacquard("compile", folder["t.json"], "-o", folder["t.plan.json"]).status == 0)
    #expect(jacquard("profile", folder["t.plan.json"], "--steps", "3", "--executor", "vm").status == 0)
  }

  private struct Span {
    let name, category: String
    let thread: Int
    let start, end: Double

    /// - Returns: nil for names of rows.
    init?(_ value: JSONValue) throws {
      let event = try value.object()
      guard try event.required("ph").string() == "X" else { return nil }
      name = try event.required("name").string()
      category = try event.required("cat").string()
      thread = try event.required("tid").int()
      start = try event.required("ts").double()
      end = start + (try event.required("dur").double())
    }
  }

  @Test("A trace has a row a thread, in which spans follow or hold each other", arguments: ["t", "lstm"])
  func trace(_ name: String) throws {
    let folder = try folder()
    try ModelZoo.graph("lstm.train").write(to: folder["lstm.json"])
    let outcome = jacquard(
      "bench", folder["\(name).json"], "--steps", "4", "--executor", "vm", "--threads", "2", "--trace",
      folder["trace.json"])
    #expect(outcome.status == 0 && outcome.output.contains("median"), "\(outcome.errors)")
    let trace = try JSONValue.parse(Array(folder.text("trace.json").utf8), file: "trace").object()
    #expect(trace.fields.map(\.name) == ["traceEvents", "displayTimeUnit", "limits", "profile"])
    let events = try trace.required("traceEvents").array()
    let spans = try events.compactMap { try Span($0) }
    #expect(events.count == spans.count + 4)
    #expect(Set(spans.map(\.thread)) == [0, 1, 2] && Set(spans.map(\.category)) == ["kernel", "waiting", "step"])
    let kernels = try trace.required("profile").array().map { try $0.object().required("name").string() }
    #expect(Set(kernels).isSubset(of: Set(spans.map(\.name))))
    for thread in 0..<3 {
      var open: [Span] = []
      for span in spans.filter({ $0.thread == thread }).sorted(by: { ($0.start, $1.end) < ($1.start, $0.end) }) {
        while let last = open.last, last.end <= span.start + 1e-6 { open.removeLast() }
        #expect(open.last.map { span.end <= $0.end + 1e-6 } ?? true, "\(span) begins in \(open) and ends after it")
        open.append(span)
      }
    }
  }

  @Test("inspect and its page show the times and limits of a trace; one of another plan is refused")
  func inspect() throws {
    let folder = try folder()
    try folder.write("g.json", Fixtures.graph)
    let (graph, trace) = (folder["t.json"], folder["trace.json"])
    #expect(jacquard("bench", graph, "--steps", "2", "--trace", trace, "--threads", "2").status == 0)
    let profile = try JSONValue.parse(Array(folder.text("trace.json").utf8), file: "trace").object()
    let expected = try profile.required("profile").array().map { try $0.object().required("ns") }
    let line = ["inspect", graph, "--profile", trace]
    let stage = try object(jacquard(line + ["--stage", "kernels", "--format", "json"]))
    let kernels = try stage.required("kernels").array().map { try $0.object() }
    #expect(try kernels.map { try $0.required("measured_ns") } == expected)
    #expect(try kernels.allSatisfy { try $0.required("measured_threads").array().count == 2 })
    let limits = try stage.required("limits").object()
    #expect(try limits.required("measured").bool() && !limits.required("given").bool())
    #expect(try limits.required("gflops") == profile.required("limits").object().required("gflops"))
    let given = try object(
      jacquard(line + ["--stage", "kernels", "--format", "json", "--peak-gflops", "5", "--peak-bandwidth", "1"]))
    #expect(try given.required("limits").object().required("gflops").double() == 5)
    #expect(jacquard(line + ["--format", "html", "-o", folder["p.html"]]).status == 0)
    let page = try folder.text("p.html")
    #expect(
      page.contains("measured_ns") && page.contains("measured_threads") && page.contains("measured with the times"))
    let other = jacquard("inspect", folder["g.json"], "--profile", trace)
    #expect(other.status == 2 && other.errors.contains("measured with another plan"), "\(other.errors)")
    try folder.write("bad.json", folder.text("trace.json").replacing("\"gflops\": ", with: "\"gflops\": -"))
    #expect(jacquard("inspect", graph, "--profile", folder["bad.json"]).status == 2)
  }

  @Test("What has no kernels, or no place, is refused before anything runs")
  func refused() throws {
    let folder = try folder()
    let graph = folder["t.json"]
    let lines: [([String], Int32)] = [
      (["profile", graph, "--executor", "reference"], 64), (["profile", graph, "--steps", "0"], 64),
      (["bench", graph, "--executor", "reference", "--trace", folder["x.json"]], 64),
      (["bench", graph, "--ablate", "--trace", folder["x.json"]], 64),
      (["bench", graph, "--trace", folder["none/x.json"]], 2), (["profile", folder["absent.json"]], 2),
    ]
    let before = folder.contents
    for (line, status) in lines {
      let outcome = jacquard(line)
      #expect(outcome.status == status && outcome.output.isEmpty, "\(line): \(outcome.errors)")
      #expect(folder.contents == before, "\(line)")
    }
  }
}
