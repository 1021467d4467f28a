import JacquardIR

/// How one operator becomes nodes of a graph.
struct ONNXTranslator: Sendable {
  typealias Rule = @Sendable (ONNXNode) throws -> [ValueID?]

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

/// The operators of the standard domain that are translated.
enum ONNXTranslators {
  static let all: [ONNXTranslator] =
    ONNXElementwise.all + ONNXActivations.all + ONNXReductions.all + ONNXShapes.all + ONNXSources.all
    + ONNXIndexing.all + ONNXPadding.all + ONNXProducts.all + ONNXConvolutions.all + ONNXPooling.all
    + ONNXNormalization.all + ONNXLosses.all + ONNXQuantization.all + ONNXAttention.all + ONNXRotaryEmbedding.all
    + ONNXResize.all + ONNXSignal.all + ONNXGridSample.all + ONNXQuantizedProducts.all

  static let table = Dictionary(all.map { ($0.name, $0) }) { $1 }
}
