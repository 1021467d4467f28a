import JacquardCore
import JacquardIR
import JacquardOps

/// What lies around the input of a convolution; the names are PyTorch's.
public enum PaddingMode: Sendable, Hashable, CaseIterable {
  /// 0 everywhere.
  case zeros
  /// Mirrored at the first and the last element, which are not repeated.
  case reflect
  /// The first and the last element again and again.
  case replicate
  /// As if the input went on from its other end.
  case circular

  /// The border of the input's own elements; nil for zeros.
  fileprivate var border: PadBorder.Mode? {
    switch self {
    case .zeros: nil
    case .reflect: .reflect
    case .replicate: .edge
    case .circular: .circular
    }
  }
}

/// What the convolution layers share.
///
/// The weight starts drawn evenly from ±1/sqrt(fanIn), fanIn the elements of one kernel (for a transposed convolution, of one input
/// channel), and so does the bias: PyTorch's defaults.
struct Convolution: Sendable {
  let inputs: Int
  let outputs: Int
  /// The kernel's size along each spatial axis.
  let kernel: [Int]
  let geometry: ConvGeometry
  let hasBias: Bool
  var mode = PaddingMode.zeros

  init(
    rank: Int, _ inputs: Int, _ outputs: Int, kernel: Int, stride: Int, padding: Int, dilation: Int, groups: Int,
    bias: Bool
  ) {
    self.inputs = inputs
    self.outputs = outputs
    self.kernel = Array(repeating: kernel, count: rank)
    hasBias = bias
    func all(_ value: Int) -> [Int] { Array(repeating: value, count: rank) }
    geometry = ConvGeometry(
      rank: rank, strides: all(stride), low: all(padding), high: all(padding), dilation: all(dilation), groups: groups)
  }

  private var rank: Int { kernel.count }

  /// `[outputs, inputs / groups, kernel...]`.
  private var weightSizes: [Int] { [outputs, inputs / max(geometry.groups, 1)] + kernel }
  /// `[inputs, outputs / groups, kernel...]`: the weight of the convolution that it takes back.
  private var transposedSizes: [Int] { [inputs, outputs / max(geometry.groups, 1)] + kernel }

  func callAsFunction<S: TensorFloat>(_ g: GraphContext, _ x: Tensor<S>) -> Tensor<S> {
    let weight = g.parameter("weight", S.self, Shape(weightSizes))
    let y: Tensor<S> = g.emit([x, weight], at: nil) { builder, v in
      guard let border = mode.border else { return try builder.conv(v[0], v[1], geometry) }
      var bare = geometry
      (bare.low, bare.high) = (kernel.map { _ in 0 }, kernel.map { _ in 0 })
      let edges = [0, 0] + geometry.low
      guard builder.shape(v[0]).rank == edges.count else { return try builder.conv(v[0], v[1], bare) }
      return try builder.conv(
        builder.pad(v[0], border, low: edges.map { Dim($0) }, high: edges.map { Dim($0) }), v[1], bare)
    }
    return biased(g, y, weightSizes)
  }

  /// The transposed convolution: what a convolution's output owes to its input.
  func transposed<S: TensorFloat>(_ g: GraphContext, _ x: Tensor<S>, outputPadding: Int) -> Tensor<S> {
    let weight = g.parameter("weight", S.self, Shape(transposedSizes))
    let y: Tensor<S> = g.emit([x, weight], at: nil) { builder, v in
      let output = try transposedShape(builder.shape(v[0]), outputPadding)
      return try builder.convInputGradient(v[0], v[1], input: output, geometry)
    }
    return biased(g, y, transposedSizes)
  }

  /// Each axis has (n - 1) stride - 2 padding + dilation (kernel - 1) + outputPadding + 1 elements.
  private func transposedShape(_ x: Shape, _ extra: Int) throws -> Shape {
    guard x.rank == rank + 2, x[1].value == inputs else {
      throw Diagnostic("a transposed convolution takes [batch, \(inputs), \(rank) spatial axes], not \(x)")
    }
    var dims = [x[0], Dim(outputs)]
    for axis in 0..<rank {
      let (stride, dilation) = (geometry.strides[axis], geometry.dilation[axis])
      guard let size = x[axis + 2].value else {
        throw Diagnostic("axis '\(x[axis + 2])' of \(x) is not a number: bind it")
      }
      guard extra >= 0, extra < max(stride, dilation) else {
        throw Diagnostic("output padding \(extra) is not less than stride \(stride) or dilation \(dilation)")
      }
      let length = (size - 1) * stride - 2 * geometry.low[axis] + dilation * (kernel[axis] - 1) + extra + 1
      guard length > 0 else { throw Diagnostic("the output of a transposed convolution of \(x) has no elements") }
      dims.append(Dim(length))
    }
    return Shape(dims)
  }

  private func biased<S: TensorFloat>(_ g: GraphContext, _ y: Tensor<S>, _ weight: [Int]) -> Tensor<S> {
    if !hasBias { return y }
    let fanIn = weight.dropFirst().reduce(1, *)
    let bound = fanIn > 0 ? 1 / Double(fanIn).squareRoot() : 0
    let bias = g.parameter("bias", S.self, [Dim(outputs)], Initializer(.uniform, low: -bound, high: bound))
    return g.emit([y, bias], at: nil) { try $0.add($1[0], $0.alongChannels($1[1], rank: rank + 2)) }
  }

  /// What PyTorch calls the tensors of a layer: its weights have the same layout.
  func pyTorchTensors(_ layer: any Layer, isTransposed: Bool = false) -> [PyTorchTensor] {
    let weight = layer.pyTorchTensor("weight", isTransposed ? transposedSizes : weightSizes)
    return [weight] + (hasBias ? [layer.pyTorchTensor("bias", [outputs])] : [])
  }
}
