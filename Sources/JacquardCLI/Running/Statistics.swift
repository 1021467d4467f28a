import JacquardFiles

/// Figures of repeated measurements.
enum Statistics {
  /// 0 if there are none.
  static func median(_ values: [Double]) -> Double {
    let sorted = values.sorted()
    if sorted.isEmpty { return 0 }
    let middle = sorted.count / 2
    return sorted.count % 2 == 1 ? sorted[middle] : (sorted[middle - 1] + sorted[middle]) / 2
  }

  /// To four digits after the point: of milliseconds, a tenth of a microsecond.
  static func json(_ value: Double) -> JSONValue { JSONValue((value * 1e4).rounded() / 1e4) }
}
