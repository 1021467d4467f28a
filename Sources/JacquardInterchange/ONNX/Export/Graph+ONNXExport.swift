import Foundation
import JacquardCore
import JacquardFiles
import JacquardIR
import SwiftProtobuf

extension Graph {
  /// Writes the graph as an ONNX model (operator set 23).
  ///
  /// Data inputs stay inputs, symbols name their axes; parameters and state become initialisers. What a step changes is an
  /// input with that value to begin with, and its next value an output `NAME/next`.
  ///
  /// - Parameters:
  ///   - external: Whether tensors from 1 KiB on go to `PATH.data` beside the model; those of over 2 GB in all always do.
  ///   - value: Gives the tensor of a parameter or state.
  /// - Throws: `Diagnostic` that names the operation that ONNX cannot express, or the file that cannot be written.
  public func writeONNX(to path: String, external: Bool = false, _ value: (Input) throws -> HostTensor) throws {
    let model = try ONNXModelFile(self, value)
    guard external || model.byteCount > ONNXModelFile.mostInline else {
      return try AtomicFile.write(try model.bytes(), to: path)
    }
    let data = "\(path).data"
    let (tensors, places) = try model.writeExternal(to: data)
    try AtomicFile.write(try model.bytes(external: tensors, places), to: path)
  }

}

/// A model on its way to a file.
struct ONNXModelFile {
  private let graph: Onnx_GraphProto
  private let tensors: [(name: String, tensor: HostTensor)]

  /// What is written.
  static let opset: Int64 = 23
  /// Files of this version hold that operator set, and older readers know it.
  static let irVersion: Int64 = 10
  /// The format allows 2^31 bytes in all.
  static let mostInline = 2_000_000_000
  /// Shapes and other small tensors are read from the model itself.
  private static let leastExternal = 1024
  /// A whole number of pages, so that a reader may map the file.
  private static let alignment = 4096

  init(_ graph: Graph, _ value: (Input) throws -> HostTensor) throws {
    let exporter = ONNXExporter(graph)
    self.graph = try exporter.model(value)
    tensors = exporter.tensors
  }

  /// Bytes of all tensors.
  var byteCount: Int { tensors.reduce(0) { $0 + $1.tensor.byteCount } }

  /// The model with its tensors, but for those at given places of another file.
  func bytes(external location: String = "", _ places: [String: Int] = [:]) throws -> [UInt8] {
    var model = Onnx_ModelProto()
    model.irVersion = ONNXModelFile.irVersion
    model.producerName = "jacquard"
    model.opsetImport = [.with { $0.version = ONNXModelFile.opset }]
    model.graph = graph
    model.graph.initializer = tensors.map { name, tensor in
      ONNXModelFile.proto(name, tensor, location, places[name])
    }
    return try model.serializedBytes()
  }

  private static func proto(_ name: String, _ tensor: HostTensor, _ location: String, _ place: Int?) -> Onnx_TensorProto
  {
    .with { proto in
      proto.name = name
      proto.dataType = ONNXElementType.number(tensor.dtype)
      proto.dims = tensor.sizes.map(Int64.init)
      guard let place else {
        proto.rawData = tensor.withUnsafeBytes { Data($0) }
        return
      }
      proto.dataLocation = .external
      let fields = [("location", location), ("offset", "\(place)"), ("length", "\(tensor.byteCount)")]
      proto.externalData = fields.map { field in .with { ($0.key, $0.value) = field } }
    }
  }

  /// Writes the large tensors one after the other; gives the file's name and where each begins.
  func writeExternal(to path: String) throws -> (name: String, places: [String: Int]) {
    var places: [String: Int] = [:]
    let large = tensors.filter { $0.tensor.byteCount >= ONNXModelFile.leastExternal }
    try AtomicFile.write(to: path) { (writer) throws(Diagnostic) in
      var end = 0
      for (name, tensor) in large {
        let gap = (ONNXModelFile.alignment - end % ONNXModelFile.alignment) % ONNXModelFile.alignment
        try writer.write([UInt8](repeating: 0, count: gap))
        places[name] = end + gap
        end += gap + tensor.byteCount
        try writer.write(tensor)
      }
    }
    return (URL(fileURLWithPath: path).lastPathComponent, places)
  }
}
