import Foundation
import Jacquard
import Testing

@testable import JacquardCLI

/// What a user sees of the executors.
@Suite struct ExecutorTests {
  static let graphs: [String] = {
    let folder = URL(fileURLWithPath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
      .deletingLastPathComponent().appendingPathComponent("graphs").path
    let names = (try? FileManager.default.contentsOfDirectory(atPath: folder)) ?? []
    return names.filter { $0.hasSuffix(".json") }.sorted().map { "\(folder)/\($0)" }
  }()

  @Test(
    "Two steps of each model: native and vm leave the same files, whatever memory holds that nobody owns",
    arguments: graphs)
  func sameFiles(_ graph: String) throws {
    var left: [[String: Data]] = []
    for way in [["vm"], ["native"], ["vm", "--poison"], ["native", "--poison"]] {
      let folder = try TestFolder()
      let outcome = jacquard(
        [
          "run", graph, "--synthetic", "--steps", "2", "--output-dir", folder["out"], "--save",
          folder["kept.safetensors"], "--executor",
        ] + way)
      #expect(outcome.status == 0 && outcome.errors.isEmpty, "\(way): \(outcome.errors)")
      left.append(folder.contents)
      #expect(left[0] == left[left.count - 1], "\(way)")
    }
    #expect(left[0].count > 1)
  }

  @Test("A measured choice is part of the plan and shown; another time nothing is measured")
  func autotune() throws {
    let folder = try TestFolder()
    let graph = try Graph("product") { g in
      let x = g.input("x", Float.self, [130, 200])
      g.output("y", softmax(matmul(x, g.input("w", Float.self, [200, 150])), axis: 1))
    }
    try graph.write(to: folder["g.json"])
    var notes: [String] = []
    for name in ["a", "b"] {
      let outcome = jacquard("compile", folder["g.json"], "--autotune", "-o", folder["\(name).plan.json"])
      #expect(outcome.status == 0, "\(outcome.errors)")
      notes.append(outcome.errors)
    }
    #expect(notes[0].hasPrefix("note: products measured: "))
    #expect(notes[1].hasPrefix("note: products measured: 0, known: 1, made in another way: "))
    #expect(try folder.text("a.plan.json") == folder.text("b.plan.json"))
    let shown = jacquard("inspect", folder["a.plan.json"], "--stage", "kernels").output
    #expect(shown.contains("by blocks, measured, dealt to threads"), "\(shown)")
    for executor in ["vm", "native"] {
      let line = ["run", "--synthetic", "--executor", executor, "--output-dir"]
      #expect(jacquard(line + [folder["plan-\(executor)"], folder["a.plan.json"]]).status == 0)
      #expect(jacquard(line + [folder["graph-\(executor)"], folder["g.json"], "--autotune"]).status == 0)
    }
    let results = folder.contents.filter { $0.key.hasSuffix("y.npy") }.map(\.value)
    #expect(results.count == 4 && Set(results).count == 1)
  }

  @Test("Names from a graph stay names in emitted C")
  func hostileNames() throws {
    let folder = try TestFolder()
    let name = "*/ #error /* ??/"
    let graph = try Graph("hostile") { g in
      let x = g.input(name, Float.self, [37])
      g.output("y*/;", (exp(x) * 2 + x).named(name + "node"))
    }
    try graph.write(to: folder["g.json"])
    let run = jacquard(["run", folder["g.json"], "--synthetic", "--executor", "native"])
    #expect(run.status == 0 && run.errors.isEmpty, "\(run.errors)")
    let c = jacquard(["inspect", folder["g.json"], "--stage", "c"])
    // What is left of the name, and nothing that ends a comment.
    #expect(c.output.contains("_error") && !c.output.contains("*/ #"), "\(c.output)")
  }

  @Test("bench says which executor ran", arguments: ["native", "vm"])
  func bench(_ executor: String) throws {
    let outcome = jacquard(["bench", Self.graphs[0], "--steps", "1", "--executor", executor, "--json"])
    #expect(outcome.status == 0 && outcome.output.contains("\"executor\": \"\(executor)\""), "\(outcome.output)")
  }

  @Test("ops says on which types all samples become emitted C")
  func emittedOperations() throws {
    let rows = OperationTable(.standard).rows
    let emitted = Dictionary(rows.map { ($0.name, $0.emitted) }) { first, _ in first }
    for name in ["exp", "add", "layerNorm", "sum", "select"] {
      #expect(emitted[name]?.contains(.f32) == true && emitted[name]?.contains(.f64) == false, "\(name)")
    }
    for name in ["cumsum", "cholesky", "cond", "sort", "lgamma"] { #expect(emitted[name] == [], "\(name)") }
  }
}
