import Foundation
import Jacquard
import JacquardCore
import JacquardFiles
import JacquardIR
import JacquardOps
import Testing

@testable import JacquardCLI

@Suite("The inspector's page")
struct InspectionPageTests {
  private func inspection(_ path: String) throws -> Inspection {
    try Inspection(path, bindings: [:], stages: Inspection.Stage.allCases, refusals: .whereKnown)
  }

  private func page(_ path: String, dot: String? = nil) throws -> InspectionPage {
    let inspection = try inspection(path)
    return try InspectionPage(inspection, inspection.available(Inspection.Stage.allCases, isChosen: false), dot: dot)
  }

  /// The text of a script element.
  private func script(_ id: String, of page: String) throws -> String {
    let start = try #require(page.range(of: "<script type=\"application/json\" id=\"\(id)\">"))
    let end = try #require(page.range(of: "</script>", range: start.upperBound..<page.endIndex))
    return String(page[start.upperBound..<end.lowerBound])
  }

  private func data(_ id: String, of page: String) throws -> JSONValue {
    try Unpacked(JSONValue.parse(Array(script(id, of: page).utf8), file: id)).root
  }

  /// A value as its text is read: a number without a fraction is an integer then.
  private func read(_ value: JSONValue) throws -> JSONValue { try JSONValue.parse(value.utf8(), file: "record") }

  private func zoo(_ name: String, in folder: TestFolder) throws -> String {
    let path = folder["\(name).json"]
    try ModelZoo.graph(name).write(to: path)
    return path
  }

  @Test("The page's data is the record of --format json", arguments: ["mlp.train", "lstm.train", "cnn"])
  func data(_ name: String) throws {
    let folder = try TestFolder()
    let page = try page(zoo(name, in: folder))
    #expect(try data("record", of: page.text) == read(page.record))
    #expect(try data("drawings", of: page.text) == read(page.drawings.json))
    let line = ["inspect", folder["\(name).json"], "--format", "json", "--stage", "all", "--why-not-fused"]
    let json = try JSONValue.parse(Array(jacquard(line).output.utf8), file: "json")
    #expect(try withoutTimes(json) == withoutTimes(read(page.record)))
  }

  /// Times differ from run to run.
  private func withoutTimes(_ value: JSONValue) -> JSONValue {
    switch value.content {
    case .array(let items): return JSONValue(items.map(withoutTimes))
    case .object(let fields):
      return JSONValue(fields: fields.filter { $0.name != "ms" }.map { ($0.name, withoutTimes($0.value)) })
    default: return value
    }
  }

  @Test("Names that look like markup stay names")
  func hostile() throws {
    let folder = try TestFolder()
    let bad = "</script><script>alert('x')</script><!-- 🦊&@@record@@"
    let text = Fixtures.graph.replacing("\"name\": \"h\"", with: "\"name\": \"\(bad)\"")
      .replacing("[\"h\"]", with: "[\"\(bad)\"]").replacing("\"name\": \"g\"", with: "\"name\": \"\(bad)\"")
      .replacing(
        "\"type\": \"f32[N,2]\"}", with: "\"type\": \"f32[N,2]\", \"scope\": \"\(bad)\", \"site\": \"\(bad).swift:3\"}")
    try folder.write("bad.json", text)
    let page = try page(folder["bad.json"])
    #expect(try data("record", of: page.text) == read(page.record))
    #expect(page.record.text().contains(bad))
    #expect(page.text.components(separatedBy: "</script").count == 4)
    #expect(try !script("record", of: page.text).contains("<") && !script("drawings", of: page.text).contains("<"))
    #expect(page.text.contains("<h1>&lt;/script&gt;&lt;script&gt;alert('x')"))
  }

  @Test("The page of the largest model with all its passes is under 3 MB")
  func size() throws {
    let folder = try TestFolder()
    let path = try zoo("transformer.train", in: folder)
    #expect(try page(path).text.utf8.count < 3_000_000)
    if let dot = Graphviz.path {
      let page = try page(path, dot: dot)
      #expect(page.drawings.note == nil)
      #expect(page.text.utf8.count < 3_000_000)
    }
  }

  @Test("Every link of the page leads to a part of it, and nothing is asked of anywhere else")
  func links() throws {
    let folder = try TestFolder()
    try folder.write("g.json", Fixtures.graph)
    let text = try page(folder["g.json"]).text
    let targets = text.matches(of: /href="([^"]*)"/).map { String($0.output.1) }
    #expect(targets.count > 7)
    for target in targets {
      #expect(target.hasPrefix("#") && text.contains("id=\"\(target.dropFirst())\""), "\(target)")
    }
    let scripts = text.matches(of: /views\.([a-z]+) = \{/).map { String($0.output.1) }
    #expect(scripts.count > 7)
    for view in scripts { #expect(text.contains("<section id=\"\(view)\""), "\(view)") }
    #expect(
      text.matches(of: /(?:src|action)="/).isEmpty && text.matches(of: /url\(|@import|\bfetch\(|innerHTML/).isEmpty)
    let addresses = text.matches(of: /https?:\/\/[^"'\s]*/).map { String($0.output) }
    #expect(Set(addresses) == ["http://www.w3.org/2000/svg"])
    #expect(text.contains("Content-Security-Policy\" content=\"default-src 'none'"))
  }

  @Test("Each item of a graph is a box of one fold, each edge joins two boxes", arguments: ["mlp.train", "lstm.train"])
  func levels(_ name: String) throws {
    let folder = try TestFolder()
    for (_, graph) in try inspection(zoo(name, in: folder)).stagedGraphs {
      let drawing = GraphLevels(graph)
      let boxes = drawing.levels.flatMap(\.boxes)
      let items = graph.nodes.indices.map { 4 * $0 } + graph.inputs.indices.map { 4 * $0 + 1 }
      let others = graph.outputs.indices.map { 4 * $0 + 2 } + drawing.folds.paths.indices.dropFirst().map { 4 * $0 + 3 }
      #expect(boxes.sorted() == (items + others).sorted())
      for level in drawing.levels {
        #expect(level.edges.allSatisfy { level.boxes.indices.contains($0.from) && level.boxes.indices.contains($0.to) })
      }
      for (fold, parent) in drawing.folds.parents.enumerated().dropFirst() { #expect(parent < fold) }
    }
  }

  @Test("Nodes without a scope lie in that of their neighbours, the optimiser's by parameter")
  func folds() throws {
    let graph = try Graph(
      text: """
        graph folds {
          input x: f32[2,2] data
          input w: f32[2,2] parameter
          a: f32[2,2] = dot(x, w) @block/a
          b: f32[2,2] = tanh(a)
          c: f32[2,2] = exp(b)
          d: f32[2,2] = dot(c, w) @block/b
          e: f32[2,2] = tanh(d)
          output y = e
        }
        """, registry: .standard)
    let folds = GraphFolds(graph)
    #expect(folds.nodes.map { folds.paths[$0] } == ["block/a", "block", "block", "block/b", ""])
    let step = GraphFolds(try ModelZoo.graph("mlp.train"))
    #expect(step.paths.contains("optimizer/hidden/weight") && step.paths.contains("optimizer/output/bias"))
    let state = try #require(try ModelZoo.graph("mlp.train").inputs.firstIndex { $0.name == "adam/m/hidden/weight" })
    #expect(step.paths[step.inputs[state]] == "optimizer/hidden/weight")
  }

  @Test("Layouts come from dot where there is one, and the page says why where there is none")
  func layouts() throws {
    let folder = try TestFolder()
    let path = try zoo("mlp.train", in: folder)
    let without = try page(path).drawings
    #expect(without.note == Graphviz.missing)
    let broken = try page(path, dot: "/bin/false").drawings
    #expect(broken.note?.contains("ended with status 1") ?? false)
    guard let dot = Graphviz.path else { return }
    let drawings = try page(path, dot: dot).drawings
    #expect(drawings.note == nil)
    let layouts = try drawings.json.object().required("layouts").array().map { try $0.array() }
    #expect(layouts.count > 3)
    for layout in layouts {
      let (width, height) = (try layout[0].int(), try layout[1].int())
      let centres = try layout[2].array().map { try $0.int() }
      for (index, place) in centres.enumerated() {
        #expect(place > 0 && place < (index % 2 == 0 ? width : height))
      }
    }
  }

  @Test("A plan has a page too, without the views of its graph")
  func plan() throws {
    let folder = try TestFolder()
    try Fixtures.training().write(to: folder["t.json"])
    #expect(jacquard("compile", folder["t.json"], "-o", folder["t.plan.json"]).status == 0)
    let outcome = jacquard("inspect", folder["t.plan.json"], "--format", "html", "-o", folder["p.html"])
    #expect(outcome.status == 0 && outcome.output.isEmpty, "\(outcome.errors)")
    let record = try data("record", of: folder.text("p.html")).object()
    #expect(try record.required("stages").object().fields.map(\.name) == ["kernels", "plan", "memory", "c"])
  }
}

/// The inverse of `PackedJSON`.
private struct Unpacked {
  let root: JSONValue
  private let strings: [String]
  private let shapes: [[String]]

  init(_ packed: JSONValue) throws {
    let object = try packed.object()
    strings = try object.required("strings").array().map { try $0.string() }
    shapes = try object.required("shapes").array().map { try $0.array().map { try $0.string() } }
    root = try Unpacked.value(object.required("root"), strings, shapes)
  }

  private static func value(_ packed: JSONValue, _ strings: [String], _ shapes: [[String]]) throws -> JSONValue {
    switch packed.content {
    case .string(let text):
      if text.hasPrefix("!") { return JSONValue(String(text.dropFirst())) }
      return JSONValue(strings[try #require(Int(text, radix: 36))])
    case .array(let items): return JSONValue(try items.map { try value($0, strings, shapes) })
    case .object(let fields):
      let keys = shapes[try #require(Int(fields[0].name))]
      let values = try fields[0].value.array().map { try value($0, strings, shapes) }
      return JSONValue(fields: zip(keys, values).map { ($0, $1) })
    default: return packed
    }
  }
}
