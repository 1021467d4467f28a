import JacquardCore
import JacquardKernels

extension KernelProgram {
  /// Gives products the provider and tiles that a table has for their forms.
  ///
  /// - Throws: `Diagnostic` naming the first kernel whose product cannot be made so.
  mutating func cutProducts(_ tilings: [Contraction: Tiling]) throws {
    if tilings.isEmpty { return }
    for (index, kernel) in kernels.enumerated() {
      guard case .contraction(var product) = kernel.kind, let tiling = tilings[product.form] else { continue }
      product.tiling = tiling
      // What is found from whole rows later wants whole vectors.
      let isJoinable = product.fillsVectors || product.hasFewRows
      if let complaint = product.tilingComplaint ?? (isJoinable ? nil : "tiles do not fill vectors") {
        throw Diagnostic("options.tilings: \(complaint)", place: "kernel \(index) '\(kernel.name)'")
      }
      kernels[index].kind = .contraction(product)
    }
  }
}
