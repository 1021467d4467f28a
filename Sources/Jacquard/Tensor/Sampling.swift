import JacquardCore
import JacquardIR
import JacquardOps

// Windows of images, other sizes, and samples between elements. Images are [batch, channels, spatial...].

extension Tensor {
  /// The elements of each window as one column (im2col): [batch, channels times window, windows].
  public func unfolded(
    window: [Int], _ geometry: ConvGeometry? = nil, file: String = #fileID, line: Int = #line
  ) -> Tensor {
    unary(SourceSite(file: file, line: line)) {
      try $0.unfold($1, window: window, geometry ?? ConvGeometry(rank: window.count))
    }
  }

  /// Columns of windows added up to an image of the given spatial sizes (col2im).
  public func folded(
    to sizes: [Int], window: [Int], _ geometry: ConvGeometry? = nil, file: String = #fileID, line: Int = #line
  ) -> Tensor {
    unary(SourceSite(file: file, line: line)) {
      try $0.fold($1, sizes: sizes, window: window, geometry ?? ConvGeometry(rank: window.count))
    }
  }

  /// Axes with other sizes: each element is the nearest old one, or lies on the line between two.
  public func resized(
    to sizes: [Int], axes: [Int], mode: Resize.Mode = .nearest, coordinates: Resize.Coordinates = .halfPixel,
    rounding: Resize.Rounding = .preferFloor, file: String = #fileID, line: Int = #line
  ) -> Tensor {
    unary(SourceSite(file: file, line: line)) {
      try $0.resize($1, axes: axes, sizes: sizes, mode: mode, coordinates: coordinates, rounding: rounding)
    }
  }
}

extension Tensor where Scalar: TensorFloat {
  /// The p-norm of each window.
  public func lpPooled(
    window: [Int], _ geometry: ConvGeometry? = nil, p: Double = 2, file: String = #fileID, line: Int = #line
  ) -> Tensor {
    unary(SourceSite(file: file, line: line)) {
      try $0.lpPool($1, window: window, geometry ?? ConvGeometry(rank: window.count), p: p)
    }
  }

  /// Each element divided by a power of the mean square of `size` neighbouring channels.
  public func localResponseNormalized(
    size: Int, alpha: Double = 1e-4, beta: Double = 0.75, bias: Double = 1, file: String = #fileID, line: Int = #line
  ) -> Tensor {
    unary(SourceSite(file: file, line: line)) {
      try $0.localResponseNorm($1, size: size, alpha: alpha, beta: beta, bias: bias)
    }
  }

  /// Samples at the places of a grid [batch, points..., spatial axes], -1 and 1 at the ends of an axis, the last axis first.
  public func sampled(
    at grid: Tensor, mode: GridSample.Mode = .linear, padding: GridSample.Padding = .zeros, alignCorners: Bool = false,
    file: String = #fileID, line: Int = #line
  ) -> Tensor {
    binary(grid, SourceSite(file: file, line: line)) {
      try $0.gridSample($1, $2, mode: mode, padding: padding, alignCorners: alignCorners)
    }
  }
}
