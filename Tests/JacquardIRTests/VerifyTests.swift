import JacquardCore
import JacquardIR
import Testing

@Suite struct VerifyTests {
  private func refused(_ expected: String..., build: (GraphBuilder) throws -> Void) throws {
    let builder = GraphBuilder(name: "g")
    try build(builder)
    let line = message { try builder.graph.verify() } ?? "no error"
    #expect(line.hasPrefix("graph 'g'"), "\(line)")
    for part in expected { #expect(line.contains(part), "\(line)") }
  }

  @Test func goodGraphsPass() throws {
    for graph in try TinyGraphs.all() { try graph.verify() }
  }

  @Test func names() throws {
    for name in ["a:b", "%x", "", "a\"b", "a\\b", "a\nb", String(repeating: "x", count: 256)] {
      try refused("no legal name") { builder in
        builder.origins = [Origin(name: name)]
        _ = try builder.append(Sink(), [])
      }
    }
    #expect(message { try GraphBuilder(name: "").graph.verify() }?.contains("no legal name") == true)
  }

  @Test func sites() throws {
    try refused("is no source line", "node") { builder in
      builder.origins = [Origin(site: SourceSite(file: "/home/me/a.swift", line: 3))]
      _ = try builder.append(Sink(), [])
    }
  }

  @Test func inputs() throws {
    try refused("input 'x'", "a data input has no init") { builder in
      try builder.input(Input(name: "x", type: "f32[2]", initializer: Initializer(.ones)))
    }
    try refused("input 'w'", "needs 'low'") { builder in
      try builder.input(Input(name: "w", type: "f32[2]", role: .parameter, initializer: Initializer(.uniform)))
    }
    try refused("only a data input has sample or feed") { builder in
      try builder.input(Input(name: "w", type: "f32[2]", role: .state, feed: FeedHint(column: "x")))
    }
    try refused("feed has no column") { builder in
      try builder.input(Input(name: "w", type: "f32[2]", feed: FeedHint(column: "")))
    }
  }

  @Test func types() throws {
    let builder = GraphBuilder(name: "g")
    _ = try builder.append(Fickle(), [])
    try builder.graph.verify()
    Fickle.result.withLock { $0 = "f32[3]" }
    defer { Fickle.result.withLock { $0 = "f32[2]" } }
    let line = message { try builder.graph.verify() }
    #expect(line?.contains("node 'fickle %0'") == true && line?.contains("has type f32[2]; inferred is f32[3]") == true)
  }

  @Test func symbols() throws {
    try refused("symbol K is not declared") { builder in
      _ = try builder.append(Fill(shape: [2], dtype: .f32, extra: .symbol("K")), [])
    }
    try refused("'9' is no legal name for a symbol") { $0.declare("9") }
    try refused("symbol N has size 0") { $0.declare("N", defaultSize: 0) }
    // Symbols of results and sub-graphs are declared by the builder.
    let builder = GraphBuilder(name: "g")
    _ = try builder.append(Fill(shape: [.symbol("K"), .symbol("A")], dtype: .f32), [])
    #expect(builder.graph.symbols.map(\.name) == ["K", "A"])
    try builder.graph.verify()
  }

  @Test func subGraphs() throws {
    let inner = GraphBuilder(name: "inner")
    let w = try inner.input(Input(name: "w", type: "f32[2]", role: .state))
    try inner.update("w", w)
    try inner.output("y", w)
    try refused("graph 'inner'", "a sub-graph has updates") { builder in
      let x = try builder.input("x", "f32[2]")
      _ = try builder.append(Loop(trips: 1), [x], graphs: [inner.graph])
    }
  }
}

@Suite struct BuilderTests {
  @Test func rootsAreChecked() throws {
    let builder = GraphBuilder(name: "g")
    let x = try builder.input("x", "f32[2]")
    let w = try builder.input(Input(name: "w", type: "f32[2]", role: .parameter))
    try builder.output("y", x)
    #expect(message { try builder.output("y", w) }?.contains("two outputs") == true)
    try builder.update("w", x)
    #expect(message { try builder.update("w", x) }?.contains("two updates") == true)
    #expect(message { try builder.input("x", "f32[2]") }?.contains("two values") == true)
    builder.clearRoots()
    try builder.output("y", w)
    try builder.update("w", w)
    let more = GraphBuilder(extending: builder.graph)
    #expect(message { try more.output("y", w) }?.contains("two outputs") == true)
    #expect(message { try more.update("w", x) }?.contains("two updates") == true)
    #expect(message { try more.input("w", "f32[2]") }?.contains("two values") == true)
  }

  @Test func manyOriginsStayBounded() throws {
    let builder = GraphBuilder(name: "g")
    let x = try builder.input("x", "f32[2]")
    for index in 0..<10_000 {
      let name = index % 2 == 0 ? "n\(index)" : nil
      builder.origins = [Origin(name: name, site: SourceSite(file: "A.swift", line: index))]
      _ = try builder.apply(Plus(), x, x)
    }
    #expect(builder.graph.nodes[0].origins.count <= 4096)
    #expect(builder.graph.nodes[0].name == "n0")
  }
}

@Suite struct DimTests {
  @Test func hostileArithmeticEnds() throws {
    let lowest = try Dim(parsing: "-9223372036854775807*N-N")
    #expect(try lowest.dividedExactly(by: try Dim(parsing: "-1*N")) == nil)
    #expect(try Dim(Int.min).dividedExactly(by: -1) == nil)
    #expect(try Dim(6).dividedExactly(by: 0) == nil)
    #expect(try Dim(parsing: "2*N*M+2*M").dividedExactly(by: Dim(parsing: "N+1"))?.description == "2*M")
    #expect(message { _ = try Dim(parsing: Array(repeating: "N", count: 40).joined(separator: "*")) } != nil)
  }
}
