import JacquardCore
import JacquardIR
import JacquardOps
import Testing

/// Reference values, kernels and derivatives of the structural operations against NumPy and PyTorch.
@Suite struct StructuralGoldenTests {
  /// Golden positions are i32; those of `argmax` and `argmin` are i64.
  private static func expected(_ golden: ElementwiseGolden) throws -> HostTensor {
    if !(golden.operation is ArgMax) && !(golden.operation is ArgMin) { return golden.output }
    let values = (0..<golden.output.count).map { golden.output[linear: $0] }
    return try HostTensor(.i64, golden.output.sizes, values)
  }

  private static func cases() throws -> [ElementwiseGolden] {
    let cases = try ElementwiseGolden.read(StructuralOperations.all)
    #expect(cases.count >= 500)
    return cases
  }

  @Test func values() throws {
    for golden in try Self.cases() {
      let actual = try #require(try ElementwiseProbe(golden.operation, golden.inputs).value())
      let difference = golden.tolerance.difference(actual, try Self.expected(golden))
      let others = try golden.differenceOfOthers()
      #expect(difference == nil && others == nil, "\(golden.name)")
    }
  }

  @Test func kernels() throws {
    for golden in try Self.cases() {
      let actual = try StructuralKernelRunner.run(golden.operation, golden.inputs).results[0]
      let difference = golden.tolerance.difference(actual, try Self.expected(golden))
      #expect(difference == nil, "\(golden.name)")
    }
  }

  @Test func gradients() throws {
    let cases = try Self.cases().filter { $0.gradient != nil }
    #expect(cases.count >= 150)
    for golden in cases {
      guard let gradient = golden.gradient else { continue }
      let actual = try ElementwiseProbe(golden.operation, golden.inputs).gradients(gradient.cotangent)
      for (index, expected) in gradient.expected.enumerated() {
        guard let expected else { continue }
        let difference = actual[index].map { gradient.tolerance.difference($0, expected) } ?? "none"
        #expect(difference == nil, "\(golden.name), input \(index)")
      }
    }
  }
}
