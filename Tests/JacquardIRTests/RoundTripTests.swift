import Foundation
import JacquardCore
import JacquardFiles
import JacquardIR
import Testing

@Suite struct RoundTripTests {
  private func fromJSON(_ document: GraphDocument) throws -> Graph {
    try Graph(json: Array(document.text.utf8), file: "g.json", registry: tinyRegistry) { file, tensor in
      guard file == "c.safetensors", let value = document.constants[tensor] else { throw Diagnostic("no \(tensor)") }
      return value
    }
  }

  private func fromText(_ document: GraphDocument) throws -> Graph {
    try Graph(text: Array(document.text.utf8), file: "g.txt", registry: tinyRegistry) { _, tensor in
      guard let value = document.constants[tensor] else { throw Diagnostic("no \(tensor)") }
      return value
    }
  }

  /// NaN attributes make a graph differ from itself, so such graphs are compared by their files only.
  private func isComparable(_ graph: Graph) -> Bool { graph.name != "nan" }

  @Test func jsonReadsBackByteForByte() throws {
    for graph in try TinyGraphs.all() {
      try graph.verify()
      for placement in [ConstantPlacement.inline, .beside("c.safetensors")] {
        let document = try graph.json(placement)
        let again = try fromJSON(document)
        try again.verify()
        #expect(try again.json(placement).text == document.text, "\(graph.name)")
        if isComparable(graph), placement != .inline { #expect(again == graph, "\(graph.name)") }
      }
    }
  }

  @Test func textReadsBackByteForByte() throws {
    for graph in try TinyGraphs.all() {
      for placement in [ConstantPlacement.inline, .beside("c.safetensors")] {
        let document = try graph.text(placement)
        let again = try fromText(document)
        try again.verify()
        #expect(try again.text(placement).text == document.text, "\(graph.name)")
        #expect(try again.json(placement).text == graph.json(placement).text, "\(graph.name)")
        if isComparable(graph), placement != .inline { #expect(again == graph, "\(graph.name)") }
      }
    }
  }

  @Test func canonicalForm() throws {
    let text = try TinyGraphs.plain().json().text
    #expect(
      text == """
        {
          "format": "jacquard.graph",
          "version": 1,
          "name": "plain",
          "symbols": [
            {"name": "N", "default": 128}
          ],
          "inputs": [
            {"name": "x", "type": "f32[N,3]", "role": "data"},
            {"name": "w", "type": "f32[N,3]", "role": "parameter", "init": {"kind": "zeros"}}
          ],
          "nodes": [
            {"name": "h", "op": "plus", "inputs": ["x", "w"], "attributes": {}, "type": "f32[N,3]", "scope": "hidden", \
        "site": "Models/MLP.swift:12"},
            {"name": "%1", "op": "scale", "inputs": ["h"], "attributes": {"factor": 0.1}, "type": "f32[N,3]"}
          ],
          "outputs": [
            {"name": "y", "value": "%1"}
          ],
          "updates": [
            {"input": "w", "value": "h"}
          ]
        }

        """)
  }

  @Test func textForm() throws {
    let text = try TinyGraphs.plain().text().text
    #expect(
      text == """
        graph plain(N=128) {
          input x: f32[N,3] data
          input w: f32[N,3] parameter init {kind: zeros}
          h: f32[N,3] = plus(x, w) @hidden "Models/MLP.swift:12"
          %1: f32[N,3] = scale(h) {factor: 0.1}
          output y = %1
          update w = h
        }

        """)
    let nested = try TinyGraphs.nested(depth: 1).text().text
    #expect(
      nested.hasPrefix(
        """
        graph level1(N) {
          input x: f32[N] data
          %0: f32[N] = loop@3(x) {trips: 1} [
            graph level0(N) {
              input x: f32[N] data
        """))
    let everything = try TinyGraphs.everything().text().text
    #expect(everything.contains("  %3: f64[N,784] = fill() {shape: [N, 784], dtype: f64, extra: 7}\n"))
    #expect(everything.contains("  pair: (f32[2*N+1,M], f64[2*N+1,M]) = twice(%0) @a\n"))
    #expect(everything.contains("  output second = pair:1\n"))
  }

  /// Any valid file becomes canonical after one pass: other order of keys, blanks, labels, equal nodes, numbers as dimensions.
  @Test func otherFilesBecomeCanonical() throws {
    let text = """
      {"version":1, "format":"jacquard.graph","outputs":[{"value":"b","name":"y"},{"name":"z","value":"%7"}],
       "symbols":[{"name":"N"}], "name":"other",
       "inputs":[{"role":"data","type":" f32[ N ,1+1]".trim,"name":"x"}], "updates": [],
       "nodes":[{"inputs":["x","x"],"op":"plus","attributes":{},"type":"f32[N,2]","name":"%99"},
         {"inputs":["x","x"],"op":"plus","attributes":{},"types":["f32[N,2]"],"name":"b","scope":"s"},
         {"inputs":["b"],"op":"scale","version":1,"attributes":{"mode":"plain","factor":1.0},"type":"f32[N,2]","name":"%7"},
         {"inputs":[],"op":"fill","attributes":{"dtype":"f32","shape":[3,"N"]},"type":"f32[3,N]","name":"f"}]}
      """.replacingOccurrences(of: "\" f32[ N ,1+1]\".trim", with: "\"f32[ N ,1+1]\"")
    let graph = try Graph(json: Array(text.utf8), file: "o.json", registry: tinyRegistry)
    #expect(graph.nodes.count == 3)
    #expect(graph.nodes[0].name == "b")
    let canonical = try graph.json().text
    #expect(canonical.contains(#"{"name": "%1", "op": "scale", "inputs": ["b"], "attributes": {}, "type""#))
    #expect(canonical.contains(#""shape": ["3", "N"]"#))
    let again = try Graph(json: Array(canonical.utf8), file: "o.json", registry: tinyRegistry)
    #expect(try again.json().text == canonical)
    #expect(again == graph)
  }

  @Test func textTakesCommentsAndLooseLayout() throws {
    let text = """
      # a comment
      graph g (
        N = 3, M
      )   {  # more
        input   x :f32[N]   data   sample   {kind:uniform ,low: -1}
        "a b":f32[N]=plus( x,
           x )   # end

        output y="a b"
      }
      """
    let graph = try Graph(text: text, registry: tinyRegistry)
    #expect(graph.symbols == [Graph.Symbol("N", defaultSize: 3), Graph.Symbol("M")])
    #expect(graph.nodes[0].name == "a b")
    #expect(graph.inputs[0].sample == SampleHint(.uniform, low: -1))
  }

  @Test func aliasesAndUnnamedNodes() throws {
    let builder = GraphBuilder(name: "g")
    let x = try builder.input("x", "f32[2]")
    builder.origins = [Origin(name: "first", scope: "s")]
    let a = try builder.apply(Plus(), x, x)
    builder.origins = [Origin(name: "second")]
    let b = try builder.apply(Plus(), x, x)
    #expect(a == b)
    let text = try builder.graph.json().text
    #expect(text.contains("first") && !text.contains("second"))
  }
}

@Suite struct GraphFileTests {
  private func withFolder(_ body: (String) throws -> Void) throws {
    let folder = NSTemporaryDirectory() + "jacquard-\(UUID().uuidString)/"
    try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true)
    defer { try? FileManager.default.removeItem(atPath: folder) }
    try body(folder)
  }

  private func bytes(_ path: String) throws -> Data { try Data(contentsOf: URL(fileURLWithPath: path)) }

  @Test func filesReadBackByteForByte() throws {
    try withFolder { folder in
      for graph in try TinyGraphs.all() {
        try graph.write(to: folder + "g.json")
        let read = try Graph.read(from: folder + "g.json", registry: tinyRegistry)
        let first = try bytes(folder + "g.json")
        try read.write(to: folder + "g.json")
        #expect(try bytes(folder + "g.json") == first, "\(graph.name)")
        try graph.writeText(to: folder + "g.txt")
        #expect(try Graph.read(from: folder + "g.txt", registry: tinyRegistry).json().text == graph.json().text)
      }
      let names = try FileManager.default.contentsOfDirectory(atPath: folder).sorted()
      #expect(names == ["g.constants.safetensors", "g.json", "g.txt", "g.txt.constants.safetensors"])
    }
  }

  @Test func largeConstantsStandBeside() throws {
    try withFolder { folder in
      try TinyGraphs.constants().write(to: folder + "c.json")
      let stored = try SafetensorsFile(folder + "c.constants.safetensors")
      #expect(stored.names == ["%9.value", "c/10.value", "c/8.value"])
      let text = String(decoding: try bytes(folder + "c.json"), as: UTF8.self)
      #expect(text.contains(#"{"value": {"file": "c.constants.safetensors", "tensor": "c/8.value", "sha256""#))
      try Safetensors.write(
        ["c/8.value": HostTensor(zeros: .f32, [10, 10])], to: folder + "c.constants.safetensors")
      let changed = message { _ = try Graph.read(from: folder + "c.json", registry: tinyRegistry) }
      #expect(changed?.contains("c.json:15:") == true && changed?.contains("has changed") == true, "\(changed ?? "")")
      try FileManager.default.removeItem(atPath: folder + "c.constants.safetensors")
      let gone = message { _ = try Graph.read(from: folder + "c.json", registry: tinyRegistry) }
      #expect(gone?.contains("c.constants.safetensors: cannot be opened") == true, "\(gone ?? "")")
    }
  }

  @Test func constantsNeverComeFromElsewhere() throws {
    for file in ["../c.safetensors", "/etc/passwd", "..", "", "a/b", "a\\\\b", "a\\u0000b"] {
      let text = #"""
        {"format": "jacquard.graph", "version": 1, "name": "g", "inputs": [], "nodes": [{"name": "c", "op": "literal",
        "inputs": [], "attributes": {"value": {"file": "\#(file)", "tensor": "t", "sha256": "0"}}, "type": "f32[1]"}],
        "outputs": []}
        """#
      let error = message {
        _ = try Graph(json: Array(text.utf8), file: "g.json", registry: tinyRegistry) { _, _ in
          Issue.record("\(file) was opened")
          return HostTensor(Float(0))
        }
      }
      #expect(error?.contains("is not the name of a file beside the graph") == true, "\(error ?? "")")
    }
  }

  @Test func nothingIsHalfWritten() throws {
    try withFolder { folder in
      let graph = try TinyGraphs.plain()
      #expect(message { try graph.write(to: folder + "no/such/g.json") } != nil)
      #expect(try FileManager.default.contentsOfDirectory(atPath: folder).isEmpty)
    }
  }
}
