import JacquardCore
import JacquardIR
import JacquardOps
import Testing

/// The builder's conveniences: products by NumPy's rule, einsum, negative axes, shapes left open.
@Suite struct StructuralBuilderTests {
  private static func draw(_ type: TensorType, _ seed: Int) throws -> HostTensor {
    try StructuralDraw.tensor(.integers(type, -4, 5), seed: seed)
  }

  private static func evaluate(
    _ inputs: [HostTensor], _ build: (GraphBuilder, [ValueID]) throws -> ValueID
  ) throws -> HostTensor {
    try #require(try ElementwiseProbe(inputs, build).value())
  }

  /// Sums products over all values of all letters: what einsum means.
  private static func slowEinsum(_ terms: [[Character]], _ result: [Character], _ x: [HostTensor]) -> [Int64] {
    var sizes: [Character: Int] = [:]
    for (letters, tensor) in zip(terms, x) { for (l, size) in zip(letters, tensor.sizes) { sizes[l] = size } }
    let order = result + sizes.keys.sorted().filter { !result.contains($0) }
    var totals = [Int64](repeating: 0, count: result.reduce(1) { $0 * (sizes[$1] ?? 1) })
    for point in StructuralKernelRunner.points(order.map { sizes[$0] ?? 1 }) {
      let at = Dictionary(uniqueKeysWithValues: zip(order, point))
      func position(_ letters: [Character]) -> Int { letters.reduce(0) { $0 * (sizes[$1] ?? 1) + (at[$1] ?? 0) } }
      var product: Int64 = 1
      for (letters, tensor) in zip(terms, x) { product *= tensor[linear: position(letters)].asInt }
      totals[position(result)] += product
    }
    return totals
  }

  @Test(
    arguments: [
      ("ij,jk->ik", "ik", ["i64[2,3]", "i64[3,4]"]), ("bij,bjk->bik", "bik", ["i64[2,3,4]", "i64[2,4,2]"]),
      ("ij,jk", "ik", ["i64[2,3]", "i64[3,4]"]), ("ij->ji", "ji", ["i64[2,3]"]), ("ij->", "", ["i64[2,3]"]),
      ("ij->j", "j", ["i64[2,3]"]), ("i,j->ji", "ji", ["i64[2]", "i64[3]"]), ("i,i", "", ["i64[4]", "i64[4]"]),
      ("ij,jk,kl->li", "li", ["i64[2,3]", "i64[3,4]", "i64[4,2]"]), ("ab,a,b->", "", ["i64[2,3]", "i64[2]", "i64[3]"]),
      ("bqhd,bkhd->bhqk", "bhqk", ["i64[2,3,2,4]", "i64[2,5,2,4]"]), ("ij,kl->jl", "jl", ["i64[2,3]", "i64[4,2]"]),
      ("ba", "ab", ["i64[2,3]"]), ("ij , ij -> ij", "ij", ["i64[2,3]", "i64[2,3]"]),
      (",i->i", "i", ["i64[]", "i64[3]"]),
    ] as [(String, String, [TensorType])])
  func einsum(_ text: String, _ result: String, _ types: [TensorType]) throws {
    let x = try types.enumerated().map { try Self.draw($0.element, $0.offset) }
    let left = text.filter { $0 != " " }.split(separator: "-", omittingEmptySubsequences: false)[0]
    let terms = left.split(separator: ",", omittingEmptySubsequences: false).map { Array($0) }
    let actual = try Self.evaluate(x) { try $0.einsum(text, $1) }
    #expect(actual.elements(Int64.self) == Self.slowEinsum(terms, Array(result), x))
  }

  @Test(
    arguments: [
      ("ii->i", ["f32[2,2]"], "einsum.c2"), ("ij->iij", ["f32[2,2]"], "einsum.c2"), ("i->j", ["f32[2]"], "einsum.c3"),
      ("i1->i", ["f32[2,2]"], "einsum.c1"), ("...i->i", ["f32[2]"], "einsum.c1"), ("ij", ["f32[2]"], "einsum.c4"),
      ("i,i", ["f32[2]"], "einsum.c4"), ("ij,jk->ik", ["f32[2,3]", "f32[4,2]"], "einsum.c5"),
      ("i->j->k", ["f32[2]"], "einsum.c1"),
    ] as [(String, [TensorType], String)])
  func badEinsum(_ text: String, _ types: [TensorType], _ tag: String) throws {
    let builder = GraphBuilder(name: "bad")
    let x = try types.enumerated().map { try builder.input("x\($0.offset)", $0.element) }
    let error = #expect(throws: Diagnostic.self) { _ = try builder.einsum(text, x) }
    #expect(error?.constraint == tag)
  }

  /// Matrix products against einsum over operands broadcast by hand.
  @Test(
    arguments: [
      ("i64[3]", "i64[3]", "i,i->", "i64[]"), ("i64[2,3]", "i64[3]", "ij,j->i", "i64[2]"),
      ("i64[3]", "i64[3,2]", "j,jk->k", "i64[2]"), ("i64[3]", "i64[4,3,2]", "j,bjk->bk", "i64[4,2]"),
      ("i64[4,2,3]", "i64[3]", "bij,j->bi", "i64[4,2]"), ("i64[4,2,3]", "i64[3,5]", "bij,jk->bik", "i64[4,2,5]"),
      ("i64[2,3]", "i64[4,3,5]", "ij,bjk->bik", "i64[4,2,5]"),
      ("i64[4,2,3]", "i64[4,3,5]", "bij,bjk->bik", "i64[4,2,5]"),
    ] as [(TensorType, TensorType, String, TensorType)])
  func matmul(_ left: TensorType, _ right: TensorType, _ text: String, _ result: TensorType) throws {
    let x = [try Self.draw(left, 0), try Self.draw(right, 1)]
    let actual = try Self.evaluate(x) { try $0.matmul($1[0], $1[1]) }
    #expect(actual.type == result)
    #expect(try actual == Self.evaluate(x) { try $0.einsum(text, $1) })
  }

  @Test func matmulBroadcastsLeadingAxes() throws {
    let x = [try Self.draw("i64[4,1,2,3]", 0), try Self.draw("i64[5,3,2]", 1)]
    let actual = try Self.evaluate(x) { try $0.matmul($1[0], $1[1]) }
    let narrow = [try x[0].reshaped([4, 2, 3]), x[1]]
    #expect(try actual == Self.evaluate(narrow) { try $0.einsum("aij,bjk->abik", $1) })
    let builder = GraphBuilder(name: "bad")
    let (a, b) = (try builder.input("a", "f32[2,3,4]"), try builder.input("b", "f32[3,4,5]"))
    let scalar = try builder.constant(1, .f32)
    for (pair, tag) in [((a, b), "matmul.c2"), ((a, scalar), "matmul.c1")] {
      let error = #expect(throws: Diagnostic.self) { _ = try builder.matmul(pair.0, pair.1) }
      #expect(error?.constraint == tag)
    }
  }

  @Test func symbolicShapes() throws {
    let b = GraphBuilder(name: "symbolic")
    let n: Dim = .symbol("N")
    let x = try b.input("x", "f32[N,784]")
    let w = try b.input("w", "f32[784,10]")
    let expected: [(ValueID, TensorType)] = [
      (try b.matmul(x, w), "f32[N,10]"), (try b.reshape(x, [-1, 28]), "f32[28*N,28]"),
      (try b.reshape(x, [n, 28, 28]), "f32[N,28,28]"), (try b.sum(x, axes: [-1]), "f32[N]"),
      (try b.mean(x, axes: [0], keepDims: true), "f32[1,784]"), (try b.argmax(x, axis: -1), "i64[N]"),
      (try b.transpose(x, [1, 0]), "f32[784,N]"), (try b.expandDims(x, axis: -1), "f32[N,784,1]"),
      (try b.squeeze(b.expandDims(x, axis: 0), axis: 0), "f32[N,784]"),
      (try b.slice(x, axis: 0, from: 0, to: try n.minus(1)), "f32[N-1,784]"),
      (try b.slice(x, starts: [0, 0], limits: [n, 784], strides: [1, 10]), "f32[N,79]"),
      (try b.broadcast(b.constant(2, .i32), to: [n, 3]), "i32[N,3]"), (try b.iota([n], axis: 0, .i64), "i64[N]"),
      (try b.concat([x, x], axis: 0), "f32[2*N,784]"), (try b.zeros([n], .bool), "bool[N]"),
      (try b.pad(x, low: [1, 0], high: [2, 0]), "f32[N+3,784]"), (try b.dimension(n, .f32), "f32[]"),
      (try b.gather(x, b.iota([n, 2], axis: 1, .i32), axis: 1), "f32[N,N,2]"),
      (try b.einsum("nd,md->nm", [x, x]), "f32[N,N]"),
    ]
    for (value, type) in expected { #expect(b.type(value) == type) }
    #expect(throws: Diagnostic.self) { _ = try b.reshape(x, [-1, 3, 5]) }
    let error = #expect(throws: Diagnostic.self) { _ = try b.reshape(x, [10, 784]) }
    #expect(error?.message.contains("bind N") == true)
  }

  @Test func stridedSymbolsDivideExactly() throws {
    let b = GraphBuilder(name: "strides")
    let n: Dim = .symbol("N")
    let x = try b.input("x", "f32[2*N]")
    let all = try n.times(2)
    #expect(b.type(try b.slice(x, starts: [0], limits: [all], strides: [2])) == "f32[N]")
    #expect(b.type(try b.slice(x, starts: [1], limits: [all], strides: [2])) == "f32[N]")
  }

  @Test func nothingIsAppendedForNothing() throws {
    let b = GraphBuilder(name: "same")
    let x = try b.input("x", "f32[2,3]")
    for same in [
      try b.reshape(x, [2, -1]), try b.broadcast(x, to: [2, 3]), try b.transpose(x, [0, 1]),
      try b.pad(x, low: [0, 0], high: [0, 0]),
    ] { #expect(same == x) }
    #expect(b.graph.nodes.isEmpty)
    #expect(try b.sum(x, axes: [1, 0]) == b.sum(x, axes: [-2, -1]))
  }

  @Test func keysFoldAndDraw() throws {
    let key = try HostTensor([Int32(-5), 77], [2])
    let philox = Philox(UInt32(bitPattern: -5), 77)
    let folded = try Self.evaluate([key]) { try $0.foldKey($1[0], 9) }
    let words = folded.elements(Int32.self).map { UInt32(bitPattern: $0) }
    #expect(words == [philox.folded(9).key.low, philox.folded(9).key.high])
    let draw = try Self.evaluate([key]) { try $0.uniform(key: $1[0], shape: [3, 3], dtype: .f32) }
    let uniform: [Double] = (0..<9).map { philox.uniform($0) }
    #expect(draw.elements(Float.self) == uniform.map { Float($0) })
    let coin = try Self.evaluate([key]) { try $0.bernoulli(key: $1[0], probability: 0.5, shape: [9]) }
    #expect((0..<9).map { coin[linear: $0].asBool } == uniform.map { $0 < 0.5 })
  }

  @Test func inliningKeepsTheMeaning() throws {
    let inner = GraphBuilder(name: "inner")
    let (a, b) = (try inner.input("a", "f32[2]"), try inner.input("b", "f32[2]"))
    try inner.output("sum", inner.add(a, b))
    try inner.output("a", a)
    let value = try HostTensor([1, 2] as [Float], [2])
    let result = try Self.evaluate([value, value]) { builder, x in
      let values = try builder.inline(inner.graph, x)
      #expect(values[1] == x[0])
      return try builder.inline(inner.graph, values)[0]
    }
    #expect(result.elements(Float.self) == [3, 6])
    #expect(throws: Diagnostic.self) { _ = try GraphBuilder(name: "few").inline(inner.graph, []) }
  }
}
