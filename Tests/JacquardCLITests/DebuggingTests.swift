import Jacquard
import JacquardFiles
import JacquardPlanner
import JacquardTransforms
import Testing

@testable import JacquardCLI

@Suite("Debugging a run")
struct DebuggingTests {
  /// exp(sqrt(x)) of numbers from -1 to 1, the root with a probe.
  static let graph = """
    {"format": "jacquard.graph", "version": 1, "name": "g",
     "inputs": [{"name": "x", "type": "f32[2,3]", "role": "data", "sample": {"kind": "uniform", "low": -1, "high": 1}}],
     "nodes": [
      {"name": "root", "op": "sqrt", "inputs": ["x"], "attributes": {}, "type": "f32[2,3]", "scope": "net", "site": "Net.swift:12"},
      {"name": "e", "op": "exp", "inputs": ["root"], "attributes": {}, "type": "f32[2,3]", "site": "Net.swift:13"}],
     "outputs": [{"name": "y", "value": "e"}, {"name": "probe/root", "value": "root"}]}
    """

  private func folder() throws -> TestFolder {
    let folder = try TestFolder()
    try folder.write("g.json", Self.graph)
    return folder
  }

  @Test("--check-nan names the node, its line and its operands", arguments: ["vm", "native", "reference", "auto"])
  func checkNaN(_ executor: String) throws {
    let folder = try folder()
    let line = ["run", folder["g.json"], "--synthetic", "--executor", executor]
    #expect(jacquard(line).status == 0)
    let outcome = jacquard(line + ["--check-nan", "--steps", "2", "--output-dir", folder["out"]])
    #expect(outcome.status == 2 && outcome.errorLines.count == 1 && outcome.output.isEmpty)
    let parts = [
      "\(folder["g.json"]): step 0: root: sqrt makes NaN: 4 of 6 elements, the first at [0,0]; scope net;",
      "x f32[2,3]: min -0.7722, max 0.4064, not finite 0 (Net.swift:12)",
    ]
    for part in parts { #expect(outcome.errors.contains(part), "\(outcome.errors)") }
    #expect(!folder.contents.keys.contains { $0.hasPrefix("out") })
  }

  @Test("A compiled plan names the kernel and its nodes")
  func checkNaNOfAPlan() throws {
    let folder = try folder()
    #expect(jacquard("compile", folder["g.json"], "-o", folder["g.plan.json"]).status == 0)
    let outcome = jacquard("run", folder["g.plan.json"], "--synthetic", "--check-nan")
    #expect(outcome.status == 2 && outcome.errorLines.count == 1)
    for part in ["kernel 0 '", "makes NaN in 'root'", "exp 'e' (Net.swift:13)"] {
      #expect(outcome.errors.contains(part), "\(outcome.errors)")
    }
    #expect(jacquard("run", folder["g.json"], "--synthetic", "--check-nan", "--poison").status == 64)
  }

  @Test("run prints the statistics of each step's probes and writes their values")
  func probes() throws {
    let folder = try folder()
    let lines = jacquard("run", folder["g.json"], "--synthetic", "--steps", "2").output.split(separator: "\n")
    #expect(
      lines.map { $0.split(separator: " ").prefix(2).joined(separator: " ") } == [
        "y f32[2,3]", "probe step", "root 0", "root 1",
      ])
    #expect(lines.last?.split(separator: " ").suffix(2) == ["4", "0"])
    #expect(jacquard("run", folder["g.json"], "--synthetic", "--output-dir", folder["out"]).status == 0)
    #expect(Set(folder.contents.keys.filter { $0.hasPrefix("out/") }) == ["out/y.npy", "out/probe%2Froot.npy"])
  }

  @Test("A user's rule stands in the record that inspect shows")
  func customRule() throws {
    let folder = try folder()
    let line = #line + 1
    let rule = Rule("sqrtOfExp", "sqrt(x) is x here", on: ["sqrt"]) { node, _ in node.inputs[0] }
    let pass = Pass("mine", "for a test", RuleSet("mine", [rule]))
    var options = CompileOptions()
    for inserted in [false, true] {
      if inserted { options.passes = try Pipeline.standard.inserting(pass, after: "canonicalise") }
      let inspection = try Inspection(
        folder["g.json"], bindings: [:], stages: Inspection.Stage.allCases, refusals: .hidden, options: options)
      let site = "\(#fileID):\(line)"
      for text in [try inspection.text([.optimized]), try inspection.json([.optimized]).text(.document)] {
        #expect((text.contains("sqrtOfExp") && text.contains(site) && text.contains("mine")) == inserted, "\(text)")
      }
    }
  }
}
