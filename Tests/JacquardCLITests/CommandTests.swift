import Foundation
import Jacquard
import JacquardCore
import JacquardFiles
import JacquardOps
import Testing

@testable import JacquardCLI

@Suite("Commands")
struct CommandTests {
  @Test("run writes outputs, and both executors agree")
  func run() throws {
    let folder = try TestFolder()
    try folder.write("g.json", Fixtures.graph.replacing("\"name\": \"y\"", with: "\"name\": \"a/b%\""))
    for executor in ["vm", "reference", "auto"] {
      let outcome = jacquard(
        "run", folder["g.json"], "--synthetic", "--bind", "N=5", "--seed", "-3", "--executor", executor, "--output-dir",
        folder[executor])
      #expect(outcome.status == 0 && outcome.output.isEmpty, "\(outcome.errors)")
    }
    let (a, b) = (try Npy.read(folder["vm/a%2Fb%25.npy"]), try Npy.read(folder["reference/a%2Fb%25.npy"]))
    #expect(a.type == "f32[5,2]")
    for index in 0..<a.count {
      #expect(abs(a[linear: index].asDouble - b[linear: index].asDouble) < 1e-5)
    }
    #expect(try Npy.read(folder["auto/a%2Fb%25.npy"]) == a)
  }

  @Test("A plan gives the same bytes as its graph")
  func plan() throws {
    let folder = try TestFolder()
    try folder.write("g.json", Fixtures.graph)
    #expect(jacquard("compile", folder["g.json"], "--bind", "N=7", "-o", folder["g.plan.json"]).status == 0)
    let lines = [
      ["run", folder["g.json"], "--bind", "N=7"], ["run", folder["g.plan.json"]],
      ["run", folder["g.plan.json"], "--threads", "2"],
    ]
    for (index, line) in lines.enumerated() {
      #expect(jacquard(line + ["--synthetic", "--output-dir", folder["\(index)"]]).status == 0)
    }
    let first = try Npy.read(folder["0/y.npy"])
    #expect(try Npy.read(folder["1/y.npy"]) == first && Npy.read(folder["2/y.npy"]) == first)
    #expect(jacquard("check", folder["g.plan.json"]).output.contains("symbol     N = 7"))
  }

  @Test("Steps feed updates back; what was saved goes on")
  func steps() throws {
    let folder = try TestFolder()
    _ = try folder.trainingSet(4)
    let inputs = ["--input", "x=\(folder["x.npy"])", "--input", "y=\(folder["y.npy"])"]
    func run(_ further: String...) -> Outcome { jacquard(["run", folder["t.json"]] + inputs + further) }
    #expect(run("--steps", "6", "--output-dir", folder["six"], "--save", folder["six.safetensors"]).status == 0)
    #expect(run("--steps", "2", "--save", folder["two.safetensors"]).status == 0)
    let outcome = run(
      "--params", folder["two.safetensors"], "--steps", "4", "--output-dir", folder["four"], "--save",
      folder["four.safetensors"])
    #expect(outcome.status == 0, "\(outcome.errors)")
    #expect(try Npy.read(folder["six/loss.npy"]) == Npy.read(folder["four/loss.npy"]))
    #expect(
      try SafetensorsFile(folder["six.safetensors"]).tensors() == SafetensorsFile(folder["four.safetensors"]).tensors())
    let loss = try Npy.read(folder["six/loss.npy"])[linear: 0].asDouble
    #expect(run("--output-dir", folder["one"]).status == 0)
    #expect(loss < (try Npy.read(folder["one/loss.npy"])[linear: 0].asDouble))
  }

  @Test("grad writes a graph whose gradient is right")
  func grad() throws {
    let folder = try TestFolder()
    let source = try Graph("s") { g in
      let x = g.input("x", Double.self, [3], sample: SampleHint(.uniform, low: 1, high: 2))
      g.output("loss", (x * x * x).sum())
    }
    try source.write(to: folder["s.json"])
    #expect(jacquard("grad", folder["s.json"], "--of", "loss", "--wrt", "x", "-o", folder["d.json"]).status == 0)
    let x = try HostTensor([1.0, 2.0, -3.0], [3])
    try Npy.write(x, to: folder["x.npy"])
    let outcome = jacquard("run", folder["d.json"], "--input", "x=\(folder["x.npy"])", "--output-dir", folder["out"])
    #expect(outcome.status == 0, "\(outcome.errors)")
    #expect(try Npy.read(folder["out/grad%2Fx.npy"]).elements(Double.self) == [3, 12, 27])
    for (of, wrt) in [("nothing", "x"), ("loss", "nothing")] {
      let outcome = jacquard("grad", folder["s.json"], "--of", of, "--wrt", wrt, "-o", folder["e.json"])
      BadFileTests.expectRefusal(outcome, naming: "s.json", "'nothing'", "\(of) \(wrt)")
    }
  }

  @Test("convert goes there and back")
  func convert() throws {
    let folder = try TestFolder()
    try folder.write("g.json", Fixtures.graph)
    #expect(jacquard("convert", folder["g.json"], folder["g.txt"]).status == 0)
    #expect(jacquard("convert", folder["g.txt"], folder["again.json"]).status == 0)
    #expect(try folder.text("again.json") == Fixtures.graph)
    #expect(jacquard("convert", folder["g.json"], folder["g.dot"]).status == 0)
    #expect(try folder.text("g.dot").hasPrefix("digraph"))
  }

  @Test("convert writes ONNX models with their parameters, which run alike", arguments: [[], ["--external-data"]])
  func convertToONNX(_ options: [String]) throws {
    let folder = try TestFolder()
    try folder.write("g.json", Fixtures.graph)
    try Npy.write(try HostTensor([1, 2, 3, 4, 5, 6] as [Float], [2, 3]), to: folder["x.npy"])
    let given = ["--input", "x=\(folder["x.npy"])"]
    #expect(jacquard(["convert", folder["g.json"], folder["g.onnx"], "--seed", "3"] + options).status == 0)
    #expect(jacquard(["run", folder["g.json"], "--output-dir", folder["a"], "--seed", "3"] + given).status == 0)
    #expect(jacquard(["run", folder["g.onnx"], "--output-dir", folder["b"]] + given).status == 0)
    let results = try ["a", "b"].map { try Npy.read(folder["\($0)/y.npy"]).elements(Float.self) }
    #expect(results[0].count == 4 && zip(results[0], results[1]).allSatisfy { abs($0 - $1) <= 1e-5 * abs($0) })
  }

  @Test("convert refuses what ONNX cannot express in one line that names the operation")
  func convertRandomToONNX() throws {
    let folder = try TestFolder()
    try folder.write("g.json", Fixtures.graph.replacing("\"exp\"", with: "\"digamma\""))
    let outcome = jacquard("convert", folder["g.json"], folder["g.onnx"])
    #expect(outcome.status == 2 && outcome.errorLines.count == 1, "\(outcome.errors)")
    #expect(outcome.errors.contains("ONNX has no operator for operation digamma"), "\(outcome.errors)")
    #expect(jacquard("convert", folder["g.json"], folder["g.txt"], "--external-data").status == 64)
  }

  @Test("check prints the signature")
  func check() throws {
    let folder = try TestFolder()
    try folder.write("g.json", Fixtures.graph)
    let outcome = jacquard("check", folder["g.json"])
    #expect(outcome.output.contains("data       x: f32[N,3]") && outcome.output.contains("output     y: f32[N,2]"))
  }

  @Test("bench --json has the keys of the contract")
  func bench() throws {
    let folder = try TestFolder()
    try Fixtures.training().write(to: folder["t.json"])
    let keys = [
      "graph", "executor", "threads", "steps", "median_ms", "min_ms", "p90_ms", "compile_cold_ms", "compile_warm_ms",
      "arena_bytes", "arena_lower_bound_bytes", "arena_naive_bytes", "scratch_bytes_per_thread", "in_place_joins",
      "kernels", "gflops", "peak_rss_bytes",
    ]
    for executor in ["vm", "reference"] {
      let outcome = jacquard("bench", folder["t.json"], "--steps", "12", "--executor", executor, "--json")
      let figures = try JSONValue.parse(Array(outcome.output.utf8), file: "bench").object()
      for key in keys { #expect(figures[key] != nil, "\(key)") }
      #expect(try figures.required("steps").int() == 12)
      let (least, median) = (try figures.required("min_ms").double(), try figures.required("median_ms").double())
      let slow = try figures.required("p90_ms").double()
      #expect(0 < least && least <= median && median <= slow)
      #expect(try figures.required("peak_rss_bytes").int() > 1 << 20)
      let kernels = try figures.required("kernels").int()
      #expect((kernels > 0) == (executor == "vm"))
    }
    #expect(jacquard("bench", folder["t.json"], "--steps", "3").output.contains("median"))
  }

  @Test("bench leaves parts of the compiler out, some or each in turn")
  func ablation() throws {
    let folder = try TestFolder()
    try Fixtures.training().write(to: folder["t.json"])
    let line = ["bench", folder["t.json"], "--steps", "2", "--executor", "vm", "--json"]
    func object(_ arguments: [String]) throws -> JSONObject {
      try JSONValue.parse(Array(jacquard(line + arguments).output.utf8), file: "bench").object()
    }
    let rows = try object(["--ablate"]).required("rows").array().map { try $0.object() }
    let names = try rows.map { try $0.required("without").string() }
    #expect(names == ["everything"] + LeftOut.parts.map(\.name))
    for row in rows where row["median_ms"] != nil {
      #expect(try row.required("median_ms").double() > 0 && row.required("difference").double() < 1e-3)
    }
    let fusion = try #require(rows.first { try $0.required("without").string() == "fusion" })
    let alone = try object(["--without", "fusion"])
    #expect(try fusion.required("kernels").int() == alone.required("kernels").int())
    #expect(try fusion.required("kernels").int() > rows[0].required("kernels").int())
    // Without native, the executor vm runs the plan that it ran before.
    #expect(rows.last?["median_ms"] == nil && jacquard(line + ["--without", "native,fusion"]).status == 0)
    #expect(jacquard("bench", folder["t.json"], "--steps", "2", "--ablate").output.contains("same plan"))
  }

  @Test("The table of operations is the registry's, and docs/ops.md is up to date")
  func operations() throws {
    let json = try JSONValue.parse(Array(jacquard("ops", "--format", "json").output.utf8), file: "ops").object()
    let names = try json.required("operations").array().map { try $0.object().required("name").string() }
    #expect(names == OperationRegistry.standard.operations.map { $0.name }.sorted())
    let text = jacquard("ops").output
    for name in names { #expect(text.contains("\n\(name) "), "\(name)") }
    let page = URL(fileURLWithPath: #filePath).appendingPathComponent("../../../docs/ops.md").standardized
    let written = try String(contentsOf: page, encoding: .utf8)
    #expect(written == jacquard("ops", "--format", "markdown").output, "jacquard ops --format markdown > docs/ops.md")
  }

  @Test("Each pass changes its example, and the article that shows them is up to date")
  func passes() throws {
    let article = URL(fileURLWithPath: #filePath)
      .appendingPathComponent("../../../Sources/Jacquard/Jacquard.docc/Passes.md").standardized
    let written = try String(contentsOf: article, encoding: .utf8)
    let outcome = jacquard("passes")
    #expect(outcome.status == 0, "\(outcome.errors)")
    #expect(written == outcome.output, "jacquard passes > Sources/Jacquard/Jacquard.docc/Passes.md")
  }

  @Test("zoo writes the models")
  func zoo() throws {
    let folder = try TestFolder()
    #expect(jacquard("zoo", "--write", folder.path).status == 0)
    #expect(FileManager.default.fileExists(atPath: folder["mlp.train.json"]))
    #expect(jacquard("zoo", "--write", folder.path).output.contains("up to date"))
    #expect(!jacquard("--help").output.contains("zoo"))
  }
}
