import JacquardCore
import JacquardIR
import JacquardKernels
import JacquardOps
import Testing

@testable import JacquardPlanner

/// Reductions of a product's rows, made where the product is.
@Suite struct RowReductionTests {
  /// A convolution and its sums over examples and places, a channel.
  static func channelSums(_ shape: [Int], maps: Int) throws -> Graph {
    try build(shape, maps) { b, y in [y, try b.sum(y, axes: [0, 2, 3])] }
  }

  private static let padded = ConvGeometry(rank: 2, low: [1, 1], high: [1, 1])

  private static func build(
    _ shape: [Int], _ maps: Int, _ results: (GraphBuilder, ValueID) throws -> [ValueID]
  ) throws -> Graph {
    try graph("rows") { b in
      let x = try b.input("x", TensorType(.f32, Shape(shape)))
      let w = try b.input("w", TensorType(.f32, Shape([maps, shape[1], 3, 3])))
      let y = try b.conv(x, w, padded)
      for (index, value) in try results(b, y).enumerated() { try b.output("y\(index)", value) }
    }
  }

  struct Form: Sendable, CustomTestStringConvertible {
    let testDescription: String
    /// Reductions in the product's kernel.
    let reductions: Int
    var shape = [16, 4, 20, 20]
    var maps = 12
    let results: @Sendable (GraphBuilder, ValueID) throws -> [ValueID]
  }

  static let forms = [
    Form(testDescription: "sums of channels", reductions: 1) { b, y in [try b.sum(y, axes: [0, 2, 3])] },
    Form(testDescription: "several tiles a row", reductions: 1, shape: [16, 3, 30, 31], maps: 9) { b, y in
      [y, try b.mean(y, axes: [0, 2, 3])]
    },
    Form(testDescription: "extremes beside sums of an activation", reductions: 3) { b, y in
      let z = try b.relu(y)
      return [
        z, try b.sum(z, axes: [2, 3]), try b.reduceMax(y, axes: [0, 2, 3]),
        try b.sum(b.multiply(z, y), axes: [0, 2, 3], keepDims: true),
      ]
    },
    Form(testDescription: "groups of channels", reductions: 1) { b, y in
      [try b.sum(b.reshape(y, Shape([16, 4, 3, 400])), axes: [3])]
    },
    Form(testDescription: "rows that cross channels stay outside", reductions: 0) { b, y in
      [try b.sum(b.reshape(y, Shape([16, 4, 1200])), axes: [2])]
    },
    Form(testDescription: "what needs whole rows again stays outside", reductions: 1) { b, y in
      [try b.subtract(y, b.mean(y, axes: [2, 3], keepDims: true))]
    },
    Form(testDescription: "sums of columns stay outside", reductions: 0) { b, y in [try b.sum(y, axes: [0, 1])] },
  ]

  @Test(arguments: forms) func rowsAreReducedInTheProduct(_ form: Form) throws {
    let graph = try Self.build(form.shape, form.maps, form.results)
    let products = try Compiler.compile(graph).plan.program.kernels.compactMap { kernel -> Contraction? in
      if case .contraction(let product) = kernel.kind { product } else { nil }
    }
    #expect(products.map { $0.rows?.reductions.count ?? 0 } == [form.reductions])
    var random = Random(7)
    var inputs: [String: HostTensor] = [:]
    for (name, shape) in [("x", form.shape), ("w", [form.maps, form.shape[1], 3, 3])] {
      inputs[name] = try random.value(.uniform(TensorType(.f32, Shape(shape)), -1, 1), floats: nil)
    }
    #expect(Trial(graph: graph, inputs: inputs).failure() == nil)
  }

  /// Padded once for a convolution and for the gradient of its kernel, where nothing else needs what is padded.
  @Test func equalCopiesAreOne() throws {
    let graph = try graph("copies") { b in
      let x = try b.input("x", "f32[4,3,8,8]")
      let w = try b.input("w", "f32[16,3,3,3]")
      let z = try b.tanh(x)
      let y = try b.conv(z, w, Self.padded)
      try b.output("y", y)
      try b.output("g", b.gradients(of: b.sum(b.multiply(y, y), axes: [0, 1, 2, 3]), withRespectTo: [w])[0])
    }
    let plan = try Compiler.compile(graph).plan
    let padded = plan.program.buffers.indices.filter { index in
      plan.program.buffers[index].extents == [4, 3, 10, 10] && plan.storage[index] != .unused
    }
    #expect(padded.count == 1)
  }
}
