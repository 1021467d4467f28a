import Foundation
import JacquardCore
import JacquardFiles
import JacquardIR
import SwiftProtobuf

/// What an ONNX file became.
public struct ONNXImport: Sendable {
  /// What the file computes.
  public let graph: Graph
  /// Inputs whose given values decided a shape: for other values the graph is another one.
  public let specialized: [String]

  /// Whether what was given for inputs decided every element of the outputs, so that nothing is left to compute.
  public var isDecided: Bool {
    var stack = graph.outputs.map(\.value)
    var seen = Set(stack)
    while let value = stack.popLast() {
      guard let node = graph.producer(value) else { return false }
      for input in node.inputs where seen.insert(input).inserted { stack.append(input) }
    }
    return !specialized.isEmpty
  }
}

extension Graph {
  /// The largest file that the format allows; more lies in other files.
  private static let largestONNXFile = 1 << 31

  /// Reads an ONNX model (operator sets 13 and later, and of older ones what has not changed).
  ///
  /// Initialisers become constants, dynamic axes symbols, functions the nodes they stand for.
  ///
  /// - Parameters:
  ///   - values: Tensors for inputs, by name. Their sizes bind symbols; their elements are used only where a shape depends on
  ///     them.
  ///   - bindings: Sizes of symbols.
  /// - Throws: `Diagnostic` that names the node; `unsupported operator: X` for one without translation.
  public static func readONNX(
    from path: String, values: [String: HostTensor] = [:], bindings: [String: Int] = [:]
  ) throws -> ONNXImport {
    let bytes = try FileBytes.read(path, limit: largestONNXFile)
    let name = URL(fileURLWithPath: path).deletingPathExtension().lastPathComponent
    return try readONNX(bytes, name: name, path: path, values: values, bindings: bindings)
  }

  /// The same from the bytes of a file.
  ///
  /// - Parameters:
  ///   - name: of the graph, if the model has none.
  ///   - path: the file, in whose folder tensors may lie; without it there is no such folder.
  /// - Throws: `Diagnostic`, as for a file.
  public static func readONNX(
    _ bytes: [UInt8], name: String, path: String = "", values: [String: HostTensor] = [:],
    bindings: [String: Int] = [:]
  ) throws -> ONNXImport {
    let model = try ONNXModel(bytes)
    let importer = try ONNXImporter(
      model, name: name, external: ONNXExternalData(of: path), values: values, bindings: bindings)
    return try importer.result()
  }
}

/// A decoded file whose head makes sense.
struct ONNXModel {
  let proto: Onnx_ModelProto
  let opsets: [String: Int]
  let functions: [String: Onnx_FunctionProto]

  static let oldestOpset = 1
  static let newestOpset = 28

  init(_ bytes: [UInt8]) throws {
    do {
      proto = try Onnx_ModelProto(serializedBytes: bytes)
    } catch {
      throw Diagnostic("is no ONNX model, or cut off: its bytes cannot be decoded")
    }
    if !proto.hasGraph || proto.opsetImport.isEmpty {
      throw Diagnostic("is no ONNX model: it has no graph or operator set")
    }
    opsets = ONNXModel.opsets(proto.opsetImport)
    functions = Dictionary(proto.functions.map { (ONNXModel.key($0.domain, $0.name, $0.overload), $0) }) { $1 }
    guard let opset = opsets[""] else { return }
    if opset < ONNXModel.oldestOpset || opset > ONNXModel.newestOpset {
      throw Diagnostic(
        "unsupported operator set: \(opset) (\(ONNXModel.oldestOpset) to \(ONNXModel.newestOpset) are read)")
    }
  }

  static func opsets(_ list: [Onnx_OperatorSetIdProto]) -> [String: Int] {
    Dictionary(list.map { (domain($0.domain), Int($0.version)) }) { max($0, $1) }
  }

  /// The standard domain has two names.
  static func domain(_ name: String) -> String { name == "ai.onnx" ? "" : name }

  static func key(_ domain: String, _ name: String, _ overload: String) -> String {
    "\(self.domain(domain))\n\(name)\n\(overload)"
  }
}
