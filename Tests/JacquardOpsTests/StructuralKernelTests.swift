import JacquardCore
import JacquardIR
import JacquardKernels
import JacquardOps
import Testing

/// Kernels that the structural operations emit, run slowly and held against the reference values.
@Suite struct StructuralKernelTests {
  private static func isClose(_ a: HostTensor, _ b: HostTensor, _ relative: Double) -> Bool {
    guard a.type == b.type else { return false }
    return (0..<a.count).allSatisfy { index in
      let (x, y) = (a[linear: index].asDouble, b[linear: index].asDouble)
      return x == y || (x.isNaN && y.isNaN) || (x - y).magnitude <= relative * max(1, y.magnitude)
    }
  }

  /// Runs kernels and reference; gives the program.
  @discardableResult
  private static func compare(
    _ operation: any Operation, _ inputs: [HostTensor], graphs: [Graph] = [], relative: Double = 1e-5
  ) throws -> KernelProgram {
    let types = try operation.inferTypes(TypeContext(inputs.map(\.type), graphs: graphs))
    let expected = try operation.reference(ReferenceContext(inputs, outputs: types, graphs: graphs))
    let (actual, program) = try StructuralKernelRunner.run(operation, inputs, graphs: graphs)
    for (a, b) in zip(actual, expected) {
      #expect(isClose(a, b, relative), "\(type(of: operation).name) of \(inputs.map(\.type))")
    }
    return program
  }

  private static func draw(_ type: TensorType, _ seed: Int = 0) throws -> HostTensor {
    type.dtype.isFloat
      ? try StructuralDraw.tensor(.uniform(type, -1, 1), seed: seed)
      : try StructuralDraw.tensor(.integers(type, 0, type.dtype == .bool ? 2 : 50), seed: seed)
  }

  /// Control flow has programs that only the planner can make: its tests run them.
  @Test func everySample() throws {
    let control = StructuralOperations.control.map { $0.name }
    for type in StructuralOperations.all
    where !(type is any CompositeOperation.Type) && !control.contains(type.name) {
      for sample in type.samples {
        try Self.compare(sample.operation, StructuralDraw.inputs(sample), graphs: sample.graphs)
      }
    }
  }

  struct Long: Sendable, CustomTestStringConvertible {
    let operation: any Operation
    let type: TensorType
    /// Kernels, and outer points of the first.
    let kernels: Int
    let outer: Int
    let order: LoopNest.Order
    let guarded: Bool
    var testDescription: String { "\(Swift.type(of: operation).name) of \(type)" }

    init(
      _ operation: any Operation, _ type: TensorType, kernels: Int, outer: Int, _ order: LoopNest.Order,
      guarded: Bool = false
    ) {
      (self.operation, self.type, self.kernels, self.outer) = (operation, type, kernels, outer)
      (self.order, self.guarded) = (order, guarded)
    }
  }

  /// The cut of a long reduction is part of the arithmetic: it may change only on purpose.
  @Test(arguments: [
    Long(Sum(axes: [0]), "f32[32767]", kernels: 1, outer: 1, .lanes),
    Long(Sum(axes: [0]), "f32[32768]", kernels: 2, outer: 4, .lanes),
    Long(Sum(axes: [0]), "f32[65537]", kernels: 2, outer: 8, .lanes, guarded: true),
    Long(Mean(axes: [0, 1]), "f32[100,784]", kernels: 2, outer: 8, .lanes),
    Long(ReduceMax(axes: [1], keepDims: true), "f32[2,40961]", kernels: 2, outer: 10, .lanes, guarded: true),
    Long(ReduceMin(axes: [0, 2]), "i32[7,3,8191]", kernels: 2, outer: 21, .lanes),
    Long(Sum(axes: [0, 2, 3]), "f32[4,5,8,8]", kernels: 2, outer: 20, .lanes),
    Long(Sum(axes: [0, 2, 3]), "f32[4,5,7,9]", kernels: 1, outer: 5, .lanes),
    Long(ReduceMax(axes: [0, 2]), "f32[3,5,20000]", kernels: 2, outer: 25, .lanes),
    Long(ReduceMin(axes: [0, 2]), "i32[5,3,8191]", kernels: 2, outer: 12, .lanes, guarded: true),
    Long(Product(axes: [0]), "i64[40000]", kernels: 2, outer: 4, .lanes),
    Long(ReduceAll(axes: [0]), "bool[32771]", kernels: 2, outer: 4, .lanes, guarded: true),
    Long(Sum(axes: [0]), "f32[5000,3]", kernels: 2, outer: 12, .sequential),
    Long(Mean(axes: [0]), "f32[4099,2]", kernels: 2, outer: 8, .sequential, guarded: true),
    Long(Sum(axes: [0]), "f32[64,1024]", kernels: 1, outer: 1024, .sequential),
    Long(Sum(axes: [0]), "f32[9,1]", kernels: 1, outer: 1, .lanes),
    Long(ArgMax(axis: 0), "f32[40000]", kernels: 1, outer: 1, .lanes),
    Long(ArgMin(axis: 0), "i32[300,3]", kernels: 1, outer: 3, .sequential),
  ])
  func reductions(_ long: Long) throws {
    let program = try Self.compare(long.operation, [Self.draw(long.type)])
    #expect(program.kernels.count == long.kernels)
    guard case .loops(let nests) = program.kernels[0].kind else {
      Issue.record("no loops")
      return
    }
    #expect(nests[0].outer.reduce(1, *) == long.outer)
    #expect(nests[0].order == long.order)
    guard case .load(let access) = nests[0].stages[0].body[0].operation else {
      Issue.record("no load")
      return
    }
    #expect((access.fill != nil) == long.guarded)
  }

  struct Form: Sendable, CustomTestStringConvertible {
    let operation: Dot
    let left: TensorType
    let right: TensorType
    /// Kernel kinds in order: c contraction, l loops.
    let kernels: String
    var testDescription: String { "\(left) x \(right)" }

    init(_ operation: Dot, _ left: TensorType, _ right: TensorType, _ kernels: String) {
      (self.operation, self.left, self.right, self.kernels) = (operation, left, right, kernels)
    }
  }

  @Test(arguments: [
    Form(Dot(), "f32[33,10]", "f32[10,17]", "c"),
    Form(Dot(lhsContracting: [0], rhsContracting: [1]), "f32[10,33]", "f32[17,10]", "c"),
    Form(Dot(), "f32[1,10]", "f32[10,1]", "c"),
    Form(Dot(), "f32[7,1]", "f32[1,3]", "c"),
    Form(Dot(), "f32[2,0]", "f32[0,3]", "l"),
    Form(Dot(), "f32[0,2]", "f32[2,3]", ""),
    Form(Dot(lhsContracting: [], rhsContracting: []), "f32[3]", "f32[2,4]", "c"),
    Form(Dot(lhsContracting: [2], rhsContracting: [0]), "f32[2,3,4]", "f32[4,5,6]", "c"),
    // Contracting axes in another order on the right: the left operand's order, and a copy of the right one.
    Form(Dot(lhsContracting: [1, 2], rhsContracting: [1, 0]), "f32[2,3,4]", "f32[4,3,5]", "lc"),
    Form(Dot(lhsContracting: [2, 1], rhsContracting: [0, 1]), "f32[2,3,4]", "f32[4,3,5]", "lc"),
    // A batch axis inside: strides, unless no stride is 1.
    Form(Dot(lhsBatch: [1], rhsBatch: [1], lhsContracting: [2], rhsContracting: [2]), "f32[3,2,4]", "f32[5,2,4]", "c"),
    Form(
      Dot(lhsBatch: [2], rhsBatch: [0], lhsContracting: [1], rhsContracting: [1]), "f32[3,4,2]", "f32[2,4,5]", "lc"),
    Form(
      Dot(lhsBatch: [2], rhsBatch: [2], lhsContracting: [1], rhsContracting: [0]), "f32[3,4,2]", "f32[4,5,2]", "llc"),
    Form(Dot(), "i32[3,4]", "i32[4,5]", "c"),
    // A long contraction: partial products and their sum.
    Form(Dot(), "f32[3,4096]", "f32[4096,5]", "cl"),
    Form(Dot(), "f32[3,2053]", "f32[2053,5]", "c"),
    Form(
      Dot(lhsBatch: [0], rhsBatch: [0], lhsContracting: [1], rhsContracting: [1]), "f64[2,2048,3]", "f64[2,2048,2,2]",
      "cl"),
  ])
  func products(_ form: Form) throws {
    let program = try Self.compare(form.operation, [Self.draw(form.left), Self.draw(form.right, 1)], relative: 1e-4)
    let kinds = program.kernels.map { kernel in
      if case .contraction = kernel.kind { "c" } else { "l" }
    }
    #expect(kinds.joined() == form.kernels)
  }

  @Test func indicesAreSimplified() throws {
    func load(_ operation: any Operation, _ type: TensorType) throws -> [IndexExpression] {
      let program = try StructuralKernelRunner.run(operation, [Self.draw(type)]).program
      guard case .loops(let nests) = program.kernels[0].kind,
        case .load(let access) = nests[0].stages[0].body[0].operation
      else { return [] }
      return access.indices
    }
    func axis(_ index: Int) -> IndexExpression { .axis(index) }
    #expect(try load(Reshape([6, 4]), "f32[24]") == [axis(0) * 4 + axis(1)])
    #expect(try load(Reshape([6, 1, 4]), "f32[6,4]") == [axis(0), axis(2)])
    #expect(try load(Reshape([2, 3, 4]), "f32[6,4]") == [axis(0) * 3 + axis(1), axis(2)])
    #expect(try load(Broadcast([5, 6, 4]), "f32[6,1]") == [axis(1), IndexExpression(0)])
    #expect(try load(Reverse(axes: [0]), "f32[6,4]") == [IndexExpression(5) - axis(0), axis(1)])
  }

  @Test func badIndicesAreErrorsOfTheReference() throws {
    let data = try Self.draw("f32[3,2]")
    for bad: Int32 in [-1, 3] {
      let indices = try HostTensor([0, bad] as [Int32], [2])
      let operations: [(any Operation, [HostTensor])] = [
        (Gather(axis: 0), [data, indices]), (ScatterAdd(axis: 0), [data, indices, try Self.draw("f32[2,2]")]),
        (TakeAlongAxis(axis: 0), [data, try HostTensor([0, 0, 0, bad] as [Int32], [2, 2])]),
      ]
      for (operation, inputs) in operations {
        let types = try operation.inferTypes(TypeContext(inputs.map(\.type)))
        let error = #expect(throws: Diagnostic.self) {
          _ = try operation.reference(ReferenceContext(inputs, outputs: types))
        }
        #expect(error?.kind == .runtime && error?.message.contains("index \(bad) ") == true)
      }
    }
  }
}
