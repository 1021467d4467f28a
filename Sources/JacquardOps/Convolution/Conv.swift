import JacquardCore
import JacquardIR
import JacquardKernels

/// Convolution in one to three dimensions (a cross-correlation, as in PyTorch and ONNX).
public struct Conv: Operation {
  public static let name = "conv"
  public static let doc = OperationDoc(
    "Convolution in 1 to 3 dimensions; operands x [batch, channels, spatial...], weight [outputs, channels / groups, kernel...].",
    formula:
      "y[n, o, p] = sum over c, k of weight[o, c, k] * x[n, c + group, (p * stride + k * dilation - low) / inputDilation]",
    constraints: ConvRules.constraints,
    conventions: [
      "the kernel is not turned around", "outside the input, and between its elements, x is 0",
      "sums run over channels, then kernel elements in row-major order; integers wrap around",
    ])

  public static let samples = [
    OperationSample(
      Conv(ConvGeometry(rank: 2, low: [1, 1], high: [1, 1])),
      [.uniform("f32[2,3,6,5]", -2, 2), .uniform("f32[4,3,3,3]", -2, 2)]),
    OperationSample(Conv(ConvGeometry(rank: 1)), [.uniform("f32[2,2,7]", -2, 2), .uniform("f32[3,2,3]", -2, 2)]),
    OperationSample(
      Conv(ConvGeometry(rank: 2, strides: [2, 1], low: [1, 0], high: [0, 2], dilation: [1, 2])),
      [.uniform("f32[1,2,7,6]", -2, 2), .uniform("f32[3,2,2,3]", -2, 2)]),
    OperationSample(
      Conv(ConvGeometry(rank: 2, low: [1, 1], high: [1, 1], groups: 3)),
      [.uniform("f32[2,3,4,4]", -2, 2), .uniform("f32[6,1,3,3]", -2, 2)]),
    OperationSample(
      Conv(ConvGeometry(rank: 2, low: [1, 2], high: [2, 1], inputDilation: [2, 3])),
      [.uniform("f32[1,2,3,3]", -2, 2), .uniform("f32[2,2,3,2]", -2, 2)]),
    OperationSample(
      Conv(ConvGeometry(rank: 2, low: [-1, 0], high: [0, -1])),
      [.uniform("f32[1,2,5,5]", -2, 2), .uniform("f32[2,2,2,2]", -2, 2)]),
    OperationSample(
      Conv(ConvGeometry(rank: 3, strides: [1, 2, 1], low: [0, 1, 0], high: [0, 1, 0])),
      [.uniform("f32[1,2,3,4,3]", -2, 2), .uniform("f32[2,2,2,3,2]", -2, 2)]),
    OperationSample(
      Conv(ConvGeometry(rank: 2)), [.uniform("f32[3,8,4,4]", -2, 2), .uniform("f32[5,8,1,1]", -2, 2)]),
    OperationSample(
      Conv(ConvGeometry(rank: 2, low: [1, 1], high: [1, 1])),
      [.uniform("f32[2,16,18,35]", -2, 2), .uniform("f32[40,16,3,3]", -2, 2)], gradient: .firstOrder(reason: "bilinear")
    ),
    OperationSample(
      Conv(ConvGeometry(rank: 1, low: [1], high: [1])),
      [.integers("i32[1,2,5]", -9, 9), .integers("i32[2,2,3]", -9, 9)], gradient: .none(reason: "integers")),
  ]
  public static let violations = [
    OperationViolation(1, Conv(ConvGeometry(rank: 1)), ["f32[1,2,5]", "f64[2,2,3]"]),
    OperationViolation(2, Conv(ConvGeometry(rank: 1)), ["f32[1,2,5]", "f32[2,2,3,3]"]),
    OperationViolation(2, Conv(ConvGeometry(rank: 0)), ["f32[1,2]", "f32[2,2]"]),
    OperationViolation(3, Conv(ConvGeometry(rank: 2)), ["f32[1,2,5]", "f32[2,2,3]"]),
    OperationViolation(3, Conv(ConvGeometry(rank: 1, strides: [0])), ["f32[1,2,5]", "f32[2,2,3]"]),
    OperationViolation(4, Conv(ConvGeometry(rank: 1)), ["f32[1,2,L]", "f32[2,2,3]"]),
    OperationViolation(5, Conv(ConvGeometry(rank: 1)), ["f32[1,3,5]", "f32[2,2,3]"]),
    OperationViolation(5, Conv(ConvGeometry(rank: 1, groups: 2)), ["f32[1,4,5]", "f32[3,2,3]"]),
    OperationViolation(6, Conv(ConvGeometry(rank: 1)), ["f32[1,2,2]", "f32[2,2,3]"]),
    OperationViolation(6, Conv(ConvGeometry(rank: 1)), ["f32[1,2,2]", "f32[2,2,0]"]),
  ]

  /// How the kernel lies on the input, and how the channels are grouped.
  public var geometry: ConvGeometry

  /// The geometry is checked where types are inferred (c3).
  public init(_ geometry: ConvGeometry) { self.geometry = geometry }

  private var rules: ConvRules { ConvRules(geometry: geometry) { violated($0, $1) } }

  public func inferTypes(_ context: TypeContext) throws -> [TensorType] {
    try requireOperands(2, context)
    let (x, weight) = (context.inputs[0], context.inputs[1])
    try rules.check(x, weight)
    let kernel = try rules.sizes(weight.shape, from: 0)
    let output = try rules.output(input: rules.sizes(x.shape, from: 1), weight: kernel)
    return [TensorType(x.dtype, Shape([x.shape[0], Dim(kernel[0])] + output.map { Dim($0) }))]
  }

  public func gradient(_ context: GradientContext) throws -> Gradient {
    let (builder, g) = (context.builder, try context.cotangent())
    let (x, weight) = (context.inputs[0], context.inputs[1])
    return .cotangents([
      context.needed[0]
        ? .value(try builder.convInputGradient(g, weight, input: context.type(x).shape, geometry)) : .zero,
      context.needed[1]
        ? .value(try builder.convWeightGradient(x, g, kernel: kernelSizes(context.type(weight)), geometry)) : .zero,
    ])
  }

  private func kernelSizes(_ weight: TensorType) throws -> [Int] { try rules.sizes(weight.shape, from: 2) }

  public func lower(_ context: LoweringContext) throws { ConvLowering(geometry, context).emit() }

  public func reference(_ context: ReferenceContext) throws -> [HostTensor] {
    let (x, weight) = (context.inputs[0], context.inputs[1])
    var result = try HostTensor(zeros: x.dtype, context.outputs[0].shape.sizes ?? [])
    let sizes = ConvSizes(geometry, x: x.sizes, weight: weight.sizes, y: result.sizes)
    let reference = ConvReference(geometry, sizes)
    var totals = [Scalar](repeating: x.dtype.isFloat ? .float(0) : .int(0), count: result.count)
    reference.visit { input, kernel, place in
      totals[place] = totals[place].adding(x[linear: input], times: weight[linear: kernel])
    }
    for index in totals.indices { result[linear: index] = totals[index] }
    return [result]
  }
}

extension Scalar {
  /// The sum with a product: in double precision, or as integers that wrap around.
  func adding(_ a: Scalar, times b: Scalar) -> Scalar {
    if case .float(let total) = self { return .float(total + a.asDouble * b.asDouble) }
    return .int(asInt &+ a.asInt &* b.asInt)
  }
}

/// Which elements of input, kernel and output meet in a convolution: the slow and obvious way.
struct ConvReference {
  let geometry: ConvGeometry
  let sizes: ConvSizes

  init(_ geometry: ConvGeometry, _ sizes: ConvSizes) {
    self.geometry = geometry
    self.sizes = sizes
  }

  /// Calls `body` with the linear positions of input, weight and output for each product.
  func visit(_ body: (_ x: Int, _ weight: Int, _ y: Int) -> Void) {
    let pairs = spatialPairs()
    let (inputs, outputs) = (sizes.inputs, sizes.outputs)
    let (plane, area, points) = (sizes.input.product, sizes.kernel.product, sizes.output.product)
    for n in 0..<sizes.batch {
      for o in 0..<sizes.groups * outputs {
        for c in 0..<inputs {
          let channel = n * sizes.groups * inputs + o / outputs * inputs + c
          let (kernel, result) = ((o * inputs + c) * area, (n * sizes.groups * outputs + o) * points)
          for pair in pairs { body(channel * plane + pair.x, kernel + pair.weight, result + pair.y) }
        }
      }
    }
  }

  /// The same within one plane.
  private func spatialPairs() -> [(x: Int, weight: Int, y: Int)] {
    var pairs = [(x: 0, weight: 0, y: 0)]
    for axis in 0..<geometry.rank {
      pairs = pairs.flatMap { pair in
        along(axis).map { next in
          (
            pair.x * sizes.input[axis] + next.x, pair.weight * sizes.kernel[axis] + next.weight,
            pair.y * sizes.output[axis] + next.y
          )
        }
      }
    }
    return pairs
  }

  private func along(_ axis: Int) -> [(x: Int, weight: Int, y: Int)] {
    (0..<sizes.output[axis]).flatMap { output in
      (0..<sizes.kernel[axis]).compactMap { kernel in
        let place = output * geometry.strides[axis] + kernel * geometry.dilation[axis] - geometry.low[axis]
        let spacing = geometry.inputDilation[axis]
        guard place >= 0, place % spacing == 0, place / spacing < sizes.input[axis] else { return nil }
        return (place / spacing, kernel, output)
      }
    }
  }
}

extension GraphBuilder {
  /// Convolution of x [batch, channels, spatial...] with weight [outputs, channels / groups, kernel...].
  public func conv(_ x: ValueID, _ weight: ValueID, _ geometry: ConvGeometry) throws -> ValueID {
    try apply(Conv(geometry), x, weight)
  }

  /// What a convolution's output owes to its input, taken back: also the transposed convolution.
  ///
  /// - Parameters:
  ///   - g: [batch, outputs, spatial...].
  ///   - input: the shape of the convolution's input.
  ///   - geometry: the convolution's.
  public func convInputGradient(
    _ g: ValueID, _ weight: ValueID, input: Shape, _ geometry: ConvGeometry
  ) throws -> ValueID {
    func numbers(_ shape: Shape) -> [Int] { shape.dims.dropFirst(2).map { $0.value ?? 1 } }
    let kernel = shape(weight)
    let back = geometry.transposed(input: numbers(input), kernel: numbers(kernel), output: numbers(shape(g)))
    return try conv(g, convTransposedWeight(weight, groups: geometry.groups), back)
  }

  /// The kernel turned around, inputs and outputs exchanged within each group.
  private func convTransposedWeight(_ weight: ValueID, groups: Int) throws -> ValueID {
    let dims = shape(weight).dims
    let spatial = Array(dims.dropFirst(2))
    guard let outputs = dims[0].value else { throw Diagnostic("conv: the kernel's channels are not bound") }
    var turned = weight
    if groups > 1 {
      let parts = Shape([Dim(groups), Dim(outputs / groups)] + dims.dropFirst())
      turned = try transpose(reshape(weight, parts), [0, 2, 1] + (3..<parts.rank))
      turned = try reshape(turned, Shape([try dims[1].times(Dim(groups)), Dim(outputs / groups)] + spatial))
    } else {
      turned = try transpose(weight, [1, 0] + (2..<dims.count))
    }
    let axes = (2..<dims.count).filter { dims[$0] != 1 }
    return axes.isEmpty ? turned : try reverse(turned, axes: Array(axes))
  }
}

extension Conv: BatchableOperation {
  public func batch(_ context: BatchingContext) throws -> [Batched] {
    let (builder, size) = (context.builder, context.size)
    let (x, weight) = (context.inputs[0], context.inputs[1])
    if !weight.isBatched {
      let joined = try builder.conv(builder.joiningAxes(x.value, at: 0), weight.value, geometry)
      return [Batched(try builder.splittingAxis(joined, at: 0, into: [size, context.elementType(0).shape[0]]))]
    }
    guard let wide = geometry.repeated(size) else { return try context.applyInTurn(self) }
    if !x.isBatched {
      let kernels = try builder.joiningGroups(weight.value, geometry.groups, at: 0)
      return [
        Batched(try builder.splittingGroups(builder.conv(x.value, kernels, geometry), size, geometry.groups, at: 1))
      ]
    }
    // Each element is a group of its own.
    let planes = try builder.joiningAxes(builder.movingAxis(x.value, from: 0, to: 1), at: 1)
    let joined = try builder.conv(planes, builder.joiningAxes(weight.value, at: 0), wide)
    let outputs = context.elementType(1).shape[0]
    return [
      Batched(try builder.movingAxis(builder.splittingAxis(joined, at: 1, into: [size, outputs]), from: 1, to: 0))
    ]
  }
}
