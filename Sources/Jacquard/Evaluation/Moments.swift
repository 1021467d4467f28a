import JacquardCore
import JacquardIR

/// Mean and covariance of rows, in f64.
struct Moments {
  let count: Int
  let mean: [Double]
  /// Divided by count - 1: `f64[width, width]`.
  let covariance: HostTensor

  /// Rows that are converted at once.
  private static let block = 4096

  /// - Throws: `Diagnostic` if it is no matrix of floats, or has fewer than two rows.
  init(_ features: HostTensor, options: Session.Options) throws {
    try Moments.check(features)
    let (rows, width) = (features.sizes[0], features.sizes[1])
    count = rows
    var sums = [Double](repeating: 0, count: width)
    for block in Moments.blocks(rows) {
      let values = try features.rows(block).doubles()
      for index in values.indices { sums[index % width] += values[index] }
    }
    let mean = sums.map { $0 / Double(rows) }
    self.mean = mean
    let graph = try Graph("covariance") { g in
      let x = g.input("x", Double.self, ["N", Dim(width)])
      let centred = x - g.input("mean", Double.self, [Dim(width)])
      let sum = g.state("sum", Double.self, [Dim(width), Dim(width)])
      g.update(sum, to: sum + matmul(centred.transposed(), centred))
    }
    let store = ParameterStore()
    let session = try Session(graph, store, options: options)
    for block in Moments.blocks(rows) {
      let values = try HostTensor(features.rows(block).doubles(), [block.count, width])
      _ = try session.step(["x": values, "mean": HostTensor(mean, [width])])
    }
    let scatter = store["sum"]?.doubles() ?? []
    covariance = try HostTensor(scatter.map { $0 / Double(rows - 1) }, [width, width])
  }

  /// - Throws: `Diagnostic` if it is no matrix of floats, or has fewer than two rows.
  static func check(_ features: HostTensor) throws(Diagnostic) {
    guard features.sizes.count == 2, features.dtype.isFloat, features.sizes[0] >= 2, features.sizes[1] >= 1 else {
      throw Diagnostic("features are \(features.type), not at least two rows of floats")
    }
  }

  /// Ranges of rows that are converted at once.
  static func blocks(_ rows: Int) -> [Range<Int>] {
    stride(from: 0, to: rows, by: block).map { $0..<min(rows, $0 + block) }
  }
}
