import JacquardCore

/// How far rounding moves the elements of a value: what becomes of it where its operands change in their last places.
///
/// Where a sum cancels, or an optimiser divides by the root of almost nothing, the last places of operands are all that an element
/// says. Nobody can be blamed for such an element.
struct RoundingNoise {
  /// For each element the most that it moved.
  private let distances: [Double]

  /// Times that operands are changed.
  static let trials = 3
  /// How many times as far another way of rounding may move an element.
  private static let factor = 16.0

  /// - Parameters:
  ///   - reference: the value.
  ///   - others: what it was with changed operands, of the same type.
  init(_ reference: HostTensor, _ others: [HostTensor]) {
    distances = (0..<reference.count).map { position in
      let r = reference[linear: position].asDouble
      return others.reduce(0) { most, other in
        let moved = abs(other[linear: position].asDouble - r)
        return moved.isNaN ? (r.isNaN ? most : .infinity) : max(most, moved)
      }
    }
  }

  func slack(_ position: Int) -> Double { RoundingNoise.factor * distances[position] }

  /// The elements for which something holds of how far they may move, and their positions.
  func count(_ holds: (_ slack: Double, _ position: Int) -> Bool) -> Int {
    distances.indices.count { holds(slack($0), $0) }
  }

  /// Floats with changed last places; anything else as it is.
  static func changing(_ tensor: HostTensor, trial: Int) -> HostTensor {
    guard tensor.dtype.isFloat else { return tensor }
    var (result, state) = (tensor, UInt64(trial + 1) &* 0x9E37_79B9_7F4A_7C15)
    let step = lastPlaces(tensor.dtype)
    for position in 0..<tensor.count {
      state = state &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
      let value = tensor[linear: position].asDouble
      result[linear: position] = Scalar.float(state >> 63 == 0 ? value * (1 + step) : value * (1 - step))
    }
    return result
  }

  private static func lastPlaces(_ dtype: DType) -> Double {
    switch dtype {
    case .f64: 0x1p-51
    case .f16: 0x1p-9
    case .bf16: 0x1p-6
    default: 0x1p-22
    }
  }
}
