import Foundation
import JacquardCore
import JacquardIR
import SwiftProtobuf

@testable import JacquardInterchange

/// ONNX models made in the test.
enum ONNXFixture {
  /// y = Relu(x), with a dynamic axis.
  static var relu: Onnx_ModelProto {
    model([node("Relu", ["x"], ["y"])], inputs: [value("x", ["N", 3])], outputs: ["y"])
  }

  static func model(
    _ nodes: [Onnx_NodeProto], inputs: [Onnx_ValueInfoProto] = [value("x", ["2", 3])], outputs: [String] = ["y"],
    initializers: [Onnx_TensorProto] = [], opset: Int64 = 21
  ) -> Onnx_ModelProto {
    var model = Onnx_ModelProto()
    model.irVersion = 10
    model.opsetImport = [.with { $0.version = opset }]
    model.graph = .with {
      $0.name = "test"
      $0.node = nodes
      $0.input = inputs
      $0.output = outputs.map { name in .with { $0.name = name } }
      $0.initializer = initializers
    }
    return model
  }

  static func node(
    _ type: String, _ inputs: [String], _ outputs: [String], _ attributes: [Onnx_AttributeProto] = []
  ) -> Onnx_NodeProto {
    .with { ($0.opType, $0.input, $0.output, $0.attribute) = (type, inputs, outputs, attributes) }
  }

  static func ints(_ name: String, _ values: [Int64]) -> Onnx_AttributeProto {
    .with { ($0.name, $0.type, $0.ints) = (name, .ints, values) }
  }

  static func int(_ name: String, _ value: Int64) -> Onnx_AttributeProto {
    .with { ($0.name, $0.type, $0.i) = (name, .int, value) }
  }

  static func text(_ name: String, _ value: String) -> Onnx_AttributeProto {
    .with { ($0.name, $0.type, $0.s) = (name, .string, Data(value.utf8)) }
  }

  /// Dimensions are numbers, or names of symbols.
  static func value(_ name: String, _ dims: [Any], type: Int32 = 1) -> Onnx_ValueInfoProto {
    .with {
      $0.name = name
      $0.type.tensorType = .with { tensor in
        tensor.elemType = type
        tensor.shape = .with { shape in
          shape.dim = dims.map { dim in
            .with {
              if let size = dim as? Int { $0.dimValue = Int64(size) } else { $0.dimParam = "\(dim)" }
            }
          }
        }
      }
    }
  }

  static func integers(_ name: String, _ values: [Int64]) -> Onnx_TensorProto {
    .with { ($0.name, $0.dataType, $0.dims, $0.int64Data) = (name, 7, [Int64(values.count)], values) }
  }

  static func floats(_ name: String, _ dims: [Int64], bytes: Int) -> Onnx_TensorProto {
    .with { ($0.name, $0.dataType, $0.dims, $0.rawData) = (name, 1, dims, Data(count: bytes)) }
  }

  static func external(_ location: String, _ fields: [String: String] = [:]) -> Onnx_TensorProto {
    .with {
      ($0.name, $0.dataType, $0.dims, $0.dataLocation) = ("w", 1, [2, 3], .external)
      $0.externalData = fields.merging(["location": location]) { $1 }.map { key, value in
        .with { ($0.key, $0.value) = (key, value) }
      }
    }
  }

  // MARK: Files

  /// Reads a model from a new folder that holds what else is given.
  static func read(
    _ bytes: [UInt8], files: [String: [UInt8]] = [:], values: [String: HostTensor] = [:]
  ) throws -> ONNXImport {
    let folder = FileManager.default.temporaryDirectory.appendingPathComponent("jacquard-onnx-\(UUID())/models")
    try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
    defer { try? FileManager.default.removeItem(at: folder.deletingLastPathComponent()) }
    try Data(count: 24).write(to: folder.deletingLastPathComponent().appendingPathComponent("outside"))
    for (name, content) in files { try Data(content).write(to: folder.appendingPathComponent(name)) }
    try FileManager.default.createSymbolicLink(
      atPath: folder.appendingPathComponent("link").path, withDestinationPath: "../outside")
    let path = folder.appendingPathComponent("m.onnx").path
    try Data(bytes).write(to: URL(fileURLWithPath: path))
    return try Graph.readONNX(from: path, values: values)
  }

  static func read(
    _ model: Onnx_ModelProto, files: [String: [UInt8]] = [:], values: [String: HostTensor] = [:]
  ) throws -> ONNXImport {
    let bytes: [UInt8] = try model.serializedBytes()
    return try read(bytes, files: files, values: values)
  }
}
