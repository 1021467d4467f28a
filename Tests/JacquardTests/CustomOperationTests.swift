import Foundation
import Jacquard
import JacquardOps
import Testing

/// A user's own operations and derivatives: the examples of docs/custom-operations.md.
@Suite struct CustomOperationTests {
  private func draw(_ sizes: [Int], _ key: Int) throws -> HostTensor {
    let philox = Philox(UInt32(key), 57)
    return try Draw.tensor(.f64, sizes) { 4 * philox.uniform($0) - 2 }
  }

  /// The outputs by the reference and by the executor, which must agree.
  private func run(
    _ inputs: [HostTensor], _ body: ([Tensor<Double>]) -> [Tensor<Double>]
  ) throws -> [[Double]] {
    let graph = try Graph("custom") { g in
      let results = body(inputs.enumerated().map { g.input("x\($0)", Double.self, $1.shape) })
      for (index, tensor) in results.enumerated() { g.output("y\(index)", tensor) }
    }
    let values = Dictionary(uniqueKeysWithValues: inputs.enumerated().map { ("x\($0)", $1) })
    let expected = try graph.evaluate(values).outputs
    let found = try Session(graph, ParameterStore()).step(values)
    return try graph.outputs.map { output in
      let (a, b) = (try #require(found[output.name]), try #require(expected[output.name]))
      #expect(close(a.elements(Double.self), b.elements(Double.self)), "the executor agrees with the reference")
      return b.elements(Double.self)
    }
  }

  private func close(_ a: [Double], _ b: [Double]) -> Bool {
    a.count == b.count && zip(a, b).allSatisfy { abs($0 - $1) <= 1e-12 * max(1, abs($1)) }
  }

  @Test func aCompositeHasGradientAndBatchForNothing() throws {
    let x = try draw([3, 4], 1)
    let found = try run([x]) { t in
      let y = softClip(t[0], limit: 1.5)
      return [y, grad(of: y.sum(), withRespectTo: t[0]), vmap(t[0]) { softClip($0, limit: 1.5) }]
    }
    let values = x.elements(Double.self)
    let clipped = values.map { 1.5 * tanh($0 / 1.5) }
    #expect(close(found[0], clipped) && close(found[2], clipped))
    #expect(close(found[1], values.map { 1 - tanh($0 / 1.5) * tanh($0 / 1.5) }))
  }

  @Test func aKernelOfOnesOwnIsFusedDifferentiatedAndMapped() throws {
    let (a, b) = (try draw([3, 4], 1), try draw([3, 4], 2))
    let found = try run([a, b]) { t in
      let y: Tensor<Double> = apply(Interleave(), to: exp(t[0]), t[1])
      let gradients = grad(of: (y * y).sum(), withRespectTo: t)
      let rows = vmap(t[0], t[1]) { a, b -> Tensor<Double> in apply(Interleave(), to: exp(a), b) }
      return [y] + gradients + [rows]
    }
    let (left, right) = (a.elements(Double.self).map { exp($0) }, b.elements(Double.self))
    let pairs = zip(left, right).flatMap { [$0, $1] }
    #expect(close(found[0], pairs) && close(found[3], pairs))
    #expect(close(found[1], left.map { 2 * $0 * $0 }) && close(found[2], right.map { 2 * $0 }))
  }

  @Test func aDerivativeOfOnesOwnIsKeptByEveryTransform() throws {
    let x = try draw([6], 3)
    let found = try run([x]) { t in
      let squares: (Tensor<Double>) -> Tensor<Double> = { (binarized($0) * 3 + $0 * $0).sum() }
      return [
        binarized(t[0]), grad(of: squares)(t[0]), vmap(t[0]) { grad(of: squares)($0) },
        jacobian(of: binarized(t[0]), withRespectTo: t[0]).sum(1),
      ]
    }
    let values = x.elements(Double.self)
    let slope = values.map { abs($0) <= 1 ? 1.0 : 0 }
    #expect(close(found[0], values.map { $0 < 0 ? -1 : 1 }))
    #expect(close(found[1], zip(values, slope).map { 2 * $0 + 3 * $1 }) && close(found[2], found[1]))
    #expect(close(found[3], slope))
  }

  @Test func violationsAreReportedWithTheirTag() throws {
    for violation in SoftClip.violations + Interleave.violations {
      let name = type(of: violation.operation).name
      let error = #expect(throws: Diagnostic.self) {
        try violation.operation.inferTypes(TypeContext(violation.inputs))
      }
      #expect(error?.constraint == "\(name).c\(violation.constraint)")
    }
  }

  /// A graph with operations of one's own goes through a file, read with a registry that knows them.
  @Test func filesNeedTheRegistry() throws {
    let graph = try Graph("file") { g in
      let x = g.input("x", Float.self, [2, 3])
      let y: Tensor<Float> = apply(Interleave(), to: softClip(x, limit: 2), x)
      g.output("y", y)
    }
    let text = try graph.json().text
    var registry = OperationRegistry.standard
    let known = registry
    #expect(throws: Diagnostic.self) { try Graph(json: Array(text.utf8), file: "own.json", registry: known) }
    registry.register(SoftClip.self)
    registry.register(Interleave.self)
    let read = try Graph(json: Array(text.utf8), file: "own.json", registry: registry)
    #expect(try read.json().text == text)
  }

  /// Each block of Swift in the page stands in `CustomOperations.swift` as it is.
  @Test func thePageShowsCompiledCode() throws {
    let tests = URL(fileURLWithPath: #filePath).deletingLastPathComponent()
    let source = try String(contentsOf: tests.appendingPathComponent("CustomOperations.swift"), encoding: .utf8)
    let folder = tests.deletingLastPathComponent().deletingLastPathComponent()
    let page = try String(contentsOf: folder.appendingPathComponent("docs/custom-operations.md"), encoding: .utf8)
    let blocks = page.components(separatedBy: "```swift\n").dropFirst().map { $0.components(separatedBy: "\n```")[0] }
    #expect(blocks.count >= 3)
    for block in blocks { #expect(source.contains(block), "not in the tests: \(block.prefix(60))") }
  }
}
