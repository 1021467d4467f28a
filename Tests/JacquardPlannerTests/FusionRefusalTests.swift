import JacquardCore
import JacquardIR
import JacquardOps
import JacquardPlanner
import Testing

/// What keeps a product and its reader apart is said.
@Suite struct FusionRefusalTests {
  struct Pair: Sendable, CustomTestStringConvertible {
    let reason: FusionRefusal.Reason?
    let dtype: DType
    let shape: [Int]
    let testDescription: String
    let reader: @Sendable (GraphBuilder, ValueID) throws -> ValueID

    init(
      _ reason: FusionRefusal.Reason?, _ description: String, dtype: DType = .f32, shape: [Int] = [32, 24],
      _ reader: @escaping @Sendable (GraphBuilder, ValueID) throws -> ValueID
    ) {
      (self.reason, testDescription, self.reader) = (reason, description, reader)
      (self.dtype, self.shape) = (dtype, shape)
    }
  }

  static let pairs = [
    Pair(nil, "an activation") { try $0.tanh($1) },
    Pair(nil, "halves of rows side by side") { b, y in
      try b.tanh(b.transpose(b.reshape(y, Shape([32, 2, 12])), [1, 0, 2]))
    },
    Pair(nil, "sums of rows") { try $0.sum($1, axes: [1]) },
    Pair(.unevenWalk, "columns in turn, four at a time") { b, y in
      try b.tanh(b.transpose(b.reshape(y, Shape([32, 6, 4])), [0, 2, 1]))
    },
    Pair(.growsResult, "a type four times as wide", dtype: .f16) { try $0.exp($0.cast($1, .f64)) },
    Pair(nil, "sums of many long rows", shape: [4096, 512]) { try $0.sum($1, axes: [1]) },
    Pair(.fewRows, "sums of few long rows", shape: [64, 4096]) { try $0.sum($1, axes: [1]) },
    Pair(.reductionInEpilogue, "a softmax") { try $0.softmax($1) },
    Pair(.reductionInEpilogue, "sums of columns") { try $0.sum($1, axes: [0]) },
  ]

  @Test(arguments: pairs) func theReasonIsSaid(_ pair: Pair) throws {
    let graph = try graph("pair") { b in
      let x = try b.input("x", TensorType(pair.dtype, Shape([pair.shape[0], 16])))
      let w = try b.input("w", TensorType(pair.dtype, Shape([16, pair.shape[1]])))
      try b.output("y", pair.reader(b, b.matmul(x, w)))
    }
    let product = graph.nodes.first { $0.operation is Dot }?.id
    let refusals = try Compiler.compile(graph).fusion.refusals.filter { refusal in
      // A product of half precision has copies of its operands, which are its node's kernels too.
      refusal.reason != .notLoops && product.map(refusal.producer.contains) ?? false
    }
    #expect(refusals.map(\.reason) == (pair.reason.map { [$0] } ?? []))
  }
}
