import JacquardCore
import JacquardIR

/// The rows of a set that lie nearest to others, by Euclidean distance. Takes time in proportion to queries times rows.
public final class NearestNeighbors {
  /// The neighbours of one query, the nearest first; of equally near ones the first row comes first.
  public struct Found: Sendable, Hashable {
    /// Positions in the reference set.
    public let rows: [Int]
    /// Euclidean, one a row.
    public let distances: [Double]
  }

  private let reference: HostTensor
  private let squares: HostTensor
  private let session: Session

  /// Queries that are compared at once.
  private static let block = 64

  /// - Parameter reference: `[N, width]` of floats.
  /// - Throws: `Diagnostic` if it is no matrix of floats, or has no rows.
  public init(_ reference: HostTensor, options: Session.Options = .init()) throws {
    let (values, width) = try reference.matrix(called: "reference features")
    let count = reference.sizes[0]
    if count == 0 || width == 0 { throw Diagnostic("there are no reference features") }
    self.reference = try HostTensor(values, [count, width])
    squares = try HostTensor(NearestNeighbors.squares(values, width), [count])
    let graph = try Graph("distances") { g in
      let x = g.input("x", Double.self, ["N", Dim(width)])
      let rows = g.parameter("rows", Double.self, [Dim(count), Dim(width)])
      let norms = g.parameter("squares", Double.self, [Dim(count)])
      g.output("d", norms - matmul(x, rows.transposed()) * 2)
    }
    let store = ParameterStore()
    try store.set("rows", self.reference)
    try store.set("squares", squares)
    session = try Session(graph, store, options: options)
  }

  private static func squares(_ values: [Double], _ width: Int) -> [Double] {
    stride(from: 0, to: values.count, by: width).map { start in
      values[start..<start + width].reduce(0) { $0 + $1 * $1 }
    }
  }

  /// - Parameters:
  ///   - queries: `[M, width]` of floats.
  ///   - k: Neighbours of each.
  /// - Throws: `Diagnostic` if the queries have another width, or there are fewer than k rows.
  public func find(_ queries: HostTensor, k: Int) throws -> [Found] {
    let (values, width) = try queries.matrix(called: "queries")
    guard width == reference.sizes[1] else {
      throw Diagnostic("queries have \(width) columns, the reference \(reference.sizes[1])")
    }
    guard 1 <= k, k <= reference.sizes[0] else { throw Diagnostic("there are no \(k) reference rows") }
    let norms = NearestNeighbors.squares(values, width)
    var result: [Found] = []
    for start in stride(from: 0, to: queries.sizes[0], by: NearestNeighbors.block) {
      let end = min(queries.sizes[0], start + NearestNeighbors.block)
      let part = try HostTensor(Array(values[start * width..<end * width]), [end - start, width])
      guard let distances = try session.step(["x": part])["d"] else { continue }
      distances.withUnsafeBytes { bytes in
        let all = bytes.bindMemory(to: Double.self)
        for query in start..<end {
          let row = UnsafeBufferPointer(
            rebasing: all[(query - start) * squares.count..<(query - start + 1) * squares.count])
          result.append(NearestNeighbors.smallest(row, k, norms[query]))
        }
      }
    }
    return result
  }

  /// The k smallest of a row, to each of which the query's own square is added.
  private static func smallest(_ row: UnsafeBufferPointer<Double>, _ k: Int, _ square: Double) -> Found {
    var (rows, values): ([Int], [Double]) = ([], [])
    for index in 0..<row.count where values.count < k || row[index] < values[values.count - 1] {
      var place = values.count
      while place > 0 && row[index] < values[place - 1] { place -= 1 }
      values.insert(row[index], at: place)
      rows.insert(index, at: place)
      if values.count > k {
        values.removeLast()
        rows.removeLast()
      }
    }
    return Found(rows: rows, distances: values.map { max(0, $0 + square).squareRoot() })
  }

  /// How far each query is from the nearest row.
  ///
  /// - Throws: As ``find(_:k:)``.
  public func distances(to queries: HostTensor) throws -> [Double] {
    try find(queries, k: 1).map { $0.distances[0] }
  }

  /// The share of queries whose label most of their k neighbours have; of equally frequent labels the smallest counts.
  ///
  /// - Parameters:
  ///   - labels: One for each reference row.
  ///   - queryLabels: One for each query.
  /// - Throws: `Diagnostic` if the numbers do not fit, or as ``find(_:k:)``.
  public func accuracy(labels: [Int], queries: HostTensor, queryLabels: [Int], k: Int) throws -> Proportion {
    guard labels.count == reference.sizes[0], queryLabels.count == queries.sizes.first else {
      throw Diagnostic("there are \(labels.count) and \(queryLabels.count) labels, not one for each row")
    }
    let predicted = try find(queries, k: k).map { found in
      let votes = Dictionary(grouping: found.rows.map { labels[$0] }) { $0 }.mapValues(\.count)
      return votes.max { ($0.value, -$0.key) < ($1.value, -$1.key) }?.key ?? 0
    }
    return Proportion(correct: predicted, queryLabels)
  }
}
