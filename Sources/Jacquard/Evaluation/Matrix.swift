import JacquardCore

extension HostTensor {
  /// The rows of a matrix of floats, as `Double`.
  ///
  /// - Throws: `Diagnostic` if it is no matrix of floats.
  func rows(called name: String) throws(Diagnostic) -> [[Double]] {
    let (values, width) = try matrix(called: name)
    return (0..<sizes[0]).map { Array(values[$0 * width..<($0 + 1) * width]) }
  }

  /// The elements of a matrix of floats, row by row, and the length of a row.
  ///
  /// - Throws: `Diagnostic` if it is no matrix of floats.
  func matrix(called name: String) throws(Diagnostic) -> (values: [Double], width: Int) {
    guard sizes.count == 2, dtype.isFloat else { throw Diagnostic("\(name) are \(type), not a matrix of floats") }
    return (doubles(), sizes[1])
  }

  /// The elements as f64.
  func doubles() -> [Double] {
    switch dtype {
    case .f32: elements(Float.self).map(Double.init)
    case .f64: elements(Double.self)
    default: (0..<count).map { self[linear: $0].asDouble }
    }
  }
}

/// - Throws: `Diagnostic` if there are more or fewer labels than rows, or one is no class.
func checkLabels(_ labels: [Int], rows: Int, classes: Int) throws(Diagnostic) {
  if labels.count != rows { throw Diagnostic("there are \(rows) rows of logits, but \(labels.count) labels") }
  if let wrong = labels.first(where: { !(0..<classes).contains($0) }) {
    throw Diagnostic("label \(wrong) is not one of \(classes) classes")
  }
}
