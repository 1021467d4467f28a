import JacquardCore
import JacquardIR
import JacquardKernels

/// What a convolution's output owes to its kernel, taken back.
public struct ConvWeightGradient: Operation {
  public static let name = "convWeightGradient"
  public static let doc = OperationDoc(
    "The cotangent of a convolution's kernel; operands x [batch, channels, spatial...], g [batch, outputs, spatial...].",
    formula:
      "y[o, c, k] = sum over n, p of g[n, o, p] * x[n, c + group, (p * stride + k * dilation - low) / inputDilation]",
    constraints: ConvRules.constraints + [
      "c7: g has the shape of the convolution's output", "c8: kernel has one positive entry a spatial axis",
    ],
    conventions: ["sums run over the batch, then the output's points in row-major order"])

  public static let samples = [
    OperationSample(
      ConvWeightGradient(kernel: [3, 3], ConvGeometry(rank: 2, low: [1, 1], high: [1, 1])),
      [.uniform("f32[2,3,6,5]", -2, 2), .uniform("f32[2,4,6,5]", -2, 2)]),
    OperationSample(
      ConvWeightGradient(kernel: [3], ConvGeometry(rank: 1, strides: [2])),
      [.uniform("f32[3,2,8]", -2, 2), .uniform("f32[3,3,3]", -2, 2)]),
    OperationSample(
      ConvWeightGradient(
        kernel: [2, 3], ConvGeometry(rank: 2, low: [1, 2], high: [1, 0], dilation: [2, 1], groups: 2)),
      [.uniform("f32[2,4,5,4]", -2, 2), .uniform("f32[2,2,5,4]", -2, 2)]),
    OperationSample(
      ConvWeightGradient(kernel: [2, 2], ConvGeometry(rank: 2, inputDilation: [2, 1])),
      [.uniform("f32[1,2,3,4]", -2, 2), .uniform("f32[1,3,4,3]", -2, 2)]),
    OperationSample(
      ConvWeightGradient(kernel: [3, 3], ConvGeometry(rank: 2, low: [1, 1], high: [1, 1])),
      [.uniform("f32[6,24,14,14]", -2, 2), .uniform("f32[6,9,14,14]", -2, 2)], gradient: .firstOrder(reason: "bilinear")
    ),
    OperationSample(
      ConvWeightGradient(kernel: [2], ConvGeometry(rank: 1)),
      [.integers("i32[2,2,4]", -9, 9), .integers("i32[2,3,3]", -9, 9)], gradient: .none(reason: "integers")),
  ]
  public static let violations = [
    OperationViolation(1, ConvWeightGradient(kernel: [3], ConvGeometry(rank: 1)), ["f32[1,2,5]", "f64[1,2,3]"]),
    OperationViolation(2, ConvWeightGradient(kernel: [3], ConvGeometry(rank: 1)), ["f32[1,2,5]", "f32[1,2,3,3]"]),
    OperationViolation(3, ConvWeightGradient(kernel: [3], ConvGeometry(rank: 2)), ["f32[1,2,5]", "f32[1,2,3]"]),
    OperationViolation(4, ConvWeightGradient(kernel: [3], ConvGeometry(rank: 1)), ["f32[1,2,L]", "f32[1,2,3]"]),
    OperationViolation(
      5, ConvWeightGradient(kernel: [3], ConvGeometry(rank: 1, groups: 2)), ["f32[1,3,5]", "f32[1,2,3]"]),
    OperationViolation(6, ConvWeightGradient(kernel: [6], ConvGeometry(rank: 1)), ["f32[1,2,5]", "f32[1,2,3]"]),
    OperationViolation(7, ConvWeightGradient(kernel: [3], ConvGeometry(rank: 1)), ["f32[1,2,5]", "f32[1,2,4]"]),
    OperationViolation(7, ConvWeightGradient(kernel: [3], ConvGeometry(rank: 1)), ["f32[2,2,5]", "f32[1,2,3]"]),
    OperationViolation(8, ConvWeightGradient(kernel: [3, 3], ConvGeometry(rank: 1)), ["f32[1,2,5]", "f32[1,2,3]"]),
  ]

  /// The kernel's spatial sizes.
  public var kernel: [Int]
  /// That of the convolution.
  public var geometry: ConvGeometry

  /// The kernel's sizes and the geometry are checked where types are inferred.
  public init(kernel: [Int], _ geometry: ConvGeometry) {
    self.kernel = kernel
    self.geometry = geometry
  }

  private var rules: ConvRules { ConvRules(geometry: geometry) { violated($0, $1) } }

  public func inferTypes(_ context: TypeContext) throws -> [TensorType] {
    try requireOperands(2, context)
    let (x, g) = (context.inputs[0], context.inputs[1])
    try rules.check(x, g)
    if kernel.count != geometry.rank || !kernel.allSatisfy({ (1...1 << 24).contains($0) }) {
      throw violated(8, "kernel \(kernel) does not have \(geometry.rank) positive entries")
    }
    let (input, outputs) = (try rules.sizes(x.shape, from: 1), try rules.sizes(g.shape, from: 1))
    if input[0] % geometry.groups != 0 {
      throw violated(5, "\(input[0]) channels do not fall into \(geometry.groups) groups")
    }
    let weight = [outputs[0], input[0] / geometry.groups] + kernel
    let spatial = try rules.output(input: input, weight: weight)
    if g.shape[0] != x.shape[0] || Array(outputs.dropFirst()) != spatial {
      throw violated(
        7,
        "g has shape \(g.shape); the convolution of \(x.shape) gives \(Shape([x.shape[0]] + g.shape.dims[1..<2] + spatial.map { Dim($0) }))"
      )
    }
    return [TensorType(x.dtype, Shape(weight))]
  }

  public func gradient(_ context: GradientContext) throws -> Gradient {
    let (builder, cotangent) = (context.builder, try context.cotangent())
    let (x, g) = (context.inputs[0], context.inputs[1])
    return .cotangents([
      context.needed[0]
        ? .value(try builder.convInputGradient(g, cotangent, input: context.type(x).shape, geometry)) : .zero,
      context.needed[1] ? .value(try builder.conv(x, cotangent, geometry)) : .zero,
    ])
  }

  public func lower(_ context: LoweringContext) throws { ConvLowering(geometry, context, kernel: kernel).emit() }

  public func reference(_ context: ReferenceContext) throws -> [HostTensor] {
    let (x, g) = (context.inputs[0], context.inputs[1])
    var result = try HostTensor(zeros: x.dtype, context.outputs[0].shape.sizes ?? [])
    let sizes = ConvSizes(geometry, x: x.sizes, weight: result.sizes, y: g.sizes)
    var totals = [Scalar](repeating: x.dtype.isFloat ? .float(0) : .int(0), count: result.count)
    ConvReference(geometry, sizes).visit { input, kernel, place in
      totals[kernel] = totals[kernel].adding(x[linear: input], times: g[linear: place])
    }
    for index in totals.indices { result[linear: index] = totals[index] }
    return [result]
  }
}

extension GraphBuilder {
  /// The cotangent of a convolution's kernel from its input and the cotangent of its output.
  ///
  /// - Parameter kernel: the kernel's spatial sizes.
  public func convWeightGradient(
    _ x: ValueID, _ g: ValueID, kernel: [Int], _ geometry: ConvGeometry
  ) throws -> ValueID {
    try apply(ConvWeightGradient(kernel: kernel, geometry), x, g)
  }
}

extension ConvWeightGradient: BatchableOperation {
  public func batch(_ context: BatchingContext) throws -> [Batched] {
    let (builder, size) = (context.builder, context.size)
    let (x, g) = (context.inputs[0], context.inputs[1])
    guard let wide = geometry.repeated(size) else { return try context.applyInTurn(self) }
    if !x.isBatched {
      let outputs = try builder.joiningGroups(builder.movingAxis(g.value, from: 0, to: 1), geometry.groups, at: 1)
      let joined = try builder.convWeightGradient(x.value, outputs, kernel: kernel, geometry)
      return [Batched(try builder.splittingGroups(joined, size, geometry.groups, at: 0))]
    }
    // Each element is a group of its own.
    let planes = try context.allBatched().map { try builder.joiningAxes(builder.movingAxis($0, from: 0, to: 1), at: 1) }
    let joined = try builder.convWeightGradient(planes[0], planes[1], kernel: kernel, wide)
    let outputs = context.elementType(1).shape[1]
    return [Batched(try builder.splittingAxis(joined, at: 0, into: [size, outputs]))]
  }
}
