import Foundation
import JacquardCore

/// A change of gray images whose pixels are numbers from 0 to 1. The same change gives the same images.
public enum ImageTransform: Sendable, Hashable {
  /// What comes in at the edge of a shifted image.
  public enum Fill: String, Sendable, Hashable, CaseIterable {
    /// Zeros.
    case zero
    /// What left at the other edge.
    case circular
  }

  /// Down and to the right by whole pixels.
  case shift(rows: Int, columns: Int, fill: Fill = .zero)
  /// About the centre, from the columns' axis towards the rows' axis backwards (counter-clockwise as images are seen), by
  /// bilinear interpolation; zeros lie outside.
  case rotation(degrees: Double)
  /// Adds normal noise, then cuts to 0 ... 1.
  case gaussianNoise(deviation: Double, seed: Int)
  /// Sets a share of the pixels to 0 or 1, each equally likely.
  case saltNoise(fraction: Double, seed: Int)
  /// 1 - pixel.
  case inversion

  /// - Parameter images: `f32[..., height, width]`.
  /// - Throws: `Diagnostic` if it has another type or fewer than two axes.
  public func apply(to images: HostTensor) throws(Diagnostic) -> HostTensor {
    guard images.dtype == .f32, images.sizes.count >= 2, let width = images.sizes.last else {
      throw Diagnostic("images are \(images.type), not f32[..., height, width]")
    }
    let height = images.sizes[images.sizes.count - 2]
    let source = images.elements(Float.self)
    return try HostTensor(changed(source, height, width), images.sizes)
  }

  private func changed(_ source: [Float], _ height: Int, _ width: Int) -> [Float] {
    switch self {
    case .shift(let rows, let columns, let fill):
      return ImageTransform.shifted(source, height, width, rows, columns, fill)
    case .rotation(let degrees): return ImageTransform.rotated(source, height, width, degrees)
    case .gaussianNoise(let deviation, let seed):
      let key = Philox(seed: seed)
      return source.enumerated().map { index, pixel in
        Float(min(1, max(0, Double(pixel) + deviation * key.normal(index))))
      }
    case .saltNoise(let fraction, let seed):
      let (key, sides) = (Philox(seed: seed), Philox(seed: seed).folded(1))
      return source.enumerated().map { index, pixel in
        key.uniform(index) < fraction ? (sides.uniform(index) < 0.5 ? 0 : 1) : pixel
      }
    case .inversion: return source.map { 1 - $0 }
    }
  }

  private static func shifted(
    _ source: [Float], _ height: Int, _ width: Int, _ rows: Int, _ columns: Int, _ fill: Fill
  ) -> [Float] {
    var result = [Float](repeating: 0, count: source.count)
    let size = height * width
    guard size > 0 else { return result }
    for index in result.indices {
      var (row, column) = (index % size / width - rows, index % width - columns)
      if fill == .circular {
        row = (row % height + height) % height
        column = (column % width + width) % width
      }
      if row < 0 || row >= height || column < 0 || column >= width { continue }
      result[index] = source[index / size * size + row * width + column]
    }
    return result
  }

  private static func rotated(_ source: [Float], _ height: Int, _ width: Int, _ degrees: Double) -> [Float] {
    var result = [Float](repeating: 0, count: source.count)
    let size = height * width
    guard size > 0 else { return result }
    let (cosine, sine) = (cos(degrees * .pi / 180), sin(degrees * .pi / 180))
    let (middleRow, middleColumn) = (Double(height - 1) / 2, Double(width - 1) / 2)
    for row in 0..<height {
      for column in 0..<width {
        let (y, x) = (Double(row) - middleRow, Double(column) - middleColumn)
        let (fromRow, fromColumn) = (cosine * y + sine * x + middleRow, cosine * x - sine * y + middleColumn)
        let corners = corners(fromRow, fromColumn, height, width)
        for image in stride(from: 0, to: source.count, by: size) {
          let sum = corners.reduce(0.0) { $0 + $1.weight * Double(source[image + $1.place]) }
          result[image + row * width + column] = Float(sum)
        }
      }
    }
    return result
  }

  /// The up to four pixels about a point, with their weights.
  private static func corners(
    _ row: Double, _ column: Double, _ height: Int, _ width: Int
  ) -> [(place: Int, weight: Double)] {
    let (top, left) = (row.rounded(.down), column.rounded(.down))
    var result: [(place: Int, weight: Double)] = []
    for (down, right) in [(0, 0), (0, 1), (1, 0), (1, 1)] {
      let (y, x) = (Int(top) + down, Int(left) + right)
      let weight = (1 - abs(row - Double(y))) * (1 - abs(column - Double(x)))
      if y >= 0 && y < height && x >= 0 && x < width && weight > 0 { result.append((y * width + x, weight)) }
    }
    return result
  }
}

extension DataSet {
  /// The same examples with changed images, as bytes again: pixels are rounded to the nearest of 256 levels.
  ///
  /// - Throws: `Diagnostic` if the column `image` is not `u8[..., height, width]`.
  public func transforming(_ transform: ImageTransform) throws(Diagnostic) -> DataSet {
    let column = try column("image")
    guard column.values.dtype == .u8, column.values.sizes.count >= 3 else {
      throw Diagnostic("images are \(column.values.type), not bytes", place: name)
    }
    let floats = column.values.elements(UInt8.self).map { Float($0) / 255 }
    let changed = try transform.apply(to: HostTensor(floats, column.values.sizes)).elements(Float.self)
    let bytes = changed.map { UInt8((min(1, max(0, $0)) * 255).rounded()) }
    let images = Column("image", try HostTensor(bytes, column.values.sizes))
    return try DataSet(name, columns.map { $0.name == "image" ? images : $0 })
  }
}
