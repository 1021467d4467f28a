import JacquardCore
import JacquardIR

/// What ONNX knows of an operation, found by writing its samples and reading them again.
public enum ONNXSupport: String, Sendable {
  /// Written, and what is read is the same operation.
  case both
  /// Written as other operations.
  case export
  /// No sample of it can be written.
  case no

  /// The best that holds for a sample of an operation.
  public init(_ operation: any JacquardIR.Operation.Type) {
    let kinds = operation.samples.map { ONNXSupport($0, of: operation) }
    self = kinds.contains(.both) ? .both : kinds.contains(.export) ? .export : .no
  }

  private init(_ sample: OperationSample, of operation: any JacquardIR.Operation.Type) {
    // A later result need not have an operator: the positions of a pooling.
    guard let bytes = (try? ONNXSupport.bytes(sample, results: .max)) ?? (try? ONNXSupport.bytes(sample, results: 1))
    else {
      self = .no
      return
    }
    let read = try? Graph.readONNX(bytes, name: "sample")
    let isBack = read?.graph.nodes.contains { $0.operationName == operation.name } ?? false
    self = isBack ? .both : .export
  }

  /// A model of the operation alone, with its first results.
  private static func bytes(_ sample: OperationSample, results count: Int) throws -> [UInt8] {
    let builder = GraphBuilder(name: "sample")
    let inputs = try sample.inputs.enumerated().map { try builder.input("x\($0.offset)", $0.element.type) }
    let results = try builder.append(sample.operation, inputs, graphs: sample.graphs)
    for (index, value) in results.prefix(count).enumerated() { try builder.output("y\(index)", value) }
    return try ONNXModelFile(builder.graph) { throw Diagnostic("'\($0.name)' has no value") }.bytes()
  }
}
