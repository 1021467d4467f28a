import JacquardCore
import JacquardIR
import Testing

@Suite struct BadTextTests {
  static let text = """
    graph g(N=4) {
      input x: f32[N,3] data sample {kind: uniform} "A.swift:1"
      input w: f32[N,3] parameter init {kind: ones}
      h: f32[N,3] = plus(x, w) @s "A.swift:2"
      t: (f32[N,3], f64[N,3]) = twice(h)
      s: f32[N,3] = scale(t) {axes: [1, 2]}
      l: f32[N,3] = loop@3(s) {trips: 2} [
        graph body(N) {
          input a: f32[N,3] data
          output r = a
        }
      ] @s
      output y = s
      output z = t:1
      update w = h
    }
    """

  static let cases: [BadFileTests.Case] = [
    .init(text, "", "g.txt:1:1:", "expected 'graph'"),
    .init("graph g(N=4) {", "graf g {", "expected 'graph'"),
    .init("graph g(N=4) {", "graph {", "g.txt:1:7:", "the graph's name"),
    .init("graph g(N=4) {", "graph g(N=4", "g.txt:2:3:", "expected ',' or ')'"),
    .init("(N=4)", "(N=)", "g.txt:1:11:", "expected a value"),
    .init("(N=4)", "(N=x)", "expected an integer, found a string"),
    .init("(N=4)", "", "input 'x'", "symbol N of type f32[N,3] is not declared"),
    .init("input x: f32[N,3] data", "input x f32[N,3] data", "g.txt:2:11:", "expected ':'"),
    .init("input x: f32[N,3] data", "input x: f32 data", "expected '['"),
    .init("input x: f32[N,3] data", "input x: f32[N,3 data", "expected ']'", "0xa"),
    .init("input x: f32[N,3] data", "input x: f32[N,3]", "g.txt:2:21:", "role 'sample'"),
    .init("{kind: uniform} \"A", "{kind: uniform, kind: normal} \"A", "g.txt:2:49:", "second time"),
    .init("sample {kind: uniform}", "sample {kind: uniform} sample {}", "second time"),
    .init("sample {kind: uniform}", "sampel {kind: uniform}", "unknown key 'sampel'"),
    .init("sample {kind: uniform}", "sample {kind uniform}", "expected ':'"),
    .init("\"A.swift:1\"", "\"A.swift:1", "does not end in its line"),
    .init("\"A.swift:1\"", "\"A.swift:1\" 5", "expected the end of the line"),
    .init("\"A.swift:1\"", "\"A\\q:1\"", "expected an escape"),
    .init("h: f32[N,3] = plus(x, w)", "h: f32[N,3] plus(x, w)", "g.txt:4:15:", "expected '='"),
    .init("h: f32[N,3] = plus(x, w)", "h: f32[N,3] = plus x, w", "expected '('"),
    .init("h: f32[N,3] = plus(x, w)", "h: f32[N,3] = plus(x, )", "expected a value"),
    .init(
      "h: f32[N,3] = plus(x, w)", "h: f32[N,3] = plus(x, v)", "g.txt:4:25:",
      "node 'h': 'v' is neither an input nor a node"),
    .init("h: f32[N,3] = plus(x, w)", "h: f32[N,3] = plus(x, s)", "is used before line 6 defines it"),
    .init(
      "h: f32[N,3] = plus(x, w)", "h: f32[N,5] = plus(x, w)", "g.txt:4:6:",
      "type is stated as f32[N,5], but inferred as f32[N,3]"),
    .init("h: f32[N,3] = plus(x, w)", "h: f32[N,3] = minus(x, w)", "unknown operation 'minus'"),
    .init("h: f32[N,3] = plus(x, w)", "h: f32[N,3] = plus@2(x, w)", "has version 2"),
    .init("twice(h)", "twice(h:)", "the number of a result"),
    .init("twice(h)", "twice(h:1)", "'h' has 1 result; there is no 1"),
    .init("{axes: [1, 2]}", "{axes: [1, 2}", "expected ',' or ']'"),
    .init("{axes: [1, 2]}", "{axes: [1, -]}", "g.txt:6:37:", "'-' is not a value"),
    .init("{axes: [1, 2]}", "{axes: [1, a]}", "attribute 'axes[1]': must be an integer"),
    .init("{axes: [1, 2]}", "{axes: [1, 99999999999999999999]}", "is not a value"),
    .init("{axes: [1, 2]}", "{note: \"\u{7}\"}", "control character"),
    .init("] @s\n", "@s\n", "expected 'graph'"),
    .init("output r = a\n", "output r = a output q = a\n", "expected the end of the line"),
    .init("output y = s", "output y = ", "g.txt:13:14:", "expected a value"),
    .init("update w = h\n}", "update w = h\n} more", "expected the end of the text"),
    .init("update w = h\n}", "update w = h", "expected '}', found the end of the text"),
  ]

  @Test func theTextItselfIsRight() throws {
    try Graph(text: Self.text, registry: tinyRegistry).verify()
  }

  @Test(arguments: cases)
  func oneLineNamesThePlace(_ bad: BadFileTests.Case) {
    let found = Self.text.ranges(of: bad.old)
    #expect(found.count == 1, "the text to replace occurs \(found.count) times")
    let text = Self.text.replacing(bad.old, with: bad.new)
    let line = message { _ = try Graph(text: text, file: "g.txt", registry: tinyRegistry) } ?? "no error"
    #expect(line.hasPrefix("g.txt:"), "\(line)")
    for part in bad.expected { #expect(line.contains(part), "\(line)") }
    #expect(!line.contains("\n"))
  }

  @Test func badBytes() {
    let bytes: [[UInt8]] = [
      Array("graph \"".utf8) + [0xFF, 0xFE, UInt8(ascii: "\"")], Array("graph g { input x: f32[".utf8) + [0x80, 0x5D],
      [0], [0xEF, 0xBB, 0xBF], Array("graph g {\n\0}".utf8), Array("graph \"g\\".utf8),
    ]
    for text in bytes {
      let line = message { _ = try Graph(text: text, file: "g.txt", registry: tinyRegistry) }
      #expect(line?.hasPrefix("g.txt:1:") == true || line?.hasPrefix("g.txt:2:") == true, "\(line ?? "no error")")
    }
    for open in ["[", "{a: "] {
      let text = "graph g {\n a: f32[1] = scale() {axes: " + String(repeating: open, count: 100_000)
      let line = message { _ = try Graph(text: text, file: "g.txt", registry: tinyRegistry) }
      #expect(line?.contains("nested too deeply") == true, "\(line ?? "no error")")
    }
  }
}
