import CJacquard
import JacquardCore
import JacquardIR
import JacquardKernels
import JacquardOps
import JacquardPlanner
import Testing

@testable import JacquardRuntime

/// Library calls among other kernels, and scatters that replace.
@Suite struct LibraryCallTests {
  struct Form: Sendable, CustomTestStringConvertible {
    let testDescription: String
    let build: @Sendable (GraphBuilder, ValueID) throws -> ValueID

    init(_ name: String, _ build: @escaping @Sendable (GraphBuilder, ValueID) throws -> ValueID) {
      testDescription = name
      self.build = build
    }
  }

  static let forms = [
    Form("sort") { try $0.sort($1, axis: 0).values },
    Form("descending sort of the last axis") { try $0.sort($1, axis: 2, descending: true).values },
    Form("argsort") { try $0.argsort($1, axis: 1) },
    Form("topK") { try $0.topK($1, 3, axis: 1).values },
    Form("cumsum") { try $0.cumsum($1, axis: 1, exclusive: true) },
    Form("reverse cumprod") { try $0.cumprod($1, axis: 2, reverse: true) },
    Form("cummax") { try $0.cummax($1, axis: 0).values },
    Form("cummin of the last axis") { try $0.cummin($1, axis: 2, reverse: true).positions },
    Form("recurrence") { try $0.linearRecurrence($1, $1, axis: 1) },
  ]

  /// Rows of several items, whose operand is computed and whose result is used; the operand is wanted too.
  @Test(arguments: forms) func amongOtherKernels(_ form: Form) throws {
    for dtype in [DType.f32, .f64, .f16, .bf16] {
      let type = TensorType(dtype, [7, 90, 131])
      let graph = try graph { b in
        let x = try b.input("x", type)
        let operand = try b.sin(x)
        let result = try form.build(b, operand)
        try b.output("sum", b.add(b.cast(result, .f32), b.constant(1, .f32)))
        try b.output("operand", b.negate(operand))
      }
      var random = Random(5)
      let inputs = ["x": try random.tensor(type, 0.5, 1.2)]
      #expect(Trial(graph: graph, inputs: inputs).failure() == nil, "\(dtype)")
    }
  }

  /// A long row of few values: order among equals is that of their positions.
  @Test(arguments: [1, 15, 16, 17, 33, 1000, 4097]) func longRowsAreStable(_ count: Int) throws {
    let graph = try graph { b in
      let sorted = try b.sort(b.input("x", TensorType(.i32, [Dim(count)])), axis: 0, descending: true)
      try b.output("y", sorted.values)
      try b.output("p", sorted.positions)
    }
    var random = Random(count)
    let inputs = ["x": try random.tensor(TensorType(.i32, [Dim(count)]), -3, 3)]
    #expect(Trial(graph: graph, inputs: inputs).failure() == nil)
  }

  /// The update of a value that is not needed any more goes into its memory. A state gets a copy, as steps with run-time
  /// indices count as ones that may fail.
  @Test(arguments: [false, true]) func aPartIsReplacedInPlace(_ isState: Bool) throws {
    let graph = try graph { b in
      let cache = try b.input(Input(name: "cache", type: "f32[64,8]", role: isState ? .state : .data))
      let row = try b.input("row", "f32[1,8]")
      let place = try b.input("place", "i32[2]")
      let whole = isState ? cache : try b.sin(cache)
      let replaced = try b.dynamicUpdateSlice(whole, row, place)
      if isState { try b.update("cache", replaced) } else { try b.output("y", replaced) }
    }
    let plan = try Compiler.compile(graph).plan
    #expect(plan.arenaBytes <= 64 * 8 * 4)
    var random = Random(3)
    let inputs = [
      "cache": try random.tensor("f32[64,8]"), "row": try random.tensor("f32[1,8]"),
      "place": try HostTensor([70, 0] as [Int32], [2]),
    ]
    #expect(Trial(graph: graph, inputs: inputs).failure() == nil)
  }

  @Test func everyFunctionIsThere() throws {
    for function in LibraryCall.Function.allCases {
      for dtype in DType.allCases {
        #expect((jq_library(function.code, dtype.code) != nil) == function.takes(dtype), "\(function) of \(dtype)")
      }
    }
  }
}
