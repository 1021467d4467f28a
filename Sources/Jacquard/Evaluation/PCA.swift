import JacquardCore
import JacquardIR

/// Principal component analysis: the directions along which rows vary most.
///
/// Computed from the singular values of the centred rows; where there are many more rows than columns, from the
/// eigenvalues of their covariance, which cost less and are as exact as the sum of the variances allows.
public struct PCA: Sendable {
  /// The mean of each column, which is subtracted first.
  public let mean: [Double]
  /// One component a row, of length 1, its largest element positive: `f64[components, width]`.
  public let components: HostTensor
  /// The variance along each component, divided by the number of rows less 1; descending.
  public let explainedVariance: [Double]
  /// The same as a share of the whole variance.
  public let explainedVarianceRatio: [Double]
  private let options: Session.Options

  /// - Parameters:
  ///   - features: `[N, width]` of floats.
  ///   - components: How many to keep; nil for all, min(N, width).
  /// - Throws: `Diagnostic` if it is no matrix of floats, has fewer than two rows, or more components are asked for.
  public init(fitting features: HostTensor, components: Int? = nil, options: Session.Options = .init()) throws {
    try Moments.check(features)
    let (rows, width) = (features.sizes[0], features.sizes[1])
    let kept = components ?? min(rows, width)
    guard 1 <= kept, kept <= min(rows, width) else {
      throw Diagnostic("\(kept) components of \(rows) rows of \(width) features were asked for")
    }
    let found =
      rows >= 10 * width
      ? try PCA.byCovariance(features, options) : try PCA.bySingularValues(features, options)
    let variances = found.variances.map { max(0, $0) }
    let total = variances.reduce(0, +)
    mean = found.mean
    explainedVariance = Array(variances.prefix(kept))
    explainedVarianceRatio = explainedVariance.map { $0 / total }
    self.components = try HostTensor(PCA.signed(found.rows, width).prefix(kept * width).map { $0 }, [kept, width])
    self.options = options
  }

  private typealias Found = (mean: [Double], variances: [Double], rows: [Double])

  private static func byCovariance(_ features: HostTensor, _ options: Session.Options) throws -> Found {
    let moments = try Moments(features, options: options)
    let width = moments.mean.count
    let graph = try Graph("pca.covariance") { g in
      let (values, vectors) = eigh(g.input("covariance", Double.self, [Dim(width), Dim(width)]))
      g.output("values", values.reversed([0]))
      g.output("rows", vectors.transposed().reversed([0]))
    }
    let result = try Session(graph, ParameterStore(), options: options).step(["covariance": moments.covariance])
    return (moments.mean, result["values"]?.doubles() ?? [], result["rows"]?.doubles() ?? [])
  }

  private static func bySingularValues(_ features: HostTensor, _ options: Session.Options) throws -> Found {
    let (rows, width) = (features.sizes[0], features.sizes[1])
    let graph = try Graph("pca.svd") { g in
      let x = g.input("x", Double.self, [Dim(rows), Dim(width)])
      let mean = x.mean(0)
      let (_, s, vt) = svd(x - mean)
      g.output("mean", mean)
      g.output("values", s * s / Double(rows - 1))
      g.output("rows", vt)
    }
    let x = try HostTensor(features.doubles(), features.sizes)
    let result = try Session(graph, ParameterStore(), options: options).step(["x": x])
    return (
      result["mean"]?.doubles() ?? [], result["values"]?.doubles() ?? [], result["rows"]?.doubles() ?? []
    )
  }

  /// A component and its negative are equally good: of each row the element of largest magnitude becomes positive.
  private static func signed(_ rows: [Double], _ width: Int) -> [Double] {
    var rows = rows
    for start in stride(from: 0, to: rows.count, by: width) {
      let row = rows[start..<start + width]
      let largest = row.max { abs($0) < abs($1) } ?? 0
      if largest < 0 { for index in row.indices { rows[index].negate() } }
    }
    return rows
  }

  /// The number of components that hold a share of the variance, at least 1; nil if those that were kept do not.
  public func componentCount(holding share: Double) -> Int? {
    var sum = 0.0
    for (index, ratio) in explainedVarianceRatio.enumerated() {
      sum += ratio
      if sum >= share { return index + 1 }
    }
    return nil
  }

  /// Rows in the coordinates of the components: `f64[N, components]`.
  ///
  /// - Throws: `Diagnostic` if they are no floats of the width that was fitted.
  public func transform(_ features: HostTensor) throws -> HostTensor {
    try map(features, inverse: false)
  }

  /// Rows from their coordinates: the nearest points to the original ones: `f64[N, width]`.
  ///
  /// - Throws: `Diagnostic` if they are no floats, one a component.
  public func inverseTransform(_ coordinates: HostTensor) throws -> HostTensor {
    try map(coordinates, inverse: true)
  }

  private func map(_ x: HostTensor, inverse: Bool) throws -> HostTensor {
    let (kept, width) = (components.sizes[0], components.sizes[1])
    let taken = inverse ? kept : width
    guard x.sizes.count == 2, x.dtype.isFloat, x.sizes[1] == taken else {
      throw Diagnostic("rows are \(x.type); the components want \(taken) floats each")
    }
    let graph = try Graph("pca.transform") { g in
      let x = g.input("x", Double.self, ["N", Dim(taken)])
      let mean = g.input("mean", Double.self, [Dim(width)])
      let rows = g.input("components", Double.self, [Dim(kept), Dim(width)])
      g.output("y", inverse ? matmul(x, rows) + mean : matmul(x - mean, rows.transposed()))
    }
    let session = try Session(graph, ParameterStore(), options: options)
    let fixed = ["mean": try HostTensor(mean, [width]), "components": components]
    var values: [Double] = []
    for block in Moments.blocks(x.sizes[0]) {
      let part = try HostTensor(x.rows(block).doubles(), [block.count, taken])
      values += try session.step(fixed.merging(["x": part]) { $1 })["y"]?.doubles() ?? []
    }
    return try HostTensor(values, [x.sizes[0], inverse ? width : kept])
  }
}
