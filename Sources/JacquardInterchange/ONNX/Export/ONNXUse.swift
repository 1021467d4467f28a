import Foundation
import JacquardCore
import JacquardIR
import JacquardOps

/// One node of a graph on its way to ONNX: what a writer's rule sees, and how it emits nodes.
struct ONNXUse {
  let exporter: ONNXExporter
  let node: Node
  /// Names of the operands.
  let inputs: [String]
  let inputTypes: [TensorType]
  let outputTypes: [TensorType]
  /// Which results anything depends on.
  let isUsed: [Bool]

  var operation: any JacquardIR.Operation { node.operation }
  var graphs: [Graph] { node.graphs }

  /// Appends a node with one result, and gives its name, alone.
  func emit(_ type: String, _ inputs: [String], _ attributes: Onnx_AttributeProto...) -> [String] {
    exporter.emit(type, inputs, attributes, outputs: 1, origin: node)
  }

  /// Appends a node with several results.
  func emit(_ type: String, _ inputs: [String], _ attributes: [Onnx_AttributeProto], outputs: Int) -> [String] {
    exporter.emit(type, inputs, attributes, outputs: outputs, origin: node)
  }

  /// Appends a node with one result.
  func one(_ type: String, _ inputs: [String], _ attributes: Onnx_AttributeProto...) -> String {
    exporter.emit(type, inputs, attributes, outputs: 1, origin: node)[0]
  }

  // MARK: Constants

  /// A vector of whole numbers (i64), as ONNX wants axes, sizes and places.
  func integers(_ values: [Int]) throws -> String {
    exporter.constant(try HostTensor(values.map(Int64.init), [values.count]))
  }

  /// A scalar (i64).
  func integer(_ value: Int) -> String { exporter.constant(HostTensor(Int64(value))) }

  /// A scalar of an element type.
  func scalar(_ value: Double, _ dtype: DType) throws -> String {
    exporter.constant(try HostTensor(dtype, [], [.float(value)]))
  }

  /// A vector of dimensions (i64): a constant, or worked out from the shapes of inputs.
  func dimensions(_ dims: [Dim]) throws -> String { try exporter.dimensions(dims) }

  // MARK: Shapes

  func cast(_ x: String, _ dtype: DType) -> String {
    one("Cast", [x], .int("to", Int(ONNXElementType.number(dtype))))
  }

  /// Gives a value of type `from` another shape; nothing is emitted if it has it.
  func reshape(_ x: String, from: Shape, to shape: Shape) throws -> String {
    if from == shape { return x }
    let open = shape.dims.indices.filter { shape[$0].value == nil }
    let known = shape.dims.map { $0.value ?? -1 }
    if open.isEmpty { return one("Reshape", [x, try integers(known)], .int("allowzero", known.contains(0) ? 1 : 0)) }
    // Symbols are at least 1, so that one open size follows from the others.
    if open.count == 1, !known.contains(0) { return one("Reshape", [x, try integers(known)]) }
    let copied = open.filter { $0 < from.rank && from[$0] == shape[$0] }
    if !known.contains(0), open.count - copied.count <= 1 {
      let sizes = known.indices.map { copied.contains($0) ? 0 : known[$0] }
      return one("Reshape", [x, try integers(sizes)])
    }
    return one("Reshape", [x, try dimensions(shape.dims)], .int("allowzero", 1))
  }

  func transpose(_ x: String, _ permutation: [Int]) -> String {
    if permutation == Array(permutation.indices) { return x }
    return one("Transpose", [x], .ints("perm", permutation))
  }

  // MARK: Other operations

  /// Writes other operations in the place of this one; nil if the closure gives nil.
  func rewritten(_ body: (GraphBuilder, [ValueID]) throws -> [ValueID]?) throws -> [String]? {
    let builder = GraphBuilder(name: node.operationName)
    builder.origins = node.origins.prefix(1).map { Origin(scope: $0.scope, site: $0.site) }
    if builder.origins.isEmpty { builder.origins = [Origin()] }
    let values = try inputTypes.enumerated().map { try builder.input("x\($0.offset)", $0.element) }
    guard let results = try body(builder, values) else { return nil }
    for (index, value) in results.enumerated() where isUsed[index] { try builder.output("y\(index)", value) }
    let names = try exporter.write(builder.graph, Dictionary(zip(values, inputs)) { $1 })
    return results.map { names[$0] ?? "" }
  }
}

extension Onnx_AttributeProto {
  static func int(_ name: String, _ value: Int) -> Onnx_AttributeProto {
    .with { ($0.name, $0.type, $0.i) = (name, .int, Int64(value)) }
  }

  static func ints(_ name: String, _ values: [Int]) -> Onnx_AttributeProto {
    .with { ($0.name, $0.type, $0.ints) = (name, .ints, values.map(Int64.init)) }
  }

  static func float(_ name: String, _ value: Double) -> Onnx_AttributeProto {
    .with { ($0.name, $0.type, $0.f) = (name, .float, Float(value)) }
  }

  static func string(_ name: String, _ value: String) -> Onnx_AttributeProto {
    .with { ($0.name, $0.type, $0.s) = (name, .string, Data(value.utf8)) }
  }

  static func graph(_ name: String, _ value: Onnx_GraphProto) -> Onnx_AttributeProto {
    .with { ($0.name, $0.type, $0.g) = (name, .graph, value) }
  }
}
