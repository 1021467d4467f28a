import JacquardCore
import JacquardIR
import JacquardOps

/// The windows of a pooling layer of `rank` spatial axes.
private func windows(
  _ rank: Int, _ size: Int, stride: Int?, padding: Int
) -> (window: [Int], geometry: ConvGeometry) {
  func all(_ value: Int) -> [Int] { Array(repeating: value, count: rank) }
  let geometry = ConvGeometry(rank: rank, strides: all(stride ?? size), low: all(padding), high: all(padding))
  return (all(size), geometry)
}

/// The largest element of each window of `[N, channels, length]`.
public struct MaxPool1d: UnaryModule, Sendable {
  /// Elements of a window.
  public let size: Int
  /// From one window to the next; the window's size where nil.
  public let stride: Int?
  /// Elements on either side of the input, which are never the largest.
  public let padding: Int

  /// - Parameter stride: The window's size where nil.
  public init(_ size: Int, stride: Int? = nil, padding: Int = 0) {
    self.size = size
    self.stride = stride
    self.padding = padding
  }

  public func callAsFunction<S: TensorFloat>(
    _ x: Tensor<S>, file: String = #fileID, line: Int = #line
  ) -> Tensor<S> {
    let (window, geometry) = windows(1, size, stride: stride, padding: padding)
    return x.unary(SourceSite(file: file, line: line)) { try $0.maxPool($1, window: window, geometry).values }
  }
}

/// The largest element of each window of `[N, channels, height, width]`.
public struct MaxPool2d: UnaryModule, Sendable {
  /// Elements of a window along each axis.
  public let size: Int
  /// From one window to the next along each axis; the window's size where nil.
  public let stride: Int?
  /// Elements on every side of the input, which are never the largest.
  public let padding: Int

  /// - Parameter stride: The window's size where nil.
  public init(_ size: Int, stride: Int? = nil, padding: Int = 0) {
    self.size = size
    self.stride = stride
    self.padding = padding
  }

  public func callAsFunction<S: TensorFloat>(
    _ x: Tensor<S>, file: String = #fileID, line: Int = #line
  ) -> Tensor<S> {
    let (window, geometry) = windows(2, size, stride: stride, padding: padding)
    return x.unary(SourceSite(file: file, line: line)) { try $0.maxPool($1, window: window, geometry).values }
  }
}

/// The mean of each window of `[N, channels, height, width]`; padding counts, as in PyTorch.
public struct AvgPool2d: UnaryModule, Sendable {
  /// Elements of a window along each axis.
  public let size: Int
  /// From one window to the next along each axis; the window's size where nil.
  public let stride: Int?
  /// Zeros on every side of the input.
  public let padding: Int

  /// - Parameter stride: The window's size where nil.
  public init(_ size: Int, stride: Int? = nil, padding: Int = 0) {
    self.size = size
    self.stride = stride
    self.padding = padding
  }

  public func callAsFunction<S: TensorFloat>(
    _ x: Tensor<S>, file: String = #fileID, line: Int = #line
  ) -> Tensor<S> {
    let (window, geometry) = windows(2, size, stride: stride, padding: padding)
    return x.unary(SourceSite(file: file, line: line)) { try $0.averagePool($1, window: window, geometry) }
  }
}
