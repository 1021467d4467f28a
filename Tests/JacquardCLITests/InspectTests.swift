import Foundation
import Jacquard
import JacquardFiles
import Testing

@testable import JacquardCLI

@Suite("inspect")
struct InspectTests {
  private func folder() throws -> TestFolder {
    let folder = try TestFolder()
    try Fixtures.training().write(to: folder["t.json"])
    try folder.write("g.json", Fixtures.graph)
    return folder
  }

  private func object(_ outcome: Outcome) throws -> JSONObject {
    try JSONValue.parse(Array(outcome.output.utf8), file: "inspect").object()
  }

  @Test("Text names passes, rules with their lines, kernels, loops and memory")
  func text() throws {
    let folder = try folder()
    let text = jacquard("inspect", folder["t.json"], "--stage", "all", "--why-not-fused").output
    let expected = [
      "== graph ==", "== optimized ==", "== kernels ==", "== plan ==", "== memory ==", "canonicalise", "nodes  after",
      "JacquardTransforms/", "kernel 0 ", "Support.swift:", "not fused", "because ", "acc = sum over k in 0..<3",
      "lower bound", "naive", "unfused peak", "in place: ", "bound to N = 4",
    ]
    for part in expected { #expect(text.contains(part), "\(part)") }
    #expect(!text.contains("\u{0}") && !text.contains("Optional("))
  }

  @Test("Values that the backward pass reads, with their bytes and lines")
  func saved() throws {
    let folder = try folder()
    let memory = try object(jacquard("inspect", folder["t.json"], "--format", "json", "--stage", "memory"))
    let values = try memory.required("saved_for_backward").array().map { try $0.object() }
    let bytes = try values.map { try $0.required("bytes").int() }
    #expect(!bytes.isEmpty && bytes == bytes.sorted(by: >))
    #expect(try memory.required("saved_for_backward_bytes").int() == bytes.reduce(0, +))
    #expect(try values.allSatisfy { try $0.required("site").string().contains("Support.swift:") })
    let text = jacquard("inspect", folder["t.json"], "--stage", "memory").output
    #expect(text.contains("saved for the backward pass: "))
    #expect(!jacquard("inspect", folder["g.json"], "--stage", "memory").output.contains("saved for the backward"))
  }

  @Test("The pseudo-code of a product with an epilogue")
  func product() throws {
    let folder = try folder()
    let text = jacquard("inspect", folder["g.json"], "--stage", "kernels").output
    #expect(text.contains("for m in 0..<2, n in 0..<2"), "\(text)")
    #expect(text.contains("acc = sum over k in 0..<3 of x{3*m + k} * w{2*k + n}"), "\(text)")
    #expect(text.contains("%1[m,n] = exp(acc)"), "\(text)")
  }

  @Test("JSON has the keys that docs/inspect.md names")
  func json() throws {
    let folder = try folder()
    let keys: [String: [String]] = [
      "graph": ["document"], "optimized": ["passes", "times", "document"],
      "kernels": ["kernels", "kernels_before_fusion", "not_fused"],
      "plan": ["bindings", "inputs", "outputs", "schedule", "buffers", "arena_bytes"],
      "memory": [
        "arena_bytes", "arena_lower_bound_bytes", "arena_naive_bytes", "arena_unfused_peak_bytes", "parameter_bytes",
        "state_bytes", "data_bytes", "in_place_joins", "in_place_updates", "copies", "joins", "buffers",
        "saved_for_backward_bytes", "saved_for_backward",
      ],
      "c": ["functions", "by_vm"],
    ]
    let all = try object(jacquard("inspect", folder["t.json"], "--format", "json", "--stage", "all", "--why-not-fused"))
    let stages = try all.required("stages").object()
    #expect(stages.fields.map(\.name) == ["graph", "optimized", "kernels", "plan", "memory", "c"])
    for (stage, names) in keys {
      #expect(try stages.required(stage).object().fields.map(\.name) == names, "\(stage)")
      if stage == "kernels" { continue }
      let alone = try object(jacquard("inspect", folder["t.json"], "--format", "json", "--stage", stage))
      #expect(alone.fields.map(\.name) == ["format", "version", "graph", "stage"] + names, "\(stage)")
    }
    let memory = try object(jacquard("inspect", folder["t.json"], "--format", "json", "--stage", "memory"))
    let bench = try object(jacquard("bench", folder["t.json"], "--steps", "1", "--json"))
    for key in ["arena_bytes", "arena_lower_bound_bytes", "arena_naive_bytes", "in_place_joins"] {
      #expect(try memory.required(key).int() == bench.required(key).int(), "\(key)")
    }
  }

  @Test("The document of a stage is a graph that can be read")
  func document() throws {
    let folder = try folder()
    for stage in ["graph", "optimized"] {
      let report = try object(jacquard("inspect", folder["t.json"], "--format", "json", "--stage", stage))
      try report.required("document").write(to: folder["\(stage).json"])
      #expect(jacquard("check", folder["\(stage).json"]).status == 0)
    }
  }

  @Test("DOT, files and plans")
  func forms() throws {
    let folder = try folder()
    for stage in ["graph", "optimized", "kernels"] {
      let text = jacquard("inspect", folder["t.json"], "--stage", stage, "--format", "dot").output
      #expect(text.hasPrefix("digraph") && text.hasSuffix("}\n"), "\(stage)")
    }
    #expect(jacquard("inspect", folder["t.json"], "-o", folder["i.txt"]).output.isEmpty)
    #expect(try folder.text("i.txt").contains("== memory =="))
    #expect(jacquard("compile", folder["t.json"], "-o", folder["t.plan.json"]).status == 0)
    let plan = jacquard("inspect", folder["t.plan.json"]).output
    #expect(plan.contains("== kernels ==") && !plan.contains("== graph =="), "\(plan)")
  }
}
