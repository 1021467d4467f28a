import Foundation
import Jacquard
import JacquardCore
import JacquardFiles
import Testing

@testable import JacquardCLI

@Suite("diff and bisect", .serialized)
struct DiffTests {
  private func object(_ outcome: Outcome) throws -> JSONObject {
    try JSONValue.parse(Array(outcome.output.utf8), file: "report").object()
  }

  /// The fixture, and what a change of its text makes of it.
  private func folder(_ old: String = "", _ new: String = "") throws -> TestFolder {
    let folder = try TestFolder()
    try folder.write("a.json", Fixtures.graph)
    try folder.write("b.json", old.isEmpty ? Fixtures.graph : Fixtures.graph.replacing(old, with: new))
    return folder
  }

  /// What is replaced, how diff is asked, its status, and a part of what it prints.
  private static let cases: [(String, String, [String], Int32, String)] = [
    ("", "", [], 0, "same structure: 2 nodes"),
    ("\"g\"", "\"other\"", [], 0, "same structure"),
    ("\"op\": \"exp\"", "\"op\": \"tanh\"", [], 1, "~ node %1\n    operation: exp -> tanh"),
    ("\"default\": 2", "\"default\": 3", [], 1, "~ symbol N\n    default: 2 -> 3"),
    ("\"seed\": 1,", "\"seed\": 2,", [], 1, "~ input w\n    init: "),
    ("", "", ["--synthetic"], 0, "equal"),
    ("\"op\": \"exp\"", "\"op\": \"expm1\"", ["--synthetic", "--values-only"], 1, "4 of 4 elements differ"),
    ("\"op\": \"exp\"", "\"op\": \"expm1\"", ["--seed", "3", "--values-only", "--atol", "2"], 0, "equal"),
    // Both get the same parameters, whatever their initialisers say.
    ("\"seed\": 1,", "\"seed\": 2,", ["--synthetic", "--values-only"], 0, "equal"),
    ("{\"name\": \"y\", \"value\"", "{\"name\": \"z\", \"value\"", ["--synthetic"], 1, "only in"),
    ("", "", ["--synthetic", "--executor", "reference", "--bind", "N=5"], 0, "equal"),
  ]

  @Test("What differs is said, and the status tells whether anything does", arguments: cases.indices)
  func diff(_ index: Int) throws {
    let (old, new, options, status, part) = DiffTests.cases[index]
    let folder = try folder(old, new)
    let line = ["diff", folder["a.json"], folder["b.json"]] + options
    let outcome = jacquard(line)
    #expect(outcome.status == status && outcome.output.contains(part), "\(outcome)")
    #expect(outcome.errorLines.isEmpty)
    let report = try object(jacquard(line + ["--json"]))
    #expect(try report.required("equal").bool() == (status == 0))
    #expect((report["differences"] == nil) == options.contains("--values-only"))
    #expect((report["values"] == nil) == options.isEmpty)
  }

  @Test("Data, parameters and updates of a whole step")
  func data() throws {
    let folder = try TestFolder()
    _ = try folder.trainingSet(4)
    let run = jacquard(
      "run", folder["t.json"], "--input", "x=\(folder["x.npy"])", "--input", "y=\(folder["y.npy"])", "--save",
      folder["p.safetensors"])
    #expect(run.status == 0, "\(run.errors)")
    let line = [
      "diff", folder["t.json"], folder["t.json"], "--input", "x=\(folder["x.npy"])", "--input", "y=\(folder["y.npy"])",
      "--params", folder["p.safetensors"], "--json",
    ]
    let report = try object(jacquard(line))
    let names = try report.required("values").array().map { try $0.object().required("name").string() }
    #expect(names.first == "loss" && names.filter { $0.hasPrefix("update ") }.count == 2, "\(names)")
    #expect(try report.required("equal").bool())
    let missing = jacquard("diff", folder["t.json"], folder["t.json"], "--input", "x=\(folder["x.npy"])")
    #expect(missing.status == 2 && missing.errors.contains("'y'"), "\(missing)")
  }

  @Test("Every graph of the zoo differs from another, and not from itself")
  func zoo() throws {
    let folder = try TestFolder()
    try ModelZoo.graph("mlp.train").write(to: folder["a.json"])
    try ModelZoo.graph("mlp.sgd.train").write(to: folder["b.json"])
    #expect(jacquard("diff", folder["a.json"], folder["a.json"]).status == 0)
    let report = jacquard("diff", folder["a.json"], folder["b.json"])
    #expect(report.status == 1 && report.output.contains("- input adam/m/hidden/weight"), "\(report.output)")
  }

  @Test("bisect finds nothing wrong in graphs of all kinds", arguments: ["mlp.train", "cnn", "lstm", "vae"])
  func bisect(_ name: String) throws {
    let folder = try TestFolder()
    let graph = try ModelZoo.graph(name)
    try graph.write(to: folder["g.json"])
    let small = graph.symbols.contains { $0.name == "N" } ? ["--bind", "N=3"] : []
    let outcome = jacquard(["bisect", folder["g.json"], "--executor", "vm"] + small)
    #expect(outcome.status == 0 && outcome.output.contains("agree with the reference"), "\(outcome)")
  }

  @Test("A tolerance that rounding does not keep makes bisect name a step")
  func strict() throws {
    let folder = try TestFolder()
    try Fixtures.training().write(to: folder["t.json"])
    let line = ["bisect", folder["t.json"], "--rtol", "0", "--atol", "0", "--bind", "N=64"]
    let outcome = jacquard(line)
    #expect(outcome.status == 1 && outcome.output.contains("is the first that differs"), "\(outcome)")
    let report = try object(jacquard(line + ["--json"]))
    #expect(try !report.required("agrees").bool())
    let steps = try (report.required("passes").array() + report.required("kernels").array()).map { try $0.object() }
    #expect(
      try steps.filter { try $0.required("wrong").bool() }.count == 1 && steps.last?.required("wrong").bool() == true)
    let finding = try #require(try steps.last?.required("findings").array().first?.object())
    #expect(try finding.required("beyond").int() > 0 && finding.required("first").object().fields.count == 3)
  }

  @Test("Wrong use")
  func refused() throws {
    let folder = try folder()
    let (a, b) = (folder["a.json"], folder["b.json"])
    #expect(jacquard("compile", a, "-o", folder["a.plan.json"]).status == 0)
    let lines: [([String], Int32)] = [
      (["diff", a], 64), (["diff", a, b, "--values-only"], 64), (["diff", a, b, "--rtol", "1"], 64),
      (["diff", a, b, "--synthetic", "--rtol", "-1"], 64), (["diff", a, folder["absent.json"]], 2),
      (["diff", a, folder["a.plan.json"]], 2), (["bisect", folder["a.plan.json"]], 2),
      (["bisect", a, "--executor", "reference"], 64), (["bisect", a, "--rtol", "nan"], 64),
      (["bisect", a, "--input", "q=\(a)"], 2), (["bisect", a, "--bind", "M=3"], 2),
    ]
    for (line, status) in lines {
      let outcome = jacquard(line)
      #expect(outcome.status == status && outcome.output.isEmpty && !outcome.errors.isEmpty, "\(line): \(outcome)")
    }
  }
}
