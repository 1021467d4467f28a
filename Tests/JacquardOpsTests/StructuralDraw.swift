import JacquardCore
import JacquardIR

/// Draws the inputs of samples, always the same for one seed.
enum StructuralDraw {
  static func inputs(_ sample: OperationSample, floats: DType? = nil) throws -> [HostTensor] {
    try sample.inputs.enumerated().map { try tensor($0.element, seed: $0.offset, floats: floats) }
  }

  /// - Parameter floats: the type that floating inputs are drawn in instead of their own.
  static func tensor(_ input: OperationSample.Input, seed: Int, floats: DType? = nil) throws -> HostTensor {
    let type = input.type
    let dtype = type.dtype.isFloat ? floats ?? type.dtype : type.dtype
    let random = Philox(seed: seed + 1)
    var result = try HostTensor(zeros: dtype, type.shape.sizes ?? [])
    for index in 0..<result.count {
      let u = random.uniform(index)
      switch input {
      case .uniform(_, let low, let high): result[linear: index] = .float(low + u * (high - low))
      case .signed(_, let low, let high):
        let magnitude = low + u * (high - low)
        result[linear: index] = .float(random.word(index + 100_000) % 2 == 0 ? magnitude : -magnitude)
      case .integers(_, let low, let high): result[linear: index] = .int(Int64(low) + Int64(u * Double(high - low)))
      case .distinct: result[linear: index] = .float(Double(order(result.count, random)[index]) * 0.0625 - 1)
      case .values(let tensor): result[linear: index] = tensor[linear: index]
      }
    }
    return result
  }

  private static func order(_ count: Int, _ random: Philox) -> [Int] {
    let ranked = (0..<count).sorted { random.word($0) < random.word($1) }
    var places = ranked
    for (rank, index) in ranked.enumerated() { places[index] = rank }
    return places
  }
}
