/// What the elements of a tensor are like. Truth values count as 0 and 1.
public struct TensorStatistics: Hashable, Sendable {
  /// Number of elements.
  public let count: Int
  /// Elements that are not a number.
  public let nanCount: Int
  /// Elements that are infinite, of either sign.
  public let infinityCount: Int
  /// The lowest finite element; NaN if there is none.
  public let minimum: Double
  /// The highest finite element; NaN if there is none.
  public let maximum: Double
  /// The mean of the finite elements; NaN if there is none.
  public let mean: Double
  /// The standard deviation of the finite elements themselves, no estimate for others; NaN if there is none.
  public let standardDeviation: Double

  /// Elements that are neither NaN nor infinite.
  public var finiteCount: Int { count - nanCount - infinityCount }

  /// Reads every element twice: a sum of squares would cancel where the mean is far from 0.
  public init(_ tensor: HostTensor) {
    var (nans, infinities) = (0, 0)
    var (low, high, sum) = (Double.infinity, -Double.infinity, 0.0)
    tensor.forEachDouble { value in
      if value.isFinite {
        (low, high, sum) = (Swift.min(low, value), Swift.max(high, value), sum + value)
      } else if value.isNaN {
        nans += 1
      } else {
        infinities += 1
      }
    }
    count = tensor.count
    (nanCount, infinityCount) = (nans, infinities)
    let finite = tensor.count - nans - infinities
    if finite == 0 {
      (minimum, maximum, mean, standardDeviation) = (.nan, .nan, .nan, .nan)
      return
    }
    let mean = sum / Double(finite)
    var squares = 0.0
    tensor.forEachDouble { if $0.isFinite { squares += ($0 - mean) * ($0 - mean) } }
    (minimum, maximum, self.mean) = (low, high, mean)
    standardDeviation = (squares / Double(finite)).squareRoot()
  }
}

extension HostTensor {
  /// Range, mean, spread, and how many elements are not finite.
  public var statistics: TensorStatistics { TensorStatistics(self) }

  /// Position of the first element that is not a number, in row-major order; nil if there is none.
  public var firstNaN: Int? { withUnsafeBytes { dtype.firstNaN($0.baseAddress, count) } }

  /// The elements in order.
  fileprivate func forEachDouble(_ body: (Double) -> Void) {
    withUnsafeBytes { bytes in
      guard let memory = bytes.baseAddress else { return }
      if dtype == .f32 {
        for index in 0..<count { body(Double(memory.load(fromByteOffset: 4 * index, as: Float.self))) }
      } else {
        for index in 0..<count { body(dtype.load(memory, index).asDouble) }
      }
    }
  }
}

extension DType {
  /// Position of the first element that is not a number among those of an array in memory; nil if there is none.
  package func firstNaN(_ memory: UnsafeRawPointer?, _ count: Int) -> Int? {
    guard let memory else { return nil }
    switch self {
    case .f32: return (0..<count).first { memory.load(fromByteOffset: 4 * $0, as: Float.self).isNaN }
    case .f64: return (0..<count).first { memory.load(fromByteOffset: 8 * $0, as: Double.self).isNaN }
    default: return isFloat ? (0..<count).first { load(memory, $0).asDouble.isNaN } : nil
    }
  }
}

extension Shape {
  /// The indices of an element, by its position in row-major order: `[1,0,3]`.
  package static func indices(_ position: Int, _ sizes: [Int]) -> [Int] {
    var rest = position
    var indices: [Int] = []
    for size in sizes.reversed() {
      indices.append(rest % max(size, 1))
      rest /= max(size, 1)
    }
    return indices.reversed()
  }
}
