import JacquardCore
import JacquardIR
import Testing

/// A correct file, and for each case what is replaced in it and what the one line must say.
@Suite struct BadFileTests {
  struct Case: CustomStringConvertible, Sendable {
    var old: String
    var new: String
    var expected: [String]
    var description: String { new.count < 60 ? new : String(new.prefix(60)) }

    init(_ old: String, _ new: String, _ expected: String...) {
      self.old = old
      self.new = new
      self.expected = expected
    }
  }

  static let json = #"""
    {
      "format": "jacquard.graph",
      "version": 1,
      "name": "g",
      "symbols": [{"name": "N", "default": 4}],
      "inputs": [
        {"name": "x", "type": "f32[N,3]", "role": "data", "sample": {"kind": "uniform"}, "site": "A.swift:1"},
        {"name": "w", "type": "f32[N,3]", "role": "parameter", "init": {"kind": "ones"}}
      ],
      "nodes": [
        {"name": "h", "op": "plus", "inputs": ["x", "w"], "attributes": {}, "type": "f32[N,3]", "scope": "s"},
        {"name": "t", "op": "twice", "inputs": ["h"], "attributes": {}, "types": ["f32[N,3]", "f64[N,3]"]},
        {"name": "s", "op": "scale", "inputs": ["t"], "attributes": {"axes": [1, 2]}, "type": "f32[N,3]"},
        {"name": "f", "op": "fill", "inputs": [], "attributes": {"shape": ["N"], "dtype": "u8"}, "type": "u8[N]"},
        {"name": "c", "op": "literal", "inputs": [], "attributes": {"value": {"type": "i32[2]", "data": [1, 2]}},
         "type": "i32[2]"},
        {"name": "l", "op": "loop", "version": 3, "inputs": ["c"], "attributes": {"trips": 2}, "graphs": [
          {"name": "body", "inputs": [{"name": "a", "type": "i32[2]", "role": "data"}], "nodes": [
            {"name": "b", "op": "plus", "inputs": ["a", "a"], "attributes": {}, "type": "i32[2]"}
          ], "outputs": [{"name": "r", "value": "b"}]}
        ], "type": "i32[2]"}
      ],
      "outputs": [{"name": "y", "value": "s"}, {"name": "z", "value": "t:1"}],
      "updates": [{"input": "w", "value": "h"}]
    }
    """#

  static let cases: [Case] = [
    // The outermost object.
    Case(json, "", "g.json:1:1:", "end of the text"),
    Case(json, "[]", "g.json:1:1:", "expected an object"),
    Case(#""jacquard.graph""#, #""jacquard.plan""#, "g.json:2:13:", "format 'jacquard.plan' is not jacquard.graph"),
    Case(#""format": "jacquard.graph","#, "", "key 'format' is missing"),
    Case(#""version": 1,"#, "", "key 'version' is missing"),
    Case(#""version": 1,"#, #""version": 2,"#, "g.json:3:14:", "version 2 is newer"),
    Case(#""version": 1,"#, #""version": 0,"#, "there is no version 0"),
    Case(#""version": 1,"#, #""version": "1","#, "expected an integer, found a string"),
    Case(#""version": 1,"#, #""version": 1, "extra": 0,"#, "g.json:3:17:", "unknown key 'extra'"),
    Case(#""version": 1,"#, #""version": 1, "name": "g","#, "second time"),
    Case(#""name": "g""#, #""name": "%g""#, "no legal name for a graph"),
    Case(#""name": "g""#, #""name": null"#, "expected a string, found null"),
    Case(#""outputs": [{"name": "y""#, #""outpots": [{"name": "y""#, "unknown key 'outpots'"),
    Case(#""updates": [{"input": "w", "value": "h"}]"#, #""updates": {}"#, "expected an array"),
    // Symbols.
    Case(#""default": 4"#, #""default": 0"#, "g.json:5:40:", "integer 0 is not in 1"),
    Case(#"{"name": "N", "default": 4}"#, #"{"name": "1N"}"#, "'1N' is no legal name for a symbol"),
    Case(#"{"name": "N", "default": 4}"#, #"{"name": "N"}, {"name": "N"}"#, "two symbols are named 'N'"),
    Case(#"{"name": "N", "default": 4}"#, "", "input 'x'", "symbol N of type f32[N,3] is not declared"),
    // Inputs.
    Case(
      #""type": "f32[N,3]", "role": "data""#, #""type": "f33[N,3]", "role": "data""#, "g.json:7:27:", "input 'x'",
      "unknown element type 'f33'"),
    Case(#""type": "f32[N,3]", "role": "data""#, #""type": "f32[N,3", "role": "data""#, "'f32[N,3' is not a type"),
    Case(#""type": "f32[N,3]", "role": "data""#, #""type": "f32[N,-3]", "role": "data""#, "negative dimension"),
    Case(#""type": "f32[N,3]", "role": "data""#, #""type": "f32[4611686018427387904]", "role": "data""#, "overflows"),
    Case(#""type": "f32[N,3]", "role": "data""#, #""type": "f32[N,4611686018427387904]", "role": "data""#, "overflows"),
    Case(
      #""type": "f32[N,3]", "role": "data""#, #""type": "f32[99999999999999999999]", "role": "data""#,
      "is not a dimension"),
    Case(
      #""type": "f32[N,3]", "role": "data""#, #""type": "f32[1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1]", "role": "data""#,
      "17 axes"),
    Case(#""type": "f32[N,3]", "role": "data""#, #""type": 5, "role": "data""#, "expected a string, found an integer"),
    Case(#""role": "data", "sample""#, #""role": "date", "sample""#, "role 'date' is not data, parameter or state"),
    Case(#"{"kind": "uniform"}"#, #"{"kind": "beta"}"#, "input 'x'", "key 'kind'", "beta"),
    Case(#"{"kind": "uniform"}"#, #"{"kind": "uniform", "lo": 1}"#, "unknown key 'lo'"),
    Case(#"{"kind": "uniform"}"#, #"{"kind": "uniform", "low": "a"}"#, "key 'low': must be a number"),
    Case(#"{"kind": "uniform"}"#, #"{"kind": "uniform", "low": 3}"#, "is no range"),
    Case(#"{"kind": "uniform"}"#, #"{"kind": "integers"}"#, "needs 'low' and 'high'"),
    Case(#"{"kind": "ones"}"#, #"{"kind": "constant"}"#, "input 'w'", "init of kind constant needs 'value'"),
    Case(#"{"kind": "ones"}"#, #"{"kind": "ones", "gain": 1}"#, "init of kind ones has no 'gain'"),
    Case(#"{"kind": "ones"}"#, "{}", "key 'kind' is missing"),
    Case(#""role": "parameter", "init""#, #""role": "data", "init""#, "a data input has no init"),
    Case(#""A.swift:1""#, #""/home/me/A.swift:1""#, "is no source line"),
    Case(#""A.swift:1""#, #""A.swift""#, "is no source line"),
    Case(#"{"name": "w", "type""#, #"{"name": "x", "type""#, "g.json:8:14:", "two values are named 'x'", "line 7"),
    Case(#"{"name": "w", "type""#, #"{"name": "a:b", "type""#, "'a:b' is no legal name for an input"),
    Case(#"{"name": "w", "type""#, #"{"name": "%1", "type""#, "'%1' is no legal name"),
    Case(#"{"name": "w", "type""#, #"{"nom": "w", "type""#, "key 'name' is missing"),
    // Nodes.
    Case(#"{"name": "h", "op""#, #"{"name": "x", "op""#, "two values are named 'x'"),
    Case(#"{"name": "h", "op""#, #"{"name": "%a", "op""#, "'%a' is no legal name for a node"),
    Case(
      #"{"name": "h", "op": "plus""#, #"{"name": "h", "op": "plas""#, "g.json:11:25:", "node 'h'",
      "unknown operation 'plas'"),
    Case(
      #""op": "plus", "inputs": ["x", "w"]"#, #""op": "plus", "version": 2, "inputs": ["x", "w"]"#,
      "operation 'plus' has version 2; this program knows version 1"),
    Case(#""version": 3, "#, "", "operation 'loop' has version 1; this program knows version 3"),
    Case(#"["x", "w"]"#, #"["x", "v"]"#, "g.json:11:49:", "node 'h'", "'v' is neither an input nor a node"),
    Case(#"["x", "w"]"#, #"["x", "s"]"#, "'s' is used before line 13 defines it", "without cycles"),
    Case(#"["x", "w"]"#, #"["x", "h"]"#, "'h' is used before line 11 defines it"),
    Case(#"["x", "w"]"#, #"["x"]"#, "g.json:11:5:", "node 'h'", "takes 2 operands, not 1", "[plus.c0]"),
    Case(#"["x", "w"]"#, #"["x", 4]"#, "expected a string, found an integer"),
    Case(#"["x", "w"]"#, #""x""#, "expected an array, found a string"),
    Case(#"["t"]"#, #"["t:2"]"#, "'t' has 2 results; there is no 2"),
    Case(#"["t"]"#, #"["t:0"]"#, "'t:0' is no value"),
    Case(#"["t"]"#, #"["t:x"]"#, "'t:x' is no value"),
    Case(#"["t"]"#, #"["t:99999999999999999999"]"#, "is no value"),
    Case(#"["t"]"#, #"["t:+1"]"#, "is no value"),
    Case(
      #""type": "f32[N,3]", "scope""#, #""type": "f32[N,4]", "scope""#, "g.json:11:81:", "node 'h'",
      "type is stated as f32[N,4], but inferred as f32[N,3]"),
    Case(#""type": "f32[N,3]", "scope""#, #""scope""#, "key 'type' is missing"),
    Case(#""type": "f32[N,3]", "scope""#, #""types": [], "scope""#, "states 0 types; the operation has 1 results"),
    Case(#""type": "f32[N,3]", "scope""#, #""type": "f32[N,3]", "types": [], "scope""#, "both 'type' and 'types'"),
    Case(#""scope": "s""#, #""scope": 7"#, "expected a string, found an integer"),
    Case(#""scope": "s""#, #""colour": 7"#, "unknown key 'colour'"),
    // Attributes.
    Case(#"{"axes": [1, 2]}"#, #"{"axis": [1, 2]}"#, "node 's'", "unknown attribute 'axis'"),
    Case(#"{"axes": [1, 2]}"#, #"{"axes": [1, 2.5]}"#, "g.json:13:78:", "attribute 'axes[1]': must be an integer"),
    Case(#"{"axes": [1, 2]}"#, #"{"axes": 1}"#, "attribute 'axes': must be a list"),
    Case(#"{"axes": [1, 2]}"#, #"{"bias": {"low": true, "weights": []}}"#, "attribute 'bias.low': must be a number"),
    Case(#"{"axes": [1, 2]}"#, #"{"mode": "odd"}"#, "attribute 'mode'", "odd"),
    Case(#"{"axes": [1, 2]}"#, "[]", "must be an object"),
    Case(#"{"shape": ["N"], "dtype": "u8"}"#, #"{"dtype": "u8"}"#, "node 'f'", "attribute 'shape' is missing"),
    Case(#"{"shape": ["N"]"#, #"{"shape": ["K"]"#, "symbol K is not declared"),
    Case(#"{"shape": ["N"]"#, #"{"shape": ["N+"]"#, "attribute 'shape[0]'", "'N+' is not a dimension"),
    Case(#"{"shape": ["N"]"#, #"{"shape": ["4611686018427387904", 8]"#, "overflows"),
    // Constants.
    Case(#""data": [1, 2]"#, #""data": [1]"#, "node 'c'", "type i32[2] does not have 1 elements"),
    Case(#""data": [1, 2]"#, #""data": [1, 2.5]"#, "expected an integer"),
    Case(#""data": [1, 2]"#, #""data": [1, 4294967296]"#, "does not fit Int32"),
    Case(#"{"type": "i32[2]", "data""#, #"{"type": "i32[N]", "data""#, "has no size"),
    Case(#"{"type": "i32[2]", "data""#, #"{"type": "f32[1099511627776]", "data""#, "does not have 2 elements"),
    Case(
      #"{"type": "i32[2]", "data": [1, 2]}"#, #"{"file": "f.safetensors", "tensor": "t", "sha256": ""}"#,
      "cannot be read here"),
    Case(#"{"type": "i32[2]", "data": [1, 2]}"#, "7", "expected an object"),
    // Sub-graphs.
    Case(#"["a", "a"]"#, #"["a", "c"]"#, "node 'l': sub-graph '0': node 'b': 'c' is neither an input nor a node"),
    Case(#""outputs": [{"name": "r""#, #""format": 1, "outputs": [{"name": "r""#, "unknown key 'format'"),
    Case(
      #""outputs": [{"name": "r""#, #""symbols": [{"name": "K"}], "outputs": [{"name": "r""#,
      "symbol K is not declared by the graph around this one"),
    Case(
      #""inputs": ["c"], "attributes": {"trips": 2}"#, #""inputs": ["f"], "attributes": {"trips": 2}"#,
      "operands do not fit the sub-graph", "loop.c1"),
    // Outputs and updates.
    Case(#"{"name": "z""#, #"{"name": "y""#, "output 'y'", "two outputs are named 'y'"),
    Case(#"{"name": "z""#, #"{"name": """#, "no legal name for an output"),
    Case(#""value": "t:1""#, #""value": "q""#, "g.json:23:67:", "output 'z'", "'q' is neither an input nor a node"),
    Case(#""input": "w""#, #""input": "x""#, "update 'x'", "which is a data input"),
    Case(#""input": "w""#, #""input": "q""#, "which is no input"),
    Case(#""value": "h""#, #""value": "c""#, "has type i32[2]; the input has f32[N,3]"),
    Case(
      #"{"input": "w", "value": "h"}"#, #"{"input": "w", "value": "h"}, {"input": "w", "value": "h"}"#,
      "two updates of 'w'"),
  ]

  @Test func theFileItselfIsRight() throws {
    try Graph(json: Array(Self.json.utf8), file: "g.json", registry: tinyRegistry).verify()
  }

  @Test(arguments: cases)
  func oneLineNamesThePlace(_ bad: Case) {
    let found = Self.json.ranges(of: bad.old)
    #expect(found.count == 1, "the text to replace occurs \(found.count) times")
    let text = Self.json.replacing(bad.old, with: bad.new)
    let line = message { _ = try Graph(json: Array(text.utf8), file: "g.json", registry: tinyRegistry) }
    guard let line else {
      Issue.record("no error")
      return
    }
    #expect(line.hasPrefix("g.json:"), "\(line)")
    for part in bad.expected { #expect(line.contains(part), "\(line)") }
    #expect(!line.contains("\n"))
    // Each place occurs once.
    #expect(line.ranges(of: "g.json:").count == 1, "\(line)")
  }

  @Test func nestingIsLimited() throws {
    let deep = try TinyGraphs.nested(depth: 17)
    #expect(message { try deep.verify() }?.contains("nested too deeply") == true)
    let json = try deep.json().text
    let line = message { _ = try Graph(json: Array(json.utf8), file: "g.json", registry: tinyRegistry) }
    #expect(line?.contains("sub-graphs are nested too deeply") == true, "\(line ?? "")")
    let text = try deep.text().text
    let other = message { _ = try Graph(text: text, registry: tinyRegistry) }
    #expect(other?.contains("sub-graphs are nested too deeply") == true, "\(other ?? "")")
    for open in ["[", "{\"a\":"] {
      let line = message {
        let bytes = Array(String(repeating: open, count: 100_000).utf8)
        _ = try Graph(json: bytes, file: "g.json", registry: tinyRegistry)
      }
      #expect(line?.contains("nested too deeply") == true, "\(line ?? "")")
    }
  }

  /// What must not take quadratic time or exponential memory.
  @Test(.timeLimit(.minutes(10))) func hugeCounts() throws {
    let node = #"{"name": "%K", "op": "plus", "inputs": ["x", "x"], "attributes": {}, "type": "f32[1]", "site": "A:K"}"#
    let nodes = (0..<20_000).map { node.replacing("K", with: "\($0)") }.joined(separator: ",")
    let outputs = (0..<20_000).map { #"{"name": "y\#($0)", "value": "x"}"# }.joined(separator: ",")
    let text = #"""
      {"format": "jacquard.graph", "version": 1, "name": "g", "inputs": [{"name": "x", "type": "f32[1]", "role": "data"}],
      "nodes": [\#(nodes)], "outputs": [\#(outputs)]}
      """#
    let graph = try Graph(json: Array(text.utf8), file: "g.json", registry: tinyRegistry)
    #expect(graph.nodes.count == 1 && graph.outputs.count == 20_000)
    let sum = (0..<40).map { "a\($0)" }.joined(separator: "+")
    let product = Array(repeating: sum, count: 12).joined(separator: ",")
    #expect(message { _ = try TensorType(parsing: "f32[\(product)]").shape.elementCount() }?.contains("terms") == true)
  }
}
