import JacquardCore
import JacquardIR
import JacquardOps
import Testing

/// Values at edges that the goldens leave to Jacquard, and derivatives where functions turn or jump.
@Suite struct ElementwiseEdgeTests {
  struct Value: Sendable, CustomTestStringConvertible {
    let testDescription: String
    let operation: any Operation
    let dtype: DType
    let inputs: [[Double]]
    let expected: [Double]
    let result: DType

    init(
      _ name: String, _ operation: any Operation, _ dtype: DType, _ inputs: [[Double]], _ expected: [Double],
      result: DType? = nil
    ) {
      testDescription = name
      self.operation = operation
      self.dtype = dtype
      self.inputs = inputs
      self.expected = expected
      self.result = result ?? dtype
    }
  }

  static let values = [
    Value("division cuts towards zero", Divide(), .i32, [[7, -7, 7, -7], [2, 2, -2, -2]], [3, -3, -3, 3]),
    Value("division by zero", Divide(), .i32, [[7, -7, 0], [0, 0, 0]], [0, 0, 0]),
    Value("the smallest divided by -1", Divide(), .i32, [[-2_147_483_648], [-1]], [-2_147_483_648]),
    Value("u8 wraps", Subtract(), .u8, [[3, 0], [5, 1]], [254, 255]),
    Value("u8 negation wraps", Negate(), .u8, [[0, 1, 255]], [0, 255, 1]),
    Value(
      "integer powers", Power(), .i32, [[3, -2, 2, 7, 1, -1, -1], [4, 3, 31, 0, -5, -5, -4]],
      [81, -8, -2_147_483_648, 1, 1, -1, 1]),
    Value("integer powers of negative exponent", Power(), .i32, [[2, 0, -3], [-1, -1, -2]], [0, 0, 0]),
    Value("sign keeps zeros and NaN", Sign(), .f32, [[0, -0.0, .nan, -.infinity]], [0, -0.0, .nan, -1]),
    Value("halves to even", Round(), .f64, [[0.5, 1.5, -0.5, -2.5]], [0, 2, -0.0, -2]),
    Value("NaN wins in the minimum", Minimum(), .f32, [[.nan, 1, .nan], [1, .nan, .nan]], [.nan, .nan, .nan]),
    Value("NaN wins in the maximum", Maximum(), .f64, [[.nan, 1, .nan], [1, .nan, .nan]], [.nan, .nan, .nan]),
    Value(
      "saturates to i32", Cast(.i32), .f32, [[3e9, -3e9, .infinity, -.infinity, .nan, 2.9, -2.9]],
      [2_147_483_647, -2_147_483_648, 2_147_483_647, -2_147_483_648, 0, 2, -2], result: .i32),
    Value(
      "saturates to u8", Cast(.u8), .f64, [[256, -1, .infinity, .nan, 255.9]], [255, 0, 255, 0, 255], result: .u8),
    Value("f32 nearest to a long integer", Cast(.f32), .i64, [[0x1p60 + 0x1p36]], [0x1p60], result: .f32),
    Value("not of NaN", NotEqual(), .f32, [[.nan, 0], [.nan, -0.0]], [1, 0], result: .bool),
    Value("order of booleans", Less(), .bool, [[0, 0, 1, 1], [0, 1, 0, 1]], [0, 1, 0, 0], result: .bool),
    Value("exclusive or", LogicalXor(), .bool, [[0, 0, 1, 1], [0, 1, 0, 1]], [0, 1, 1, 0]),
    Value("crossed bounds", Clamp(), .i32, [[2, 2, 2], [0, 3, -3], [-1, -1, -1]], [-1, -1, -1]),
  ]

  @Test(arguments: values) func value(_ test: Value) throws {
    let inputs = try test.inputs.map { try ElementwiseEdgeTests.tensor($0, test.dtype) }
    let actual = try #require(try ElementwiseProbe(test.operation, inputs).value())
    let expected = try ElementwiseEdgeTests.tensor(test.expected, test.result)
    let difference = ElementwiseGolden.Tolerance.bits.difference(actual, expected)
    #expect(difference == nil)
  }

  @Test func fusedProductIsRoundedOnceInBothTypes() throws {
    // The exact result lies just above the middle of two floats; by way of f64 it would be rounded to that middle.
    let (a, b, c): (Float, Float, Float) = (1 + 0x1p-12, 1 + 0x1p-12, 0x1p-60)
    let tensors = try [a, b, c].map { try HostTensor([$0], [1]) }
    let actual = try #require(try ElementwiseProbe(Fma(), tensors).value())
    #expect(actual.elements(Float.self) == [1 + 0x1p-11 + 0x1p-23])
  }

  @Test func longIntegersAreRoundedToFloatOnce() throws {
    let value: Int64 = (1 << 60) + (1 << 36) + 1
    let actual = try #require(try ElementwiseProbe(Cast(.f32), [try HostTensor([value], [1])]).value())
    #expect(actual.elements(Float.self) == [0x1p60 + 0x1p37])
  }

  struct Slope: Sendable, CustomTestStringConvertible {
    let testDescription: String
    let operation: any Operation
    let inputs: [[Double]]
    /// The derivative with respect to each input, at cotangent `cotangent`.
    let expected: [[Double]]
    var cotangent = 1.0

    init(
      _ name: String, _ operation: any Operation, _ inputs: [[Double]], _ expected: [[Double]], cotangent: Double = 1
    ) {
      testDescription = name
      self.operation = operation
      self.inputs = inputs
      self.expected = expected
      self.cotangent = cotangent
    }
  }

  static let slopes = [
    Slope("abs at 0", Abs(), [[0, -0.0, -2, 3]], [[0, 0, -1, 1]]),
    Slope("abs at 0, infinite cotangent", Abs(), [[0, 3]], [[0, .infinity]], cotangent: .infinity),
    Slope("maximum splits ties", Maximum(), [[1, 2, 3], [1, 3, 2]], [[0.5, 0, 1], [0.5, 1, 0]]),
    Slope("minimum splits ties", Minimum(), [[1, 2, 3], [1, 3, 2]], [[0.5, 1, 0], [0.5, 0, 1]]),
    Slope("minimum, infinite cotangent", Minimum(), [[1], [2]], [[.infinity], [0]], cotangent: .infinity),
    Slope(
      "clamp at its bounds", Clamp(), [[-1, -1, -1, -1], [-1, 1, -2, 2], [1, 1, 1, 1]],
      [[0, 0, 1, 0], [1, 1, 0, 0], [0, 0, 0, 1]]),
    Slope(
      "clamp with crossed bounds", Clamp(), [[2, 2, 2], [0, 1.5, 3], [1, 1, 1]],
      [[0, 0, 0], [0, 0, 0], [1, 1, 1]]),
    Slope(
      "select at infinite cotangent", Select(), [[1, 0], [5, 5], [6, 6]], [[], [.infinity, 0], [0, .infinity]],
      cotangent: .infinity),
    Slope("steps", Floor(), [[0, 0.5, 1]], [[0, 0, 0]]),
    Slope("sign", Sign(), [[0, 0.5, -1]], [[0, 0, 0]]),
    Slope(
      "power 0", Power(), [[0, -1, 2, .infinity], [0, 0, 0, 0]],
      [[0, 0, 0, 0], [0, 0, 0.6931471805599453, .infinity]]),
    Slope("power 2 at 0", Power(), [[0, -1], [2, 2]], [[0, -2], [0, 0]]),
    Slope("power 1 at 0", Power(), [[0], [1]], [[1], [0]]),
    Slope("square root at 0", Sqrt(), [[0]], [[.infinity]]),
    Slope("tanh far out", Tanh(), [[-400, 400, .infinity]], [[0, 0, 0]]),
    Slope("sigmoid far out", Sigmoid(), [[-800, 800, .infinity, -.infinity, 0]], [[0, 0, 0, 0, 0.25]]),
    Slope("erf far out", Erf(), [[-1e200, .infinity]], [[0, 0]]),
    Slope("expm1 at -inf", Expm1(), [[-.infinity, 0]], [[0, 1]]),
    Slope("no gradient passes", StopGradient(), [[1, 2]], [[0, 0]]),
  ]

  @Test(arguments: slopes) func slope(_ test: Slope) throws {
    var inputs = try test.inputs.map { try ElementwiseEdgeTests.tensor($0, .f64) }
    if test.operation is Select { inputs[0] = try ElementwiseEdgeTests.tensor(test.inputs[0], .bool) }
    let probe = try ElementwiseProbe(test.operation, inputs)
    let count = test.inputs[0].count
    let cotangent = try ElementwiseEdgeTests.tensor(Array(repeating: test.cotangent, count: count), .f64)
    let actual = try probe.gradients(cotangent)
    for (index, expected) in test.expected.enumerated() where !expected.isEmpty {
      let tensor = try #require(actual[index])
      let difference = ElementwiseGolden.Tolerance.close(relative: 1e-15, absolute: 0)
        .difference(tensor, try ElementwiseEdgeTests.tensor(expected, .f64))
      #expect(difference == nil, "input \(index)")
    }
  }

  /// x^0 and x^1 at 0: infinities of unused branches must not come back as NaN when the rule is differentiated.
  @Test(arguments: [(1.0, 0.0), (2.0, 2.0), (0.0, 0.0), (3.0, 0.0)]) func powerTwiceAtZero(
    _ exponent: Double, _ expected: Double
  ) throws {
    let zero = try ElementwiseEdgeTests.tensor([0], .f64)
    let probe = try ElementwiseProbe([zero]) { builder, inputs in
      let y = try builder.power(inputs[0], builder.constant(exponent, .f64))
      let one = try builder.fill(1, like: y)
      let slope = try ElementwiseRules(builder: builder).cotangents(of: y, one, to: inputs)[0]
      return try #require(slope)
    }
    let second = try #require(try probe.gradients(ElementwiseEdgeTests.tensor([1], .f64))[0])
    #expect(second.elements(Double.self) == [expected])
  }

  static func tensor(_ values: [Double], _ dtype: DType) throws -> HostTensor {
    try HostTensor(dtype, [values.count], values.map { Scalar.float($0) })
  }
}
