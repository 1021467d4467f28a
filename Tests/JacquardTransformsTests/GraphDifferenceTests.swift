import JacquardCore
import JacquardIR
import JacquardOps
import JacquardTransforms
import Testing

@Suite struct GraphDifferenceTests {
  private static let base = """
    graph f(N=4) {
      input x: f32[N,3] data
      input w: f32[3,2] parameter init {kind: ones}
      h: f32[N,2] = dot(x, w)
      %1: f32[N,2] = tanh(h)
      s: f32[N] = sum(%1) {axes: [1]}
      output y = s
      update w = w
    }
    """

  /// A text that replaces another in the graph, and what is then said.
  private static let cases: [(old: String, new: String, entries: [String])] = [
    ("", "", []),
    ("graph f", "graph g", []),
    ("%1", "a", []),
    ("N=4", "N=8", ["changed symbol N: default 4 -> 8"]),
    ("tanh(h)", "exp(h)", ["changed node %1: operation tanh -> exp"]),
    ("kind: ones", "kind: zeros", [#"changed input w: init {"kind": "ones"} -> {"kind": "zeros"}"#]),
    ("f32[3,2] parameter", "f32[3,2] state", ["changed input w: role parameter -> state"]),
    ("update w = w", "", ["removed update w f32[3,2]"]),
    ("output y = s", "output y = s\n  output z = h", ["added output z f32[N,2]"]),
    ("output y = s", "output y = h", ["changed output y: type f32[N] -> f32[N,2], value s -> h"]),
    (
      "s: f32[N] = sum(%1) {axes: [1]}", "s: f32[2] = sum(%1) {axes: [0]}",
      [
        "changed node s: attribute axes [1] -> [0], type f32[N] -> f32[2]",
        "changed output y: type f32[N] -> f32[2]",
      ]
    ),
    (
      "s: f32[N] = sum(%1)", "q: f32[N,2] = sin(%1)\n  s: f32[N] = sum(q)",
      ["added node q sin f32[N,2] of (%1)", "changed node s: input 0 %1 -> q"]
    ),
    (
      "h: f32[N,2] = dot(x, w)", "z: f32[N,3] = sin(x)\n  h: f32[N,2] = dot(z, w)",
      ["added node z sin f32[N,3] of (x)", "changed node h: input 0 x -> z"]
    ),
    (
      "input w: f32[3,2] parameter", "input c: f32[] data\n  input w: f32[3,2] parameter",
      ["added input c data f32[]"]
    ),
  ]

  @Test(arguments: cases.indices) func parts(_ index: Int) throws {
    let (old, new, entries) = GraphDifferenceTests.cases[index]
    let base = GraphDifferenceTests.base
    let (a, b) = (try graph(base), try graph(old.isEmpty ? base : base.replacing(old, with: new)))
    #expect(describe(GraphDifference(from: a, to: b)) == entries)
    let back = GraphDifference(from: b, to: a)
    #expect(back.isEmpty == entries.isEmpty && back.entries.count == entries.count)
  }

  /// Nodes without names are found by what they compute, wherever they stand.
  @Test func order() throws {
    let first = try graph(
      """
      graph f {
        input x: f32[3] data
        %0: f32[3] = sin(x)
        %1: f32[3] = cos(x)
        %2: f32[3] = add(%0, %1)
        output y = %2
      }
      """)
    let second = try graph(
      """
      graph f {
        input x: f32[3] data
        %0: f32[3] = cos(x)
        %1: f32[3] = sin(x)
        %2: f32[3] = add(%1, %0)
        output y = %2
      }
      """)
    let difference = GraphDifference(from: first, to: second)
    #expect(difference.isEmpty && difference.matchedNodes == 3, "\(difference)")
  }

  @Test func subGraphs() throws {
    func loop(_ change: (GraphBuilder, ValueID) throws -> ValueID) throws -> Graph {
      let b = GraphBuilder(name: "loop")
      let (h, x) = (try b.input("h", "f32[4]"), try b.input("x", "f32[5,4]"))
      let result = try b.scan([h], over: [x], constants: []) { b, carries, x, _ in
        ([try change(b, b.add(carries[0], x[0]))], [])
      }
      try b.output("y", result.carries[0])
      return b.graph
    }
    let difference = GraphDifference(from: try loop { try $0.sin($1) }, to: try loop { try $0.cos($1) })
    #expect(difference.entries.count == 1)
    let entry = try #require(difference.entries.first)
    #expect(entry.name.hasPrefix("%0/0/") && entry.changes.map(\.aspect) == ["operation"], "\(entry)")
    #expect(GraphDifference(from: try loop { try $0.sin($1) }, to: try loop { try $0.sin($1) }).isEmpty)
  }

  private func graph(_ text: String) throws -> Graph { try Graph(text: text, registry: .standard) }

  private func describe(_ difference: GraphDifference) -> [String] {
    difference.entries.map { entry in
      let changes = entry.changes.map { "\($0.aspect) \($0.old) -> \($0.new)" }.joined(separator: ", ")
      let text = entry.text.isEmpty ? "" : " \(entry.text)"
      return
        "\(entry.kind.rawValue) \(entry.part.rawValue) \(entry.name)\(text)\(changes.isEmpty ? "" : ": \(changes)")"
    }
  }
}
