import JacquardCore

/// Two-dimensional transposed convolution with bias over `[N, channels, height, width]`: the gradient of `Conv2d` with respect to its
/// input.
///
/// The weight is `[inputs, outputs / groups, kernel, kernel]`, as in PyTorch; both start as in PyTorch's `nn.ConvTranspose2d`: drawn
/// evenly from ±1/sqrt(outputs / groups * kernel²).
public final class ConvTranspose2d: Layer, UnaryModule {
  let convolution: Convolution
  let outputPadding: Int

  /// - Parameters:
  ///   - stride: distance between the places of the output to which neighbouring inputs give.
  ///   - padding: elements cut off the output on every side.
  ///   - outputPadding: elements added at the output's ends, less than stride or dilation.
  ///   - groups: parts of the channels that see only each other.
  ///   - dilation: distance between the kernel's elements.
  public init(
    _ inputs: Int, _ outputs: Int, kernel: Int, stride: Int = 1, padding: Int = 0, outputPadding: Int = 0,
    groups: Int = 1, bias: Bool = true, dilation: Int = 1
  ) {
    convolution = Convolution(
      rank: 2, inputs, outputs, kernel: kernel, stride: stride, padding: padding, dilation: dilation, groups: groups,
      bias: bias)
    self.outputPadding = outputPadding
  }

  /// - Parameter x: `[N, inputs, height, width]`.
  /// - Returns: `[N, outputs, height', width']`, height' = (height - 1) stride - 2 padding + dilation (kernel - 1) + outputPadding + 1.
  public func callAsFunction<S: TensorFloat>(
    _ x: Tensor<S>, file: String = #fileID, line: Int = #line
  ) -> Tensor<S> {
    apply(to: x, file, line) { g in convolution.transposed(g, x, outputPadding: outputPadding) }
  }

  public var pyTorchTensors: [PyTorchTensor] { convolution.pyTorchTensors(self, isTransposed: true) }
}
