import JacquardCore
import JacquardIR
import JacquardKernels
import JacquardOps
import Testing

@testable import JacquardPlanner

/// Convolutions by minimal filtering.
@Suite struct WinogradTests {
  struct Form: Sendable, CustomTestStringConvertible {
    let testDescription: String
    /// Of the input: batch, channels, height, width.
    let input: [Int]
    let maps: Int
    var isWinograd = true
    var low = [1, 1]
    var high = [1, 1]
    var kernel = [3, 3]
    var strides = [1, 1]
  }

  static let forms = [
    Form(testDescription: "28 x 28", input: [11, 17, 28, 28], maps: 19),
    Form(testDescription: "14 x 14: the last tile has fewer lines", input: [43, 16, 14, 14], maps: 32),
    Form(testDescription: "lines of two vectors and a part", input: [5, 16, 42, 42], maps: 16),
    Form(testDescription: "whole vectors", input: [8, 32, 32, 32], maps: 24),
    Form(testDescription: "few squares", input: [130, 16, 8, 8], maps: 16),
    Form(testDescription: "no padding", input: [6, 20, 38, 42], maps: 18, low: [0, 0], high: [0, 0]),
    Form(testDescription: "padding on one side", input: [8, 18, 33, 33], maps: 16, low: [1, 0], high: [0, 1]),
    Form(testDescription: "odd lines", input: [10, 16, 29, 30], maps: 16, isWinograd: false),
    Form(testDescription: "few channels", input: [10, 8, 30, 30], maps: 16, isWinograd: false),
    Form(testDescription: "few results", input: [1, 16, 8, 8], maps: 16, isWinograd: false),
    Form(
      testDescription: "steps of two", input: [30, 16, 32, 32], maps: 16, isWinograd: false, strides: [2, 2]),
    Form(
      testDescription: "a kernel of 1 x 3", input: [10, 16, 30, 30], maps: 16, isWinograd: false, low: [0, 1],
      high: [0, 1], kernel: [1, 3]),
  ]

  private static func graph(_ form: Form) throws -> Graph {
    let geometry = ConvGeometry(rank: 2, strides: form.strides, low: form.low, high: form.high)
    return try JacquardPlannerTests.graph("winograd") { b in
      let x = try b.input("x", TensorType(.f32, Shape(form.input)))
      let w = try b.input("w", TensorType(.f32, Shape([form.maps, form.input[1]] + form.kernel)))
      let y = try b.conv(x, w, geometry)
      try b.output("y", y)
      try b.output("z", b.relu(b.add(y, b.constant(1, .f32))))
      try b.output("means", b.mean(y, axes: [0, 2, 3]))
    }
  }

  private static func inputs(_ form: Form) throws -> [String: HostTensor] {
    var random = Random(3)
    var inputs: [String: HostTensor] = [:]
    for (name, shape) in [("x", form.input), ("w", [form.maps, form.input[1]] + form.kernel)] {
      inputs[name] = try random.value(.uniform(TensorType(.f32, Shape(shape)), -1, 1), floats: nil)
    }
    return inputs
  }

  @Test(arguments: forms) func agreesWithTheReference(_ form: Form) throws {
    let graph = try Self.graph(form)
    let providers = try Compiler.compile(graph).plan.program.kernels.compactMap { kernel -> Tiling.Provider? in
      if case .contraction(let product) = kernel.kind { product.tiling.provider } else { nil }
    }
    #expect(providers == [form.isWinograd ? .winograd : .blocks])
    #expect(try Trial(graph: graph, inputs: Self.inputs(form)).failure() == nil)
  }

  /// The error of sums in f32: 4 eps sqrt(k) times the sum of the terms' absolute values.
  @Test func errorsStayThoseOfSums() throws {
    let form = Self.forms[0]
    let graph = try Self.graph(form)
    let inputs = try Self.inputs(form)
    let exact = try #require(try Harness.reference(graph, inputs)["y"]).elements(Float.self)
    let sizes = try Harness.reference(graph, inputs.mapValues { try Self.absolute($0) })["y"]
    let sums = try #require(sizes).elements(Float.self)
    let plan = try Compiler.compile(graph).plan
    let found = try #require(try Harness.vm(plan, inputs, threads: 2)["y"]).elements(Float.self)
    let factor = 4 * Float.ulpOfOne * Float(form.input[1] * 9).squareRoot()
    let worst = found.indices.map { abs(found[$0] - exact[$0]) / (factor * sums[$0]) }.max() ?? .infinity
    #expect(worst <= 1)
    #expect(worst > 0, "another arithmetic than that of the reference")
  }

  private static func absolute(_ tensor: HostTensor) throws -> HostTensor {
    try HostTensor(tensor.elements(Float.self).map { abs($0) }, tensor.sizes)
  }

  /// A plan from a file whose windows are not whole: looking at them does no harm.
  @Test func thePlanVerifierRefusesBrokenWindows() throws {
    let plan = try Compiler.compile(Self.graph(Self.forms[0])).plan
    let products = plan.program.kernels.enumerated().compactMap { index, kernel -> (Int, Contraction)? in
      if case .contraction(let product) = kernel.kind { (index, product) } else { nil }
    }
    let (index, whole) = try #require(products.first)
    let changes: [@Sendable (inout MatrixOperand.Windows) -> Void] = [
      { $0.columns.strides = [] }, { $0.rows.strides = [] }, { $0.columns.strides.removeLast() },
      { $0.columns.extents[1] = 0 }, { $0.rows.extents = [] },
    ]
    for (number, change) in changes.enumerated() {
      var (product, broken) = (whole, plan)
      product.tiling.columns = 16
      if var windows = product.rhs.windows {
        change(&windows)
        product.rhs.windows = windows
      }
      broken.program.kernels[index].kind = .contraction(product)
      #expect(throws: Diagnostic.self, "\(number)") { try broken.verify() }
    }
  }

  /// A plan from a file that asks for it where it is not possible, or would take too much of each thread's memory.
  @Test func thePlanVerifierRefusesOtherProducts() throws {
    let product = try JacquardPlannerTests.graph("product") { b in
      let y = try b.dot(b.input("x", "f32[32,144]"), b.input("w", "f32[144,32]"))
      try b.output("y", y)
    }
    let odd = try Self.graph(Form(testDescription: "", input: [2, 16, 7, 8], maps: 16))
    let wide = try Self.graph(Form(testDescription: "", input: [1, 2, 8, 8], maps: 1_040))
    let possible = try Self.graph(Form(testDescription: "", input: [1, 2, 8, 8], maps: 3))
    for (graph, isRefused) in [(product, true), (odd, true), (wide, true), (possible, false)] {
      var plan = try Compiler.compile(graph).plan
      for (index, kernel) in plan.program.kernels.enumerated() {
        guard case .contraction(var product) = kernel.kind else { continue }
        product.tiling = Tiling(provider: .winograd, rows: product.m, columns: product.n)
        plan.program.kernels[index].kind = .contraction(product)
      }
      let failure = Result { try plan.verify() }
      #expect((try? failure.get()) == nil ? isRefused : !isRefused)
    }
  }
}
