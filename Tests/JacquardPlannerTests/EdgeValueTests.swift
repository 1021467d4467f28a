import JacquardCore
import JacquardIR
import JacquardOps
import JacquardPlanner
import Testing

@testable import JacquardRuntime

/// Signed zeros, infinities, NaN, subnormal and extreme numbers through every element-wise operation.
@Suite struct EdgeValueTests {
  static let floats: [Double] = [
    0, -0.0, 1, -1, 0.5, -0.5, 1.5, -2.5, 3, .infinity, -.infinity, .nan, 1e-40, -1e-40, 1e-45, 3e38, -3e38, 88.5, -104,
    16_777_217, 1e-8, 0x1.fffffep-127,
  ]
  static let integers: [Int64] = [
    0, 1, -1, 2, 3, 7, -7, 31, 255, 256, Int64(Int32.max), Int64(Int32.min), .max, .min,
  ]
  static let operations = (ElementwiseOperations.all + [NextAfter.self]).map { $0.name }

  private func scalars(_ dtype: DType) -> [Scalar] {
    switch dtype {
    case .f32, .f64: EdgeValueTests.floats.map { .float($0) }
    case .bool: [.bool(false), .bool(true)]
    default: EdgeValueTests.integers.map { Scalar.int($0).converted(to: dtype) }
    }
  }

  /// All combinations of edge values for one or two operands, shifted ones for a third.
  private func inputs(_ types: [DType]) throws -> [HostTensor] {
    let lists = types.map(scalars)
    let count = lists.prefix(2).reduce(1) { $0 * $1.count } * (types.count > 2 ? 3 : 1)
    return try lists.enumerated().map { position, list in
      let step = lists[..<min(position, 2)].reduce(1) { $0 * $1.count }
      let chosen = (0..<count).map { index in
        position < 2 ? list[index / step % list.count] : list[(index / 7 + index * 5) % list.count]
      }
      return try HostTensor(types[position], [count], chosen)
    }
  }

  /// Operand types to try: those of each sample, and the other types that the operation takes in their place.
  private func signatures(_ sample: OperationSample) -> [[DType]] {
    let own = sample.inputs.map(\.type.dtype)
    let main = own.last ?? .f32
    return DType.allCases.map { dtype in own.map { $0 == main ? dtype : $0 } }.filter { types in
      let shape = Shape([4])
      return (try? sample.operation.inferTypes(TypeContext(types.map { TensorType($0, shape) }))) != nil
    }
  }

  @Test(arguments: operations) func edgesAgreeWithTheReference(_ name: String) throws {
    let operation = try #require(OperationRegistry.standard.operation(named: name))
    let sample = try #require(operation.samples.first)
    let found = signatures(sample)
    #expect(!found.isEmpty)
    for types in found {
      let tensors = try inputs(types)
      let graph = try graph { builder in
        let values = try tensors.enumerated().map { try builder.input("x\($0.offset)", $0.element.type) }
        try builder.output("y", builder.append(sample.operation, values)[0])
      }
      let named = Dictionary(uniqueKeysWithValues: tensors.enumerated().map { ("x\($0.offset)", $0.element) })
      let expected = try #require(try Harness.reference(graph, named)["y"])
      for fuse in [true, false] {
        let plan = try Compiler.compile(graph, options: Harness.options(fuse: fuse)).plan
        let actual = try #require(try Harness.vm(plan, named, threads: 2, poison: 0xFF)["y"])
        let eps = expected.dtype == .f64 ? 0x1p-52 : 0x1p-23
        // Results below the normal numbers have fewer digits.
        let least = expected.dtype == .f64 ? 0x1p-1074 : 0x1p-149
        let difference = Tolerance(relative: sample.ulps * eps, absolute: 2 * least).difference(actual, expected)
        #expect(difference == nil, "\(name) of \(types), fusion \(fuse): \(describe(difference, tensors))")
        let zero = (0..<actual.count).first {
          actual[linear: $0] == .float(0) && expected[linear: $0] == .float(0)
            && actual[linear: $0].asDouble.sign != expected[linear: $0].asDouble.sign
        }
        #expect(zero == nil, "\(name) of \(types): sign of zero at \(describe(zero.map { "element \($0) " }, tensors))")
      }
    }
  }

  private func describe(_ difference: String?, _ inputs: [HostTensor]) -> String {
    guard let difference, let index = difference.split(separator: " ").dropFirst().first.flatMap({ Int($0) }) else {
      return difference ?? ""
    }
    return "\(inputs.map { $0[linear: index].asDouble })"
  }

  @Test(arguments: operations) func emptyAndSingleElements(_ name: String) throws {
    let operation = try #require(OperationRegistry.standard.operation(named: name))
    let sample = try #require(operation.samples.first)
    for shape in [[0], [3, 0], [1], [], [1, 1, 1]] as [[Int]] {
      let types = sample.inputs.map { TensorType($0.type.dtype, Shape(shape)) }
      let graph = try graph { builder in
        let values = try types.enumerated().map { try builder.input("x\($0.offset)", $0.element) }
        try builder.output("y", builder.append(sample.operation, values)[0])
      }
      var random = Random(7)
      var inputs: [String: HostTensor] = [:]
      for (index, type) in types.enumerated() { inputs["x\(index)"] = try random.tensor(type, 0.25, 0.75) }
      let expected = try Harness.reference(graph, inputs)
      let plan = try Compiler.compile(graph).plan
      try plan.verify()
      let actual = try Harness.vm(plan, inputs)
      let y = try #require(actual["y"])
      let r = try #require(expected["y"])
      #expect(Tolerance(relative: sample.ulps * 0x1p-23, absolute: 0).difference(y, r) == nil, "\(name) of \(types)")
    }
  }
}
