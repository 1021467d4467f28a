import Foundation
import Jacquard

/// 4.3: self-attention in plain loops, what it can and cannot see, and a small transformer that writes.
struct SelfAttention: Exercise {
  let id = "4.3"

  /// softmax(Q Kᵀ / sqrt(width)) V: each query mixes the values by how well their keys fit it.
  static func attention(
    _ queries: [[Double]], _ keys: [[Double]], _ values: [[Double]]
  ) -> (weights: [[Double]], mixed: [[Double]]) {
    let weights = queries.map { query in
      let scale = Double(query.count).squareRoot()
      let scores = keys.map { key in zip(query, key).reduce(0) { $0 + $1.0 * $1.1 } / scale }
      let largest = scores.max() ?? 0
      let powers = scores.map { exp($0 - largest) }
      let total = powers.reduce(0, +)
      return powers.map { $0 / total }
    }
    let mixed = weights.map { row in
      values[0].indices.map { column in zip(row, values).reduce(0) { $0 + $1.0 * $1.1[column] } }
    }
    return (weights, mixed)
  }

  /// The same with the layer of the library: one head whose four matrices are the identity.
  static func graph(length: Int, width: Int) throws -> Graph {
    try Graph("attention") { g in
      let x = g.input("x", Double.self, [1, Dim(length), Dim(width)])
      g.output("plain", g.module(MultiHeadAttention(width, heads: 1))(x))
      let placed = g.scope("placed") { SinusoidalPositions()(x) }
      g.output("placed", g.module(MultiHeadAttention(width, heads: 1))(placed))
    }
  }

  func run(_ run: Run) throws {
    try designed(run)
    try permuted(run)
    try language(run)
  }

  /// Eight tokens, each with a key of its own; the query of each asks for the token three places on.
  private func designed(_ run: Run) throws {
    let (count, strength) = (8, 4.0)
    let keys = (0..<count).map { token in (0..<count).map { $0 == token ? strength : 0 } }
    let queries = (0..<count).map { keys[($0 + 3) % count] }
    let values = (0..<count).map { [Double($0), 1] }
    let (weights, mixed) = Self.attention(queries, keys, values)
    run.heading("designed")
    run.say("explained")
    run.code("weights = softmax(Q K^T / sqrt(width)),  mixed = weights V")
    let names = (0..<count).map(String.init)
    run.heatMap("weights", x: "axis.key", y: "axis.query", weights, columns: names, rows: names)
    run.claim("rows", weights.map { abs($0.reduce(0, +) - 1) }.max() ?? .nan, .atMost(1e-12))
    run.claim("picked", (0..<count).map { weights[$0][($0 + 3) % count] }.min() ?? .nan, .atLeast(0.9))
    let wanted = (0..<count).map { Double(($0 + 3) % count) }
    run.claim("fetched", zip(mixed, wanted).map { abs($0[0] - $1) }.max() ?? .nan, .atMost(0.2))
  }

  /// Attention sees a set: mixing the tokens up mixes its results up in the same way, unless the tokens say where they stand.
  private func permuted(_ run: Run) throws {
    let (length, width) = (6, 8)
    let key = Philox(seed: run.seed)
    let tokens = (0..<length).map { token in (0..<width).map { key.normal(token * width + $0) } }
    let order = [3, 0, 5, 1, 4, 2]
    let graph = try Self.graph(length: length, width: width)
    try run.save(graph)
    let store = ParameterStore(seed: run.seed)
    let session = try Session(graph, store, options: run.session)
    let results = { (tokens: [[Double]]) throws -> [String: [[Double]]] in
      try session.step(["x": HostTensor(tokens.flatMap { $0 }, [1, length, width])]).mapValues { y in
        let flat = y.elements(Double.self)
        return (0..<length).map { Array(flat[$0 * width..<($0 + 1) * width]) }
      }
    }
    let (straight, mixed) = (try results(tokens), try results(order.map { tokens[$0] }))
    let changes = ["plain", "placed"].map { name in
      largest(order.map { straight[name]?[$0] ?? [] }, mixed[name] ?? [])
    }
    run.heading("permuted")
    run.say("set")
    run.claim("library", try libraryError(run, tokens), .atMost(1e-12))
    run.claim("equivariant", changes[0], .atMost(1e-12))
    run.claim("positions", changes[1], .atLeast(0.01))
  }

  /// The loops against the library's layer, once its four matrices are the identity.
  private func libraryError(_ run: Run, _ tokens: [[Double]]) throws -> Double {
    let width = tokens[0].count
    let graph = try Graph("identity") { g in
      let x = g.input("x", Double.self, [1, Dim(tokens.count), Dim(width)])
      g.output("y", g.module(MultiHeadAttention(width, heads: 1, bias: false))(x))
    }
    let store = ParameterStore()
    try store.initialize(graph)
    let one = (0..<width * width).map { $0 % (width + 1) == 0 ? 1.0 : 0 }
    for name in store.names { try store.set(name, HostTensor(one, [width, width])) }
    let inputs = ["x": try HostTensor(tokens.flatMap { $0 }, [1, tokens.count, width])]
    let y = try Session(graph, store, options: run.session).step(inputs)["y"]?.elements(Double.self) ?? []
    return largest(Self.attention(tokens, tokens, tokens).mixed, [y])
  }

  private func largest(_ a: [[Double]], _ b: [[Double]]) -> Double {
    zip(a.flatMap { $0 }, b.flatMap { $0 }).map { abs($0 - $1) }.max() ?? .nan
  }

  // MARK: A language model

  private func language(_ run: Run) throws {
    guard let (name, text) = try run.data.text() else {
      for key in ["validation", "unigrams", "bigrams"] { run.skip(key, because: run.text("absent")) }
      return run.decide(.collect, "collect")
    }
    run.heading("language")
    run.say("writes", ["name": name])
    let characters = Characters(text)
    let model = CharacterTransformer(vocabulary: characters.count)
    let steps = run.pick(1000, quick: 120)
    let trained = try model.train(run, characters, steps: steps, batch: run.pick(32, quick: 16))
    let loss = try model.validationLoss(run, trained.store, characters, sequences: run.pick(512, quick: 128))
    let losses = trained.history.map(\.loss)
    let x = losses.indices.map { Double($0 + 1) * Double(CharacterTransformer.stride) }
    let (bigram, unigram) = (characters.bigramLoss(), characters.unigramLoss())
    let ends = [x.first ?? 0, x.last ?? 1]
    run.plot(
      "losses", x: "axis.step", y: "axis.loss",
      [
        .line(run.text("train"), x, losses), .dashes(run.text("baseline"), ends, [bigram, bigram]),
        .points(run.text("heldOut"), [ends[1]], [loss]),
      ])
    run.table(
      ["predictor", "nats"],
      [("unigram", unigram), ("bigram.name", bigram), ("transformer", loss)].map {
        [run.text($0.0), NumberStyle.number.text($0.1)]
      })
    // Calibrated with PyTorch on tinyshakespeare (seed 0): 1.874 after 1,000 steps, 2.49 after 100; bigrams 2.482.
    run.claim("validation", loss, .atMost(2.0, quick: 2.75))
    run.claim("unigrams", unigram - loss, .atLeast(1.2, quick: 0.5))
    if run.isQuick {
      run.skip("bigrams", because: run.text("quickly"))
    } else {
      run.claim("bigrams", bigram - loss, .atLeast(0.4))
    }
    run.say("sampled")
    run.code(try model.sample(run, trained.store, characters, count: run.pick(400, quick: 80)))
    run.decide(.redesign, "decision", ["loss": NumberStyle.number.text(loss)])
  }
}
