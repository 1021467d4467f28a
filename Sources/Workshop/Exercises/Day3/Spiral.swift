import Foundation
import Jacquard

/// A spiral in the plane: the distance from the centre grows with the angle, from pi / 2 over one and a half turns, up to 2.
struct Spiral {
  /// Points at equal distances along it.
  let points: [[Double]]

  init(count: Int) {
    let fine = (0...20_000).map { place in
      let angle = .pi / 2 + 3 * .pi * Double(place) / 20_000
      let radius = 2 * angle / (3.5 * .pi)
      return [radius * cos(angle), radius * sin(angle)]
    }
    var lengths = [0.0]
    for (a, b) in zip(fine, fine.dropFirst()) {
      lengths.append(lengths[lengths.count - 1] + hypot(b[0] - a[0], b[1] - a[1]))
    }
    let total = lengths[lengths.count - 1]
    var place = 0
    points = (0..<count).map { index in
      let wanted = (Double(index) + 0.5) / Double(count) * total
      while lengths[place + 1] < wanted { place += 1 }
      return fine[place]
    }
  }

  /// The distance of a point from the spiral, and which of its points is nearest.
  func nearest(_ x: [Double]) -> (distance: Double, index: Int) {
    var best = (distance: Double.infinity, index: 0)
    for (index, point) in points.enumerated() {
      let distance = (point[0] - x[0]) * (point[0] - x[0]) + (point[1] - x[1]) * (point[1] - x[1])
      if distance < best.distance { best = (distance, index) }
    }
    return (best.distance.squareRoot(), best.index)
  }
}

/// Points of the plane as a small gray image.
enum PointImage {
  static let width = 72

  /// - Parameter points: Those within -3.2 ... 3.2 are seen.
  static func draw(_ points: [[Double]]) -> [Float] {
    var pixels = [Float](repeating: 0, count: width * width)
    for point in points where point.allSatisfy({ abs($0) < 3.2 }) {
      let (column, row) = (Int((point[0] + 3.2) / 6.4 * Double(width)), Int((3.2 - point[1]) / 6.4 * Double(width)))
      pixels[row * width + column] = min(1, pixels[row * width + column] + 0.4)
    }
    return pixels
  }
}
