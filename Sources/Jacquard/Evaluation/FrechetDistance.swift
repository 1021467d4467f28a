import Foundation
import JacquardCore
import JacquardIR

/// The Fréchet distance of the normal distributions that have the mean and covariance of two sets of features:
/// |m1 - m2|² + tr(S1 + S2 - 2 (S1^½ S2 S1^½)^½) (Dowson, Landau 1982; Heusel et al. 2017).
///
/// - Parameters:
///   - a: `[N, width]` of floats, one row an example.
///   - b: `[M, width]`.
/// - Throws: `Diagnostic` if they are no matrices of floats of one width, or have fewer than two rows.
public func frechetDistance(_ a: HostTensor, _ b: HostTensor, options: Session.Options = .init()) throws -> Double {
  let (first, second) = (try Moments(a, options: options), try Moments(b, options: options))
  let width = first.mean.count
  if second.mean.count != width {
    throw Diagnostic("features have \(width) and \(second.mean.count) columns")
  }
  let graph = try Graph("frechet") { g in
    let (s1, s2) = (
      g.input("s1", Double.self, [Dim(width), Dim(width)]), g.input("s2", Double.self, [Dim(width), Dim(width)])
    )
    let (values, vectors) = eigh(s1)
    let roots = sqrt(relu(values))
    let root = matmul(vectors * roots, vectors.transposed())
    let product = matmul(matmul(root, s2), root)
    // Rounding leaves it symmetric up to the last bits only.
    let (cross, _) = eigh((product + product.transposed()) * 0.5)
    g.output("traceOfRoot", sqrt(relu(cross)).sum())
  }
  let inputs = ["s1": first.covariance, "s2": second.covariance]
  let root = try Session(graph, ParameterStore(), options: options).step(inputs)["traceOfRoot"]
  let trace = { (matrix: HostTensor) in (0..<width).reduce(0) { $0 + matrix[linear: $1 * width + $1].asDouble } }
  let shift = zip(first.mean, second.mean).reduce(0) { $0 + ($1.0 - $1.1) * ($1.0 - $1.1) }
  return shift + trace(first.covariance) + trace(second.covariance) - 2 * (root?[linear: 0].asDouble ?? .nan)
}
