import Foundation
import JacquardCore

/// Which elements of an axis make one element of the resized axis, and with which weights.
struct ONNXSampler {
  let mode: String
  let coordinates: String
  let nearest: String
  let isAntialiased: Bool
  let excludesOutside: Bool
  let cubic: Double
  let extrapolation: Double

  struct Row {
    var places: [Int]
    var weights: [Double]
    var isOutside = false
  }

  /// A narrower window than this is not meant.
  private static let widest = 1 << 12

  init(nearest: String, coordinates: String) {
    (mode, self.nearest, self.coordinates) = ("nearest", nearest, coordinates)
    (isAntialiased, excludesOutside, cubic, extrapolation) = (false, false, -0.75, 0)
  }

  init(_ node: ONNXNode) throws {
    mode = try node.string("mode", "nearest")
    coordinates = try node.string("coordinate_transformation_mode", "half_pixel")
    nearest = try node.string("nearest_mode", "round_prefer_floor")
    isAntialiased = try node.flag("antialias") && mode != "nearest"
    excludesOutside = try node.flag("exclude_outside")
    cubic = try node.float("cubic_coeff_a", -0.75)
    extrapolation = try node.float("extrapolation_value", 0)
    guard ["nearest", "linear", "cubic"].contains(mode) else {
      throw Diagnostic("attribute 'mode' is '\(mode.prefix(40))'")
    }
  }

  // MARK: Coordinates

  /// Where an element of the result lies on the input's axis.
  private func source(
    _ y: Double, _ input: Double, _ output: Double, _ scale: Double, _ roi: (start: Double, end: Double)
  ) throws -> Double {
    let length = scale * input
    switch coordinates {
    case "half_pixel": return (y + 0.5) / scale - 0.5
    case "half_pixel_symmetric": return input / 2 * (1 - output / length) + (y + 0.5) / scale - 0.5
    case "pytorch_half_pixel": return length == 1 ? -0.5 : (y + 0.5) / scale - 0.5
    case "asymmetric": return y / scale
    case "align_corners": return length == 1 ? 0 : y * (input - 1) / (length - 1)
    case "tf_crop_and_resize":
      let span = (roi.end - roi.start) * (input - 1)
      return (length == 1 ? span / 2 : y * span / (length - 1)) + roi.start * (input - 1)
    default: throw Diagnostic("attribute 'coordinate_transformation_mode' is '\(coordinates.prefix(40))'")
    }
  }

  func row(
    _ index: Int, input: Int, output: Int, scale: Double, roi: (start: Double, end: Double)
  ) throws -> Row {
    let place = try source(Double(index), Double(input), Double(output), scale, roi)
    guard place.isFinite, place.magnitude < 0x1p31 else { throw Diagnostic("the scale \(scale) is impossible") }
    let floor = place.rounded(.down)
    // A whole number counts as the end of the interval before it.
    let ratio = place == floor ? 1 : place - floor
    var weights = try weights(ratio, scale)
    let count = weights.count
    let first: Int
    if count % 2 == 0 {
      first = Int(floor) - count / 2 + (place == floor ? 0 : 1)
    } else {
      first = Int(floor) - (count - 1) / 2 + (place - floor <= 0.5 ? 0 : 1)
    }
    let places = (0..<count).map { first + $0 }
    if excludesOutside {
      for (index, place) in places.enumerated() where place < 0 || place >= input { weights[index] = 0 }
      let sum = weights.reduce(0, +)
      if sum != 0 { weights = weights.map { $0 / sum } }
    }
    let isOutside = coordinates == "tf_crop_and_resize" && (place < 0 || place > Double(input - 1))
    return Row(places: places.map { max(0, min($0, input - 1)) }, weights: weights, isOutside: isOutside)
  }

  // MARK: Weights

  private func weights(_ ratio: Double, _ scale: Double) throws -> [Double] {
    switch (mode, isAntialiased) {
    case ("nearest", _): return try nearestWeights(ratio)
    case ("linear", false): return [1 - ratio, ratio]
    case ("linear", true):
      let narrow = min(scale, 1)
      let start = try windowStart(1 / narrow)
      return normalized((start..<2 - start).map { max(0, 1 - abs((Double($0) - ratio) * narrow)) })
    case (_, false): return (-1...2).map { curve(Double($0) - ratio) }
    default:
      let narrow = min(scale, 1)
      let start = try windowStart(2 / narrow)
      return normalized((start..<2 - start).map { curve(narrow * (Double($0) - ratio)) })
    }
  }

  private func windowStart(_ reach: Double) throws -> Int {
    guard reach <= Double(ONNXSampler.widest) else { throw Diagnostic("a scale is too small") }
    return Int((-reach).rounded(.down)) + 1
  }

  private func normalized(_ weights: [Double]) -> [Double] {
    let sum = weights.reduce(0, +)
    return weights.map { $0 / sum }
  }

  private func nearestWeights(_ ratio: Double) throws -> [Double] {
    let isSecond: Bool
    switch nearest {
    case "round_prefer_floor": isSecond = ratio > 0.5
    case "round_prefer_ceil": isSecond = ratio >= 0.5
    case "floor": isSecond = ratio == 1
    case "ceil": isSecond = true
    default: throw Diagnostic("attribute 'nearest_mode' is '\(nearest.prefix(40))'")
    }
    return isSecond ? [0, 1] : [1, 0]
  }

  /// Keys' cubic convolution kernel (https://doi.org/10.1109/TASSP.1981.1163711).
  private func curve(_ distance: Double) -> Double {
    let x = abs(distance)
    if x <= 1 { return ((cubic + 2) * x - (cubic + 3)) * x * x + 1 }
    if x < 2 { return ((cubic * x - 5 * cubic) * x + 8 * cubic) * x - 4 * cubic }
    return 0
  }
}
