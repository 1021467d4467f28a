import JacquardCore
import JacquardIR
import JacquardOps
import Testing

/// Values against NumPy, PyTorch and long arithmetic; derivatives by the rules against PyTorch.
@Suite struct ElementwiseGoldenTests {
  /// Smallest numbers of cases that must be there, so that a missing file is no success.
  struct Group: Sendable, CustomTestStringConvertible {
    let testDescription: String
    let operations: [any Operation.Type]
    let cases: Int
    let gradients: Int
  }

  static let groups = [
    Group(testDescription: "element-wise", operations: ElementwiseOperations.all, cases: 350, gradients: 100),
    Group(testDescription: "composites", operations: CompositeOperations.all, cases: 250, gradients: 90),
  ]

  @Test(arguments: groups) func values(_ group: Group) throws {
    let cases = try ElementwiseGolden.read(group.operations)
    #expect(cases.count >= group.cases)
    for golden in cases {
      let actual = try #require(try ElementwiseProbe(golden.operation, golden.inputs).value())
      let expected = golden.averagesSamples ? try ElementwiseGoldenTests.mean(golden.output) : golden.output
      let difference = golden.tolerance.difference(actual, expected)
      let others = try golden.differenceOfOthers()
      #expect(difference == nil && others == nil, "\(golden.name)")
    }
  }

  @Test(arguments: groups) func gradients(_ group: Group) throws {
    let cases = try ElementwiseGolden.read(group.operations).filter { $0.gradient != nil && !$0.averagesSamples }
    #expect(cases.count >= group.gradients)
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

  private static func mean(_ tensor: HostTensor) throws -> HostTensor {
    let total = (0..<tensor.count).reduce(0) { $0 + tensor[linear: $1].asDouble }
    return try HostTensor(tensor.dtype, [], [.float(total / Double(tensor.count))])
  }
}
