import JacquardIR

/// How one operation becomes nodes of an ONNX graph.
struct ONNXWriter: Sendable {
  /// The names of the results, or nil if ONNX has no operators for this use.
  typealias Rule = @Sendable (ONNXUse) throws -> [String]?

  /// The name of the operation.
  let operation: String
  let write: Rule

  init<O: Operation>(_ type: O.Type, _ rule: @escaping @Sendable (O, ONNXUse) throws -> [String]?) {
    operation = O.name
    write = { use in
      guard let operation = use.operation as? O else { return nil }
      return try rule(operation, use)
    }
  }

  /// An operation that one operator without attributes computes.
  static func same<O: Operation>(_ type: O.Type, _ name: String) -> ONNXWriter {
    ONNXWriter(type) { _, use in use.emit(name, use.inputs) }
  }

  /// An operation that is written as other operations.
  static func rewritten<O: Operation>(
    _ type: O.Type, _ body: @escaping @Sendable (O, GraphBuilder, [ValueID]) throws -> [ValueID]?
  ) -> ONNXWriter {
    ONNXWriter(type) { operation, use in try use.rewritten { try body(operation, $0, $1) } }
  }
}

/// The operations that are written. A composite that is not among them is written as what it is composed of.
enum ONNXWriters {
  private static let groups: [[ONNXWriter]] = [
    ONNXElementwiseWriters.all, ONNXMathsWriters.all, ONNXActivationWriters.all, ONNXReductionWriters.all,
    ONNXShapeWriters.all, ONNXPaddingWriters.all, ONNXIndexingWriters.all, ONNXProductWriters.all,
    ONNXConvolutionWriters.all, ONNXNormalizationWriters.all, ONNXQuantizationWriters.all, ONNXSourceWriters.all,
    ONNXControlWriters.all,
  ]

  static let table = Dictionary(groups.flatMap { $0 }.map { ($0.operation, $0) }) { $1 }
}
