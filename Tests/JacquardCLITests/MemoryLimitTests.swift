import Foundation
import Jacquard
import JacquardFiles
import Testing

@testable import JacquardCLI

@Suite("--memory-limit")
struct MemoryLimitTests {
  /// A deep classifier with dropout, and its training step.
  private static func deep() throws -> Graph {
    try Graph("deep.train", mode: .training, symbols: ["N": 64]) { g in
      let x = g.input("x", Float.self, ["N", 3])
      let y = g.input("y", Int32.self, ["N"], sample: SampleHint(.integers, low: 0, high: 2))
      let layers: [any UnaryModule] = (0..<10).flatMap { index -> [any UnaryModule] in
        [Linear(index == 0 ? 3 : 24, 24), Tanh(), Dropout(0.2)]
      }
      let model = g.module(Sequential(layers + [Linear(24, 2)]))
      let loss = crossEntropy(logits: model(x), labels: y)
      g.minimize(loss, with: SGD(learningRate: 0.1))
      g.output("loss", loss)
    }
  }

  private func fields(_ outcome: Outcome) throws -> JSONObject {
    try JSONValue.parse(Array(outcome.output.utf8), file: "out").object()
  }

  /// The graph as `d.json`, and a limit of six tenths of its arena.
  private func folder() throws -> (folder: TestFolder, limit: String) {
    let folder = try TestFolder()
    try Self.deep().write(to: folder["d.json"])
    let memory = try fields(jacquard("inspect", folder["d.json"], "--stage", "memory", "--format", "json"))
    #expect(memory["repeated"] == nil && memory["memory_limit_bytes"] == nil)
    return (folder, "\(try memory.required("arena_bytes").int() * 6 / 10)")
  }

  @Test("compile says what a limit costs, inspect what was recomputed, and both plans leave the same files")
  func plans() throws {
    let (folder, limit) = try folder()
    #expect(jacquard("compile", folder["d.json"], "-o", folder["a.plan.json"]).status == 0)
    let compiled = jacquard("compile", folder["d.json"], "-o", folder["b.plan.json"], "--memory-limit", limit)
    #expect(compiled.status == 0 && compiled.output.contains("compute again what was given up"), "\(compiled.output)")
    for line in [["b.plan.json"], ["d.json", "--memory-limit", limit]] {
      let arguments = ["inspect", folder[line[0]], "--stage", "memory"] + line.dropFirst()
      let text = jacquard(arguments).output
      #expect(text.contains("computes again what kernel ") && text.contains("% more)"), "\(text)")
      let memory = try fields(jacquard(arguments + ["--format", "json"]))
      #expect(try memory.required("arena_bytes").int() <= Int(limit) ?? 0)
      #expect(try memory.required("memory_limit_bytes").int() == Int(limit))
      let costs = try memory.required("repeated").array().map { try $0.object().required("cost_ns").int() }
      #expect(try !costs.isEmpty && memory.required("repeated_cost_ns").int() == costs.reduce(0, +))
    }
    let runs = [["a.plan.json"], ["b.plan.json"], ["d.json", "--memory-limit", limit, "--executor", "vm"]]
    for (index, line) in runs.enumerated() {
      let outcome = jacquard(
        ["run", folder[line[0]], "--synthetic", "--steps", "3", "--save", folder["\(index).safetensors"]]
          + line.dropFirst())
      #expect(outcome.status == 0, "\(outcome.errors)")
    }
    let saved = try runs.indices.map { try Data(contentsOf: URL(fileURLWithPath: folder["\($0).safetensors"])) }
    #expect(saved[0] == saved[1] && saved[0] == saved[2])
  }

  @Test("train and bench keep to it")
  func trainAndBench() throws {
    let (folder, limit) = try folder()
    let (x, y) = try Fixtures.points(128)
    try Npy.write(x, to: folder["x.npy"])
    try Npy.write(y, to: folder["y.npy"])
    for (index, options) in [[], ["--memory-limit", limit]].enumerated() {
      let outcome = jacquard(
        [
          "train", folder["d.json"], "--data", "x=\(folder["x.npy"]),y=\(folder["y.npy"])", "--save",
          folder["\(index).safetensors"],
        ] + options)
      #expect(outcome.status == 0, "\(outcome.errors)")
    }
    let saved = try (0..<2).map { try Data(contentsOf: URL(fileURLWithPath: folder["\($0).safetensors"])) }
    #expect(saved[0] == saved[1])
    let bench = jacquard("bench", folder["d.json"], "--steps", "1", "--json", "--memory-limit", limit)
    #expect(try fields(bench).required("arena_bytes").int() <= Int(limit) ?? 0)
  }

  @Test("What cannot be kept is one line that names kernel and buffers; what has no arena is refused")
  func refusals() throws {
    let (folder, _) = try folder()
    #expect(jacquard("compile", folder["d.json"], "-o", folder["d.plan.json"]).status == 0)
    let (graph, plan) = (folder["d.json"], folder["d.plan.json"])
    let lines: [([String], Int32, String)] = [
      (["compile", graph, "-o", folder["e.plan.json"], "--memory-limit", "64"], 2, "smallest arena found"),
      (["run", graph, "--synthetic", "--memory-limit", "64"], 2, "Alive in kernel"),
      (["inspect", graph, "--memory-limit", "64"], 2, "d.json"),
      (["run", graph, "--synthetic", "--memory-limit", "64", "--executor", "reference"], 64, "executor"),
      (["run", plan, "--synthetic", "--memory-limit", "64"], 64, "graph"),
      (["inspect", plan, "--memory-limit", "64"], 64, "compiled already"),
      (["bench", plan, "--memory-limit", "64"], 64, "graph"),
      (["compile", graph, "-o", folder["e.plan.json"], "--memory-limit", "0"], 64, "--memory-limit"),
      (["bench", graph, "--ablate", "--memory-limit", "64"], 64, "--ablate"),
      (["train", graph, "--data", "x", "--memory-limit", "9", "--executor", "reference"], 64, "reference"),
    ]
    for (line, status, part) in lines {
      let outcome = jacquard(line)
      #expect(outcome.status == status && outcome.errors.contains(part), "\(line): \(outcome.errors)")
      if status == 2 { #expect(outcome.errorLines.count == 1, "\(line): \(outcome.errors)") }
    }
    #expect(folder.contents["e.plan.json"] == nil)
  }
}
