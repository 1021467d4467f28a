import JacquardCore
import JacquardIR

/// Graphs by hand that together have every feature of the format.
enum TinyGraphs {
  static func all() throws -> [Graph] {
    try [empty(), plain(), everything(), constants(), nested(depth: 16), strangeNames(), inputsLate(), notANumber()]
  }

  static func empty() -> Graph { GraphBuilder(name: "empty").graph }

  static func plain() throws -> Graph {
    let builder = GraphBuilder(name: "plain", symbols: [Graph.Symbol("N", defaultSize: 128)])
    let x = try builder.input("x", "f32[N,3]")
    let w = try builder.input(Input(name: "w", type: "f32[N,3]", role: .parameter, initializer: Initializer(.zeros)))
    builder.origins = [Origin(name: "h", scope: "hidden", site: SourceSite(file: "Models/MLP.swift", line: 12))]
    let h = try builder.apply(Plus(), x, w)
    builder.origins = [Origin()]
    let scaled = try builder.apply(Scale(factor: 0.1), h)
    try builder.output("y", scaled)
    try builder.update("w", h)
    return builder.graph
  }

  static func everything() throws -> Graph {
    let builder = GraphBuilder(name: "every.thing", symbols: [Graph.Symbol("N", defaultSize: 2), Graph.Symbol("M")])
    let x = try builder.input(
      Input(
        name: "x", type: "f32[2*N+1,M]", sample: SampleHint(.uniform, low: -1, high: 1),
        feed: FeedHint(column: "image", scale: 1.0 / 255), site: SourceSite(file: "Models/A.swift", line: 3)))
    try builder.input(Input(name: "y", type: "i32[N]", sample: SampleHint(.integers, low: 0, high: 10)))
    let w = try builder.input(
      Input(
        name: "layer/w", type: "f32[2*N+1,M]", role: .parameter,
        initializer: Initializer(.kaimingUniform, seed: 1, gain: 2.5)))
    try builder.input(
      Input(
        name: "rng/key", type: "i32[2]", role: .state, initializer: Initializer(.constant, value: .infinity)))
    builder.origins = [Origin(scope: "a b/c", site: SourceSite(file: "Models/A.swift", line: 4))]
    let sum = try builder.apply(Plus(), x, w)
    builder.origins = [Origin(name: "pair", scope: "a")]
    let pair = try builder.append(Twice(), [sum])
    builder.origins = [Origin(site: SourceSite(file: "B.swift", line: 9))]
    let bias = Scale.Bias(low: -.infinity, weights: [0.1, -0.0])
    let scaled = try builder.apply(
      Scale(
        factor: 1e-30, mode: .centred, note: "say \"hi\"\n\t\\ true", axes: [0, -1], bias: bias, isExact: true),
      pair[0])
    builder.origins = [Origin()]
    let filled = try builder.apply(Fill(shape: [.symbol("N"), 784], dtype: .f64, extra: 7))
    _ = try builder.append(Sink(), [filled, pair[1]])
    try builder.output("out", scaled)
    try builder.output("second", pair[1])
    try builder.output("x", x)
    try builder.update("layer/w", pair[0])
    return builder.graph
  }

  /// Small and large constants of every type.
  static func constants() throws -> Graph {
    let builder = GraphBuilder(name: "constants")
    let tensors: [HostTensor] = try [
      HostTensor([Float(0.1), -0.0, .infinity, -.infinity, .leastNonzeroMagnitude, .nan], [2, 3]),
      HostTensor([0.1, 1e300, -.leastNonzeroMagnitude], [3]), HostTensor([Int32.min, .max], [2]),
      HostTensor([Int64.min, .max], [2]), HostTensor([UInt8(0), 255], [2, 1]), HostTensor([true, false], [2]),
      HostTensor(zeros: .f32, [0, 3]), HostTensor(Float(3)), HostTensor((0..<100).map { Float($0) / 7 }, [10, 10]),
      HostTensor((0..<40).map { Int64($0) - 20 }, [40]), HostTensor([Float(bitPattern: 0xFFC0_0000)], [1]),
    ]
    for (index, tensor) in tensors.enumerated() {
      builder.origins = [Origin(name: index % 2 == 0 ? "c/\(index)" : nil)]
      try builder.output("y\(index)", builder.apply(Literal(value: AttributeTensor(tensor))))
    }
    return builder.graph
  }

  /// Sub-graphs inside each other, with a large constant in the innermost.
  static func nested(depth: Int) throws -> Graph {
    let builder = GraphBuilder(name: "level\(depth)", symbols: [Graph.Symbol("N")])
    let x = try builder.input("x", "f32[N]")
    if depth > 0 {
      let inner = try nested(depth: depth - 1)
      builder.origins = [Origin(name: depth % 2 == 0 ? "loop" : nil, scope: "s")]
      let results = try builder.append(Loop(trips: depth), [x], graphs: [inner])
      try builder.output("y", results[0])
    } else {
      let tensor = try HostTensor((0..<33).map { Float($0) }, [33])
      _ = try builder.apply(Literal(value: AttributeTensor(tensor)))
      try builder.output("y", builder.apply(Scale(factor: 3), x))
    }
    return builder.graph
  }

  static func strangeNames() throws -> Graph {
    let names = [
      "input", "output", "update", "graph", "a b", "ümlaut/\u{1F600}", "a'b", "(", "#", "{x}", "1", "-",
      "../../etc/passwd", "true", "<b>&amp;", "a%2Fb", "@x", "init", "=", String(repeating: "n", count: 255),
    ]
    let builder = GraphBuilder(name: "strange names (1) {")
    var value = try builder.input("in put", "f32[1]")
    for name in names {
      builder.origins = [Origin(name: name, scope: "\(name)\n\"", site: SourceSite(file: "a \"b\".swift", line: 1))]
      value = try builder.apply(Plus(), value, value)
    }
    try builder.output("output", value)
    try builder.output("x y", value)
    return builder.graph
  }

  /// NaN in attributes: such nodes differ even from themselves.
  static func notANumber() throws -> Graph {
    let builder = GraphBuilder(name: "nan")
    let x = try builder.input("x", "f32[2]")
    let bias = Scale.Bias(low: .nan, weights: [.nan, .infinity])
    for _ in 0..<2 { try builder.output("y\(builder.graph.nodes.count)", builder.apply(Scale(bias: bias), x)) }
    return builder.graph
  }

  /// An input that was added after a node.
  static func inputsLate() throws -> Graph {
    let builder = GraphBuilder(name: "late")
    let a = try builder.input("a", "f32[2]")
    let b = try builder.apply(Plus(), a, a)
    let c = try builder.input("c", "f32[2]")
    try builder.output("y", builder.apply(Plus(), b, c))
    return builder.graph
  }
}

/// The error's one line, or nil.
func message(_ body: () throws -> Void) -> String? {
  do {
    try body()
    return nil
  } catch {
    return "\(error)"
  }
}
