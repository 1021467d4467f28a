import Jacquard
import Testing

/// `vmap` in a declaration: what is written for one element, on all of them.
@Suite struct VmapTests {
  private func draw(_ sizes: [Int], _ key: Int) throws -> HostTensor {
    let philox = Philox(UInt32(key), 31)
    return try Draw.tensor(.f64, sizes) { 2 * philox.uniform($0) - 1 }
  }

  /// The output y of a declaration, by the reference and by the executor, which must agree.
  private func run(
    _ inputs: [HostTensor], _ body: ([Tensor<Double>]) -> Tensor<Double>
  ) throws -> HostTensor {
    let graph = try Graph("vmap") { g in
      g.output("y", body(inputs.enumerated().map { g.input("x\($0)", Double.self, $1.shape) }))
    }
    let values = Dictionary(uniqueKeysWithValues: inputs.enumerated().map { ("x\($0)", $1) })
    let expected = try #require(try graph.evaluate(values).outputs["y"])
    let found = try #require(try Session(graph, ParameterStore()).step(values)["y"])
    #expect(distance(found, expected) <= 1e-12, "the executor agrees with the reference")
    return expected
  }

  private func distance(_ a: HostTensor, _ b: HostTensor) -> Double {
    if a.sizes != b.sizes { return .infinity }
    return (0..<a.count).map { abs(a[linear: $0].asDouble - b[linear: $0].asDouble) }.max() ?? 0
  }

  /// Forms that say the same with and without `vmap`.
  @Test func mappedFormsAreTheirBatchedOnes() throws {
    let inputs = [try draw([4, 3], 1), try draw([4, 3], 2), try draw([3, 3], 3)]
    typealias Body = ([Tensor<Double>]) -> Tensor<Double>
    let cases: [(name: String, mapped: Body, plain: Body)] = [
      ("inner products", { x in vmap(x[0], x[1]) { ($0 * $1).sum() } }, { x in (x[0] * x[1]).sum(1) }),
      ("outside", { x in vmap(x[0]) { matmul($0, x[2]) } }, { x in matmul(x[0], x[2]) }),
      ("columns", { x in vmap(x[0], in: 1) { $0.sum() } }, { x in x[0].sum(0) }),
      ("out", { x in vmap(x[0], out: 1) { exp($0) } }, { x in exp(x[0]).transposed() }),
      ("last", { x in vmap(x[0], in: -1, out: -1) { tanh($0) } }, { x in tanh(x[0]) }),
      ("one for all", { x in vmap(x[0], x[2], in: (0, nil)) { matmul($0, $1) } }, { x in matmul(x[0], x[2]) }),
      ("list", { x in vmap([x[0], x[1]]) { [$0[0] - $0[1]] }[0] }, { x in x[0] - x[1] }),
      ("constant", { x in vmap(x[0]) { _ in x[2] }.sum(0) }, { x in x[2] * 4 }),
      (
        "nested", { x in vmap(x[0]) { row in vmap(x[1]) { (row * $0).sum() } } },
        { x in matmul(x[0], x[1].transposed()) }
      ),
      (
        "scan", { x in vmap(x[0]) { scan($0.sum(), over: $0) { c, v in (c * 0.5 + v, c) }.outputs } },
        { x in scan(x[0].sum(1), over: x[0].transposed()) { c, v in (c * 0.5 + v, c) }.outputs.transposed() }
      ),
    ]
    for entry in cases {
      let (mapped, plain) = (try run(inputs, entry.mapped), try run(inputs, entry.plain))
      #expect(distance(mapped, plain) <= 1e-12, "\(entry.name)")
    }
  }

  /// The gradient of each example's loss, which a gradient of their sum does not give.
  @Test func gradientsOfSingleExamples() throws {
    let (x, w) = (try draw([5, 3], 1), try draw([3, 2], 2))
    func loss(_ x: Tensor<Double>, _ w: Tensor<Double>) -> Tensor<Double> {
      (tanh(matmul(x, w)) * tanh(matmul(x, w))).sum()
    }
    let all = try run([x, w]) { t in vmap(t[0]) { grad(of: loss($0, t[1]), withRespectTo: t[1]) } }
    #expect(all.sizes == [5, 3, 2])
    for row in 0..<5 {
      let example = try Draw.tensor(.f64, [3]) { x[linear: row * 3 + $0].asDouble }
      let alone = try run([example, w]) { t in grad(of: loss(t[0], t[1]), withRespectTo: t[1]) }
      let part = try Draw.tensor(.f64, [3, 2]) { all[linear: row * 6 + $0].asDouble }
      #expect(distance(part, alone) <= 1e-12, "example \(row)")
    }
    // And the other way round: a gradient through the map.
    let through = try run([x, w]) { t in grad(of: vmap(t[0]) { loss($0, t[1]) }.sum(), withRespectTo: t[1]) }
    let sums = try run([x, w]) { t in vmap(t[0]) { grad(of: loss($0, t[1]), withRespectTo: t[1]) }.sum(0) }
    #expect(distance(through, sums) <= 1e-12)
  }

  @Test func layersAreSharedByAllElements() throws {
    let graph = try Graph("layers") { g in
      let x = g.input("x", Float.self, ["N", 6, 4])
      let model = g.module(Sequential(Linear(4, 5), LayerNorm(5), Linear(5, 2)))
      g.output("y", vmap(x) { rows in vmap(rows) { model($0) } })
      g.output("plain", model(x))
    }
    #expect(graph.inputs.filter { $0.role == .parameter }.count == 6)
    let store = ParameterStore(seed: 4)
    let philox = Philox(1, 31)
    let x = try Draw.tensor(.f32, [3, 6, 4]) { philox.uniform($0) }
    let values = try Session(graph, store).step(["x": x])
    let (y, plain) = (try #require(values["y"]), try #require(values["plain"]))
    #expect(distance(y, plain) <= 1e-5)
  }

  @Test func mistakesAreNamedWithTheUsersLine() throws {
    typealias Body = (GraphContext, Tensor<Float>) -> Tensor<Float>
    let cases: [(text: String, body: Body)] = [
      ("axis 2 is not one of 2 axes", { _, x in vmap(x, in: 2) { $0 } }),
      ("1 axes for 2 tensors", { _, x in vmap([x, x], in: [0]) { $0 }[0] }),
      ("no tensor has an axis to map over", { _, x in vmap([x], in: [nil]) { $0 }[0] }),
      ("axis 3 is not one of 2 axes", { _, x in vmap(x, out: 3) { $0 } }),
      (
        "cond: the predicate differs",
        { _, x in vmap(x) { row in cond(row.sum().greater(than: 0), then: { row }, else: { -row }) } }
      ),
      (
        "while: the condition differs",
        { _, x in vmap(x) { row in whileLoop(row, limit: 9, condition: { $0.sum().less(than: 9) }, body: { $0 + 1 }) } }
      ),
      ("does not fit", { _, x in vmap(x, x.transposed()) { $0 + $1 } }),
    ]
    for entry in cases {
      let error = #expect(throws: Diagnostic.self) {
        try Graph("bad") { g in g.output("y", entry.body(g, g.input("x", Float.self, [3, 4]))) }
      }
      let text = error?.description ?? ""
      #expect(text.contains("VmapTests.swift"), "\(text)")
      if entry.text != "does not fit" { #expect(text.contains(entry.text), "\(text)") }
    }
  }
}
