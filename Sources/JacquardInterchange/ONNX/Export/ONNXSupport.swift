import JacquardCore
import JacquardIR

/// What ONNX knows of an operation, found by writing its samples and reading them again.
public enum ONNXSupport: String, Sendable {
  /// Written, and what is read is the same operation.
  case both
  /// Written as other operations.
  case export
  case no

  public init(_ operation: any JacquardIR.Operation.Type) {
    let kinds = operation.samples.map { ONNXSupport($0, of: operation) }
    self = kinds.contains(.both) ? .both : kinds.contains(.export) ? .export : .no
  }

  private init(_ sample: OperationSample, of operation: any JacquardIR.Operation.Type) {
    guard let graph = try? ONNXSupport.graph(sample),
      let bytes = try? ONNXModelFile(graph, { try HostTensor(zeros: $0.type.dtype, $0.type.shape.sizes ?? []) }).bytes()
    else {
      self = .no
      return
    }
    let read = try? Graph.readONNX(bytes, name: "sample")
    let isBack = read?.graph.nodes.contains { $0.operationName == operation.name } ?? false
    self = isBack ? .both : .export
  }

  private static func graph(_ sample: OperationSample) throws -> Graph {
    let builder = GraphBuilder(name: "sample")
    let inputs = try sample.inputs.enumerated().map { try builder.input("x\($0.offset)", $0.element.type) }
    let results = try builder.append(sample.operation, inputs, graphs: sample.graphs)
    for (index, value) in results.enumerated() { try builder.output("y\(index)", value) }
    return builder.graph
  }
}
