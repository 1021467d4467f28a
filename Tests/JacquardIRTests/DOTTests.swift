import JacquardCore
import JacquardIR
import JacquardInterchange
import Testing

@Suite struct DOTTests {
  @Test func clustersColoursAndEdges() throws {
    let dot = try TinyGraphs.plain().dot()
    #expect(
      dot == """
        digraph "plain" {
          rankdir=TB; compound=true;
          node [shape=box, style="rounded,filled", fillcolor="#ffffff", fontname="sans-serif"];
          edge [fontname="sans-serif", fontsize=8, color="#555555"];
          i0 [label="x\\nf32[N,3]", fillcolor="#cfe2f3"];
          i1 [label="w\\nf32[N,3]", fillcolor="#d9ead3"];
          n1 [label="scale"];
          n0 -> n1 [label="f32[N,3]"];
          subgraph cluster_0 {
            label="hidden"; style=rounded; color="#999999"; fontname="sans-serif";
            n0 [label="plus\\nh"];
            i0 -> n0 [label="f32[N,3]"];
            i1 -> n0 [label="f32[N,3]"];
          }
          o0 [label="y\\nf32[N,3]", shape=ellipse, fillcolor="#f4cccc"];
          n1 -> o0;
          n0 -> i1 [style=dashed, constraint=false, label="update"];
        }

        """)
  }

  /// Outside quotes stands only what the writer itself wrote, whatever the names are.
  @Test func namesCannotEscape() throws {
    for graph in try TinyGraphs.all() {
      let dot = graph.dot()
      var isQuoted = false
      var isEscaped = false
      var depth = 0
      for byte in dot.utf8 {
        if isQuoted {
          if !isEscaped, byte == UInt8(ascii: "\"") { isQuoted = false }
          isEscaped = !isEscaped && byte == UInt8(ascii: "\\")
          #expect(byte != 0x0A)
          continue
        }
        switch byte {
        case UInt8(ascii: "\""): isQuoted = true
        case UInt8(ascii: "{"): depth += 1
        case UInt8(ascii: "}"): depth -= 1
        default: #expect(byte < 127)
        }
        #expect(depth >= 0)
      }
      #expect(depth == 0 && !isQuoted, "\(graph.name)")
    }
    #expect(try TinyGraphs.strangeNames().dot() == TinyGraphs.strangeNames().dot())
  }

  @Test func subGraphsAreClusters() throws {
    let dot = try TinyGraphs.nested(depth: 2).dot()
    #expect(dot.contains("label=\"loop: level1\"") && dot.contains("n0g0n0g0i0 [label=\"x\\nf32[N]\""))
  }
}
