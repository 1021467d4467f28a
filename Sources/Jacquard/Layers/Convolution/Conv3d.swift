import JacquardCore

/// Three-dimensional convolution with bias over `[N, channels, depth, height, width]`.
///
/// The weight is `[outputs, inputs / groups, kernel, kernel, kernel]`, as in PyTorch; both start as in PyTorch's `nn.Conv3d`: drawn evenly from
/// ±1/sqrt(inputs / groups * kernel³).
public final class Conv3d: Layer, UnaryModule {
  let convolution: Convolution

  /// - Parameters:
  ///   - padding: elements on every side, what they are says `paddingMode`.
  ///   - dilation: distance between the kernel's elements.
  ///   - groups: parts of the channels that see only each other.
  public init(
    _ inputs: Int, _ outputs: Int, kernel: Int, stride: Int = 1, padding: Int = 0, dilation: Int = 1, groups: Int = 1,
    bias: Bool = true, paddingMode: PaddingMode = .zeros
  ) {
    var convolution = Convolution(
      rank: 3, inputs, outputs, kernel: kernel, stride: stride, padding: padding, dilation: dilation, groups: groups,
      bias: bias)
    convolution.mode = paddingMode
    self.convolution = convolution
  }

  /// - Parameter x: `[N, inputs, depth, height, width]`.
  /// - Returns: `[N, outputs, depth', height', width']`.
  public func callAsFunction<S: TensorFloat>(
    _ x: Tensor<S>, file: String = #fileID, line: Int = #line
  ) -> Tensor<S> {
    apply(to: x, file, line) { g in convolution(g, x) }
  }

  public var pyTorchTensors: [PyTorchTensor] { convolution.pyTorchTensors(self) }
}
