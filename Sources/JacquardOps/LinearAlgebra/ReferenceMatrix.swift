import JacquardCore
import JacquardIR
import JacquardKernels

/// A matrix of the reference: double precision, obvious and slow.
struct ReferenceMatrix {
  let rows: Int
  let columns: Int
  private var elements: [Double]

  init(_ rows: Int, _ columns: Int, fill: Double = 0) {
    (self.rows, self.columns) = (rows, columns)
    elements = [Double](repeating: fill, count: rows * columns)
  }

  init(identity size: Int) {
    self.init(size, size)
    for i in 0..<size { self[i, i] = 1 }
  }

  subscript(i: Int, j: Int) -> Double {
    get { elements[i * columns + j] }
    set { elements[i * columns + j] = newValue }
  }

  var isFinite: Bool { elements.allSatisfy(\.isFinite) }
  var values: [Double] { elements }

  var transposed: ReferenceMatrix {
    var result = ReferenceMatrix(columns, rows)
    for i in 0..<rows { for j in 0..<columns { result[j, i] = self[i, j] } }
    return result
  }

  var symmetricPart: ReferenceMatrix {
    var result = self
    for i in 0..<rows { for j in 0..<columns { result[i, j] = i == j ? self[i, j] : 0.5 * (self[i, j] + self[j, i]) } }
    return result
  }

  func column(_ j: Int) -> [Double] { (0..<rows).map { self[$0, j] } }

  mutating func setColumn(_ j: Int, _ values: [Double]) {
    for i in 0..<rows { self[i, j] = values[i] }
  }

  /// These columns, in this order.
  func picking(_ order: [Int]) -> ReferenceMatrix {
    var result = ReferenceMatrix(rows, order.count)
    for (j, from) in order.enumerated() { result.setColumn(j, column(from)) }
    return result
  }

  /// The matrices of the last two axes of a tensor.
  static func all(_ x: HostTensor) -> [ReferenceMatrix] {
    let (rows, columns) = (x.sizes[x.sizes.count - 2], x.sizes[x.sizes.count - 1])
    let size = rows * columns
    return (0..<(size == 0 ? 0 : x.count / size)).map { number in
      var result = ReferenceMatrix(rows, columns)
      for k in 0..<size { result.elements[k] = x[linear: number * size + k].asDouble }
      return result
    }
  }

  static func dot(_ a: [Double], _ b: [Double]) -> Double { zip(a, b).reduce(0) { $0 + $1.0 * $1.1 } }

  /// -1 if the first of the elements of the largest magnitude is negative, else 1: the sign that makes it positive.
  static func leadingSign(_ x: [Double]) -> Double {
    var best = 0
    for i in x.indices where x[i].magnitude > x[best].magnitude { best = i }
    return x[best] < 0 ? -1 : 1
  }
}

extension Operation {
  /// Results from what a function makes of each matrix: elements of each result, one list a result.
  /// - Throws: `Diagnostic` that names the first matrix without a result, for which the function gives nil.
  func eachMatrix(
    _ context: ReferenceContext, _ failure: LibraryCall.Failure? = nil, _ function: ([ReferenceMatrix]) -> [[Double]]?
  ) throws -> [HostTensor] {
    let operands = context.inputs.map { ReferenceMatrix.all($0) }
    var results = context.outputs.map { _ in [Double]() }
    for number in 0..<(operands.map(\.count).min() ?? 0) {
      guard let values = function(operands.map { $0[number] }) else {
        throw Diagnostic("\(Self.name): \(failure?.message(number) ?? "no result")", kind: .runtime)
      }
      for k in results.indices { results[k] += values[k] }
    }
    return try zip(context.outputs, results).map { type, values in
      try HostTensor(type.dtype, type.shape.sizes ?? [], values.map { Scalar.float($0) })
    }
  }
}
