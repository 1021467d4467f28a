import JacquardCore

/// A tensor in one line.
struct TensorSummary {
  let tensor: HostTensor

  private static let mostShown = 8

  var text: String {
    if tensor.count == 0 { return "\(tensor.type)  empty" }
    if tensor.count <= TensorSummary.mostShown {
      let values = (0..<tensor.count).map { text(tensor[linear: $0]) }
      return "\(tensor.type)  \(values.joined(separator: " "))"
    }
    if tensor.dtype == .bool {
      let count = (0..<tensor.count).count { tensor[linear: $0].asBool }
      return "\(tensor.type)  true \(count)  false \(tensor.count - count)"
    }
    return "\(tensor.type)  \(statistics)"
  }

  private func text(_ scalar: Scalar) -> String {
    switch scalar {
    case .float(let value): tensor.dtype == .f32 ? "\(Float(value))" : "\(value)"
    case .int(let value): "\(value)"
    case .unsigned(let value): "\(value)"
    case .bool(let value): "\(value)"
    }
  }

  /// Lowest, highest and mean of the numbers that are finite, and how many are not.
  private var statistics: String {
    let figures = tensor.statistics
    if figures.finiteCount == 0 { return "no finite value" }
    let others = figures.count - figures.finiteCount
    let bad = others > 0 ? "  not finite \(others)" : ""
    let range = "min \(NumberText.short(figures.minimum))  max \(NumberText.short(figures.maximum))"
    return "\(range)  mean \(NumberText.short(figures.mean))\(bad)"
  }
}
