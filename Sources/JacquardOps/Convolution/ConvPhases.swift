import JacquardCore
import JacquardIR

/// A convolution over elements spread apart, as one over the elements themselves: what lies between them is zero and need not be
/// multiplied.
///
/// Along an axis with distance d, output `o = d * q + p` meets kernel element k only where `o + k - low` is a multiple of d, so
/// each phase p has a kernel of its own of about a d-th of the elements (W. Shi et al., https://arxiv.org/abs/1609.07009).
/// One convolution makes all phases, as channels.
struct ConvPhases {
  /// One spatial axis.
  private struct Axis {
    let distance: Int
    let kernel: Int
    /// Input element that the first output of phase 0 may meet first.
    let first: Int
    /// Elements of a phase's kernel.
    let taps: Int
    /// Zeros before the kernel, so that it falls into `taps` pieces of `distance`.
    let before: Int
    /// Outputs of the whole, and of each phase.
    let outputs: Int
    let points: Int
    let input: Int

    init(_ geometry: ConvGeometry, _ axis: Int, input: Int, kernel: Int, outputs: Int) {
      let (d, low) = (geometry.inputDilation[axis], geometry.low[axis])
      distance = d
      self.kernel = kernel
      self.input = input
      self.outputs = outputs
      first = -Axis.floorDivide(low, d)
      let last = Axis.floorDivide(kernel + d - 2 - low, d)
      taps = last - first + 1
      before = d - 1 - low - d * first
      points = (outputs + d - 1) / d
    }

    private static func floorDivide(_ a: Int, _ b: Int) -> Int { a >= 0 ? a / b : -((b - 1 - a) / b) }

    var after: Int { distance * taps - kernel - before }
    /// Padding after the input.
    var high: Int { points - input + first + taps - 1 }
  }

  private let axes: [Axis]
  private let builder: GraphBuilder

  /// Nil if there is nothing to gain: no axis is spread, or the phases' kernels would be as large as the whole one.
  init?(_ builder: GraphBuilder, _ x: Shape, _ weight: Shape, _ y: Shape, _ geometry: ConvGeometry) {
    let plain =
      geometry.strides.allSatisfy { $0 == 1 } && geometry.dilation.allSatisfy { $0 == 1 } && geometry.groups == 1
    guard plain, let input = x.spatialSizes, let kernel = weight.spatialSizes, let outputs = y.spatialSizes,
      !(input + kernel + outputs).contains(0)
    else { return nil }
    axes = (0..<geometry.rank).map {
      Axis(geometry, $0, input: input[$0], kernel: kernel[$0], outputs: outputs[$0])
    }
    self.builder = builder
    if axes.map(\.taps).product >= kernel.product { return nil }
  }

  /// The convolution's result.
  func result(_ x: ValueID, _ weight: ValueID) throws -> ValueID {
    let geometry = ConvGeometry(rank: axes.count, low: axes.map { -$0.first }, high: axes.map(\.high))
    return try interleaved(builder.conv(x, phases(weight), geometry))
  }

  /// The kernels of all phases, as outputs: [outputs * phases, channels, taps...].
  private func phases(_ weight: ValueID) throws -> ValueID {
    let dims = builder.shape(weight).dims
    let padded = try builder.pad(weight, low: [0, 0] + axes.map(\.before), high: [0, 0] + axes.map(\.after))
    let pieces = try builder.reshape(
      padded, Shape(dims.prefix(2) + axes.flatMap { [Dim($0.taps), Dim($0.distance)] }))
    // Within a piece the last element belongs to phase 0.
    let places = axes.indices.map { 3 + 2 * $0 }
    let turned = try builder.reverse(pieces, axes: places.filter { axes[($0 - 3) / 2].distance > 1 })
    let ordered = try builder.transpose(turned, [0] + places + [1] + places.map { $0 - 1 })
    let outputs = try dims[0].times(Dim(axes.map(\.distance).product))
    return try builder.reshape(ordered, Shape([outputs, dims[1]] + axes.map { Dim($0.taps) }))
  }

  /// Phases from channels to their places.
  private func interleaved(_ y: ValueID) throws -> ValueID {
    let dims = builder.shape(y).dims
    let channels = Dim((dims[1].value ?? 0) / axes.map(\.distance).product)
    let apart = try builder.reshape(
      y, Shape([dims[0], channels] + axes.map { Dim($0.distance) } + axes.map { Dim($0.points) }))
    let order = axes.indices.flatMap { [2 + axes.count + $0, 2 + $0] }
    let whole = try builder.reshape(
      builder.transpose(apart, [0, 1] + order), Shape([dims[0], channels] + axes.map { Dim($0.points * $0.distance) }))
    if axes.allSatisfy({ $0.points * $0.distance == $0.outputs }) { return whole }
    return try builder.slice(
      whole, starts: [Dim](repeating: 0, count: dims.count), limits: [dims[0], channels] + axes.map { Dim($0.outputs) })
  }
}

extension Shape {
  fileprivate var spatialSizes: [Int]? {
    let sizes = dims.dropFirst(2).compactMap(\.value)
    return sizes.count == rank - 2 && dims.prefix(2).dropFirst().allSatisfy { $0.value != nil } ? sizes : nil
  }
}

extension GraphBuilder {
  /// A convolution over elements spread apart, without the products with the zeros between them; nil if there is none, or nothing
  /// to gain.
  public func convWithoutSpreading(_ conv: Conv, _ x: ValueID, _ weight: ValueID, like y: ValueID) throws -> ValueID? {
    let geometry = conv.geometry
    if geometry.inputDilation.allSatisfy({ $0 == 1 }) { return nil }
    if let pointwise = try pointwiseConv(x, weight, geometry) { return pointwise }
    return try ConvPhases(self, shape(x), shape(weight), shape(y), geometry)?.result(x, weight)
  }

  /// A kernel of one element along the spread axes meets one input element or none: zeros may be put between the results instead.
  private func pointwiseConv(_ x: ValueID, _ weight: ValueID, _ geometry: ConvGeometry) throws -> ValueID? {
    let kernel = shape(weight).dims.dropFirst(2).map { $0.value ?? 0 }
    let spread = (0..<geometry.rank).filter { geometry.inputDilation[$0] > 1 }
    let fits = spread.allSatisfy {
      kernel[$0] == 1 && geometry.strides[$0] == 1 && geometry.low[$0] >= 0 && geometry.high[$0] >= 0
    }
    guard fits else { return nil }
    var inner = geometry
    var (low, high, interior) = (
      [Dim](repeating: 0, count: geometry.rank + 2), [Dim](repeating: 0, count: geometry.rank + 2),
      [Int](repeating: 0, count: geometry.rank + 2)
    )
    for axis in spread {
      (low[axis + 2], high[axis + 2]) = (Dim(geometry.low[axis]), Dim(geometry.high[axis]))
      interior[axis + 2] = geometry.inputDilation[axis] - 1
      (inner.low[axis], inner.high[axis], inner.inputDilation[axis]) = (0, 0, 1)
    }
    return try pad(conv(x, weight, inner), low: low, high: high, interior: interior)
  }
}
