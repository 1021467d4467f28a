import JacquardCore

/// Tuples of positions along the last axis of the indices.
extension IndexRules {
  static let tupleDoc = "the indices' last axis has a known size, from 1 to the rank of what is indexed"

  /// The shape of what the tuples name; nil if they do not fit.
  static func shapeOfTuples(_ indices: Shape, in data: Shape) -> Shape? {
    guard let count = indices.dims.last?.value, count >= 1, count <= data.rank else { return nil }
    return Shape(Array(indices.dims.dropLast()) + Array(data.dims[count...]))
  }

  /// Row-major positions of the elements that the tuples name, in order. - Throws: `Diagnostic` for an index out of range.
  static func positions(_ operation: String, _ indices: HostTensor, in sizes: [Int]) throws -> [Int] {
    let count = indices.sizes[indices.sizes.count - 1]
    let slice = sizes[count...].reduce(1, &*)
    if slice == 0 { return [] }
    var result: [Int] = []
    for tuple in 0..<indices.count / count {
      var start = 0
      for k in 0..<count {
        start = start &* sizes[k] &+ (try checked(operation, indices, at: tuple * count + k, below: sizes[k]))
      }
      result.append(contentsOf: (start * slice)..<(start * slice + slice))
    }
    return result
  }
}
