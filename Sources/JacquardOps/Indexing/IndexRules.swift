import JacquardCore
import JacquardIR
import JacquardKernels

/// What operations that read positions from a tensor have in common.
enum IndexRules {
  static let dtypeDoc = "the indices are i32 or i64"
  static let rangeDoc =
    "an index outside 0 ..< size is an error when the graph runs; a negative one does not count from the end"

  static func isIndex(_ dtype: DType) -> Bool { dtype == .i32 || dtype == .i64 }

  /// Reads an index and checks it. - Throws: `Diagnostic` that names the place in the index tensor.
  static func checked(_ operation: String, _ indices: HostTensor, at position: Int, below size: Int) throws(Diagnostic)
    -> Int
  {
    let index = indices[linear: position].asInt
    guard index >= 0 && index < size else {
      throw Diagnostic("\(operation): index \(index) at position \(position) is not in 0..<\(size)", kind: .runtime)
    }
    return Int(index)
  }
}

extension Shape {
  /// The shape with one axis replaced by others.
  func replacing(_ axis: Int, by other: Shape) -> Shape {
    Shape(Array(dims[..<axis]) + other.dims + Array(dims[(axis + 1)...]))
  }
}
