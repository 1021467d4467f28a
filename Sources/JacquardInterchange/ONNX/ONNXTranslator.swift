import JacquardIR

/// How one operator becomes nodes of a graph.
struct ONNXTranslator: Sendable {
  typealias Rule = @Sendable (ONNXNode) throws -> [ValueID?]

  /// With the domain before it, if that is not the standard one.
  let name: String
  /// The oldest operator set whose meaning the rule has. What newer sets changed, it asks the node's `opset`.
  let since: Int
  let translate: Rule

  init(_ name: String, since: Int, _ translate: @escaping Rule) {
    self.name = name
    self.since = since
    self.translate = translate
  }

  /// One with a single result.
  static func single(
    _ name: String, since: Int, _ rule: @escaping @Sendable (ONNXNode) throws -> ValueID
  ) -> ONNXTranslator {
    ONNXTranslator(name, since: since) { [try rule($0)] }
  }
}

/// The operators that are translated.
enum ONNXTranslators {
  private static let groups: [[ONNXTranslator]] = [
    ONNXElementwise.all, ONNXActivations.all, ONNXReductions.all, ONNXScans.all, ONNXShapes.all, ONNXSources.all,
    ONNXIndexing.all, ONNXScatter.all, ONNXPadding.all, ONNXProducts.all, ONNXDeterminant.all, ONNXConvolutions.all,
    ONNXPooling.all, ONNXUnpooling.all, ONNXNormalization.all, ONNXLosses.all, ONNXQuantization.all,
    ONNXQuantizedProducts.all, ONNXAttention.all, ONNXLinearAttention.all, ONNXFlexAttention.all,
    ONNXRotaryEmbedding.all, ONNXRecurrent.all, ONNXResize.all, ONNXGridSample.all, ONNXAffineGrid.all,
    ONNXSignal.all, ONNXFourier.all, ONNXControl.all, ONNXTraining.all, ONNXSelections.all, ONNXRoiAlign.all,
  ]

  static let all = groups.flatMap { $0 }

  static let table = Dictionary(all.map { ($0.name, $0) }) { $1 }
}
