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

  @Test("Kernels that run block by block, and those that run again for it")
  func sections() throws {
    let graph = URL(fileURLWithPath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
      .deletingLastPathComponent().appendingPathComponent("graphs/transformer.train.json").path
    let text = jacquard("inspect", graph, "--stage", "kernels").output
    #expect(text.contains("run together, block by block (64 blocks); never whole: "))
    #expect(text.contains("  again   what kernel 4 did, so that nobody stores it"))
    let kernels = try object(jacquard("inspect", graph, "--format", "json", "--stage", "kernels"))
    let repeated = try kernels.required("kernels").array().map { try $0.object() }.filter { kernel in
      kernel.fields.contains { $0.name == "repeats" } && kernel.fields.contains { $0.name == "section" }
    }
    #expect(repeated.count == 8)
    let plan = try object(jacquard("inspect", graph, "--format", "json", "--stage", "plan"))
    let places = try plan.required("buffers").array().map { try $0.object().required("place").string() }
    #expect(try !plan.required("sections").array().isEmpty && places.contains("scratch"))
  }

  @Test("JSON has the keys that docs/inspect.md names")
  func json() throws {
    let folder = try folder()
    let keys: [String: [String]] = [
      "graph": ["document"], "optimized": ["passes", "times", "document"],
      "kernels": ["kernels", "limits", "kernels_before_fusion", "fused", "not_fused"],
      "plan": [
        "bindings", "inputs", "outputs", "schedule", "sections", "buffers", "arena_bytes", "block_memory_bytes",
      ],
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

  @Test("Every list of the record holds what it should and no null")
  func noNull() throws {
    let folder = try folder()
    for name in ["t.json", "g.json"] {
      let line = ["inspect", folder[name], "--format", "json", "--stage", "all", "--why-not-fused"]
      #expect(!jacquard(line).output.contains("null"), "\(name)")
    }
  }

  @Test("Passes keep their graphs and explain their rules; kernels tell what they compute and move")
  func details() throws {
    let folder = try folder()
    let line = ["inspect", folder["t.json"], "--format", "json", "--stage", "all", "--why-not-fused"]
    let stages = try object(jacquard(line + ["--peak-gflops", "50", "--peak-bandwidth", "10"])).required("stages")
      .object()
    let optimized = try stages.required("optimized").object()
    let final = try optimized.required("document").object().required("nodes").array().count
    let changed = try optimized.required("passes").array().map { try $0.object() }.filter { pass in
      try !pass.required("firings").array().isEmpty || pass.required("nodes_before") != pass.required("nodes_after")
    }
    #expect(changed.count > 1)
    for (index, pass) in changed.enumerated() {
      let after = try pass.required("nodes_after").int()
      let document = try pass["document"]?.object().required("nodes").array().count
      #expect(document == (index == changed.count - 1 ? nil : after))
      if index == changed.count - 1 { #expect(after == final) }
      let rules = try pass.required("rules").array().map { try $0.object() }
      #expect(try rules.allSatisfy { try !$0.required("explanation").string().isEmpty })
    }
    let kernels = try stages.required("kernels").object()
    #expect(
      try kernels.required("limits")
        == JSONValue.parse(Array(#"{"gflops":50,"gb_per_s":10,"given":true}"#.utf8), file: ""))
    for kernel in try kernels.required("kernels").array().map({ try $0.object() }) {
      #expect(try kernel.required("bytes_written").double() > 0 && kernel.required("flops").double() >= 0)
    }
    let count = try kernels.required("kernels").array().count
    let indices = try stages.required("c").object().required("functions").array().flatMap { function in
      try function.object().required("indices").array().map { try $0.int() }
    }
    #expect(!indices.isEmpty && Set(indices).isSubset(of: 0..<count))
  }

  @Test("Measured times come from a profile of the same plan; any other is refused, and named")
  func profile() throws {
    let folder = try folder()
    let bench = jacquard("bench", folder["t.json"], "--steps", "1", "--profile", "--json", "--executor", "vm")
    try folder.write("p.json", bench.output)
    let line = ["inspect", folder["t.json"], "--profile", folder["p.json"], "--stage", "kernels"]
    let report = try object(jacquard(line + ["--format", "json"]))
    let expected = try object(bench).required("profile").array().map { try $0.object().required("ns") }
    #expect(try report.required("kernels").array().map { try $0.object().required("measured_ns") } == expected)
    #expect(jacquard(line).output.contains(" on one thread, measured "))
    for bad in [folder["t.json"], folder["absent.json"]] {
      let outcome = jacquard("inspect", folder["t.json"], "--profile", bad)
      #expect(outcome.status == 2 && outcome.errorLines.count == 1 && outcome.errors.contains(bad), "\(outcome)")
    }
    let other = jacquard("inspect", folder["g.json"], "--profile", folder["p.json"])
    #expect(other.status == 2 && other.errors.contains("another plan"), "\(other)")
    #expect(jacquard("inspect", folder["t.json"], "--profile", folder["p.json"], "--stage", "memory").status == 64)
  }

  @Test("Operations and bytes of a product with an epilogue, counted by hand")
  func work() throws {
    let folder = try folder()
    let report = try object(jacquard("inspect", folder["g.json"], "--format", "json", "--stage", "kernels"))
    let kernels = try report.required("kernels").array().map { try $0.object() }
    #expect(kernels.count == 1)
    // 2 x 2 results: two operations for each of three terms, and exp. Arrays of 2 x 3 and 3 x 2 are read, one of 2 x 2 is written.
    #expect(try kernels[0].required("flops").double() == 4 * (2 * 3 + 1))
    #expect(try kernels[0].required("bytes_read").double() == 4 * (6 + 6))
    #expect(try kernels[0].required("bytes_written").double() == 4 * 4)
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
