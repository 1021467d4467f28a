import JacquardCore
import JacquardIR
import JacquardOps

/// Two-dimensional convolution with bias over `[N, channels, height, width]`.
///
/// The weight is `[outputs, inputs / groups, kernel, kernel]`, as in PyTorch; both start as in PyTorch's `nn.Conv2d`: drawn evenly from
/// ±1/sqrt(inputs / groups * kernel²).
public final class Conv2d: Layer, UnaryModule {
  public let inputs: Int
  public let outputs: Int
  public let kernel: Int
  public let geometry: ConvGeometry
  public let hasBias: Bool

  /// - Parameters:
  ///   - padding: zeros on every side.
  ///   - dilation: distance between the kernel's elements.
  ///   - groups: parts of the channels that see only each other.
  public init(
    _ inputs: Int, _ outputs: Int, kernel: Int, stride: Int = 1, padding: Int = 0, dilation: Int = 1, groups: Int = 1,
    bias: Bool = true
  ) {
    self.inputs = inputs
    self.outputs = outputs
    self.kernel = kernel
    self.hasBias = bias
    func both(_ value: Int) -> [Int] { [value, value] }
    geometry = ConvGeometry(
      rank: 2, strides: both(stride), low: both(padding), high: both(padding), dilation: both(dilation), groups: groups)
  }

  /// - Parameter x: `[N, inputs, height, width]`.
  /// - Returns: `[N, outputs, height', width']`.
  public func callAsFunction<S: TensorFloat>(
    _ x: Tensor<S>, file: String = #fileID, line: Int = #line
  ) -> Tensor<S> {
    apply(to: x, file, line) { g in
      let inputs = inputs / max(geometry.groups, 1)
      let weight = g.parameter("weight", S.self, [Dim(outputs), Dim(inputs), Dim(kernel), Dim(kernel)])
      let y: Tensor<S> = g.emit([x, weight], at: nil) { try $0.conv($1[0], $1[1], geometry) }
      if !hasBias { return y }
      let fanIn = inputs * kernel * kernel
      let bound = fanIn > 0 ? 1 / Double(fanIn).squareRoot() : 0
      let bias = g.parameter("bias", S.self, [Dim(outputs)], Initializer(.uniform, low: -bound, high: bound))
      return g.emit([y, bias], at: nil) { try $0.add($1[0], $0.alongChannels($1[1], rank: 4)) }
    }
  }
}
