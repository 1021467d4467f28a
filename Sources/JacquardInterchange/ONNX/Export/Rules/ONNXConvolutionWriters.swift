import JacquardCore
import JacquardIR
import JacquardOps

/// Convolutions and pooling.
enum ONNXConvolutionWriters {
  static let all: [ONNXWriter] = [
    ONNXWriter(Conv.self) { try convolution($0.geometry, $1) },
    ONNXWriter(MaxPool.self) { operation, use in
      // ONNX's positions count the whole tensor.
      guard !use.isUsed[1], isFloat(use) else { return nil }
      let values = try pool("MaxPool", operation.window, operation.geometry, use)
      return values.map { [$0, ""] }
    },
    ONNXWriter(SumPool.self) { operation, use in
      guard isFloat(use) else { return nil }
      let mean = try pool("AveragePool", operation.window, operation.geometry, use, .int("count_include_pad", 1))
      let count = try use.scalar(Double(operation.window.reduce(1, *)), use.inputTypes[0].dtype)
      return mean.map { use.emit("Mul", [$0, count]) }
    },
    ONNXWriter(AveragePool.self) { operation, use in
      let counts = Onnx_AttributeProto.int("count_include_pad", operation.countsPadding ? 1 : 0)
      return try pool("AveragePool", operation.window, operation.geometry, use, counts).map { [$0] }
    },
    ONNXWriter(LpPool.self) { operation, use in
      guard operation.p == operation.p.rounded(), operation.p >= 1, operation.p <= 64 else { return nil }
      return try pool("LpPool", operation.window, operation.geometry, use, .int("p", Int(operation.p))).map { [$0] }
    },
  ]

  private static func isFloat(_ use: ONNXUse) -> Bool { use.inputTypes[0].dtype.isFloat }

  private static func attributes(_ window: [Int], _ geometry: ConvGeometry) -> [Onnx_AttributeProto] {
    [
      .ints("kernel_shape", window), .ints("strides", geometry.strides), .ints("pads", geometry.low + geometry.high),
      .ints("dilations", geometry.dilation),
    ]
  }

  /// Windows whose padding ONNX takes: none negative, and none as large as the window.
  private static func pool(
    _ name: String, _ window: [Int], _ geometry: ConvGeometry, _ use: ONNXUse, _ more: Onnx_AttributeProto...
  ) throws -> String? {
    let pads = zip(geometry.low + geometry.high, window + window)
    guard pads.allSatisfy({ $0 >= 0 && $0 < $1 }), geometry.inputDilation.allSatisfy({ $0 == 1 }) else { return nil }
    return use.emit(name, use.inputs, attributes(window, geometry) + more, outputs: 1)[0]
  }

  private static func convolution(_ geometry: ConvGeometry, _ use: ONNXUse) throws -> [String]? {
    guard isFloat(use) else { return nil }
    let isPlain = (geometry.low + geometry.high).allSatisfy { $0 >= 0 } && geometry.inputDilation.allSatisfy { $0 == 1 }
    if !isPlain { return try use.rewritten { b, x in try spread(geometry, b, x) } }
    let kernel = use.inputTypes[1].shape.dims.dropFirst(2).map { $0.value ?? 0 }
    return use.emit(
      "Conv", use.inputs, attributes(kernel, geometry) + [.int("group", geometry.groups)], outputs: 1)
  }

  /// The elements are spread apart and the padding is put on, or cut off, beforehand.
  private static func spread(_ geometry: ConvGeometry, _ b: GraphBuilder, _ x: [ValueID]) throws -> [ValueID] {
    let pads = [geometry.low, geometry.high].map { [Dim(0), 0] + $0.map { Dim(max($0, 0)) } }
    let interior = [0, 0] + geometry.inputDilation.map { $0 - 1 }
    let padded = try b.pad(x[0], low: pads[0], high: pads[1], interior: interior)
    var (starts, limits) = (b.shape(padded).dims.map { _ in Dim(0) }, b.shape(padded).dims)
    for axis in geometry.low.indices {
      starts[axis + 2] = Dim(max(-geometry.low[axis], 0))
      limits[axis + 2] = try limits[axis + 2].minus(Dim(max(-geometry.high[axis], 0)))
    }
    let cut = try b.apply(Slice(starts: starts, limits: limits, strides: starts.map { _ in 1 }), padded)
    let zeros = geometry.low.map { _ in 0 }
    var plain = geometry
    (plain.low, plain.high, plain.inputDilation) = (zeros, zeros, zeros.map { _ in 1 })
    return [try b.apply(Conv(plain), cut, x[1])]
  }
}
