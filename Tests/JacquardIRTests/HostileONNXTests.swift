import Foundation
import JacquardCore
import JacquardIR
import SwiftProtobuf
import Testing

@testable import JacquardInterchange

/// An ONNX file that is wrong, and a part of the message that it gets.
struct HostileModel: Sendable, CustomStringConvertible {
  let description: String
  let bytes: [UInt8]
  let message: String

  private init(_ description: String, bytes: [UInt8], _ message: String) {
    (self.description, self.bytes, self.message) = (description, bytes, message)
  }

  private init(_ description: String, _ model: Onnx_ModelProto, _ message: String) {
    self.init(description, bytes: (try? model.serializedBytes()) ?? [], message)
  }

  private typealias F = ONNXFixture

  static var cases: [HostileModel] { files + orders + tensors + folders + operators }

  private static let files = [
    HostileModel("empty", bytes: [], "no ONNX model"),
    HostileModel("no protobuf", bytes: Array("{\"format\": \"jacquard.graph\"}".utf8), "no ONNX model"),
    HostileModel("cut off", bytes: Array(((try? F.relu.serializedBytes()) ?? []).dropLast(7)), "cut off"),
    HostileModel("nested too deep", bytes: [UInt8](repeating: 0x3A, count: 4096), "no ONNX model"),
    HostileModel("no graph", .with { $0.opsetImport = [.with { $0.version = 21 }] }, "no graph"),
    HostileModel("a future operator set", F.model([], outputs: [], opset: 999), "operator set: 999"),
    HostileModel(
      "a text as input", F.model([], inputs: [F.value("x", [2], type: 8)]), "unsupported element type: string"),
    HostileModel(
      "an input twice", F.model([], inputs: [F.value("x", [2]), F.value("x", [2])]), "two values are named"),
    HostileModel("a negative size", F.model([], inputs: [F.value("x", [-2])]), "negative dimension"),
    HostileModel("sizes that overflow", F.model([], inputs: [F.value("x", [1 << 40, 1 << 40])]), "input 'x'"),
    HostileModel("an output that nothing computes", F.model([]), "output 'y' is not computed"),
  ]

  private static let orders = [
    HostileModel(
      "a cycle", F.model([F.node("Relu", ["b"], ["a"]), F.node("Relu", ["a"], ["b"])], outputs: ["a"]),
      "node 0 (Relu): input 'b' is computed later"),
    HostileModel("its own input", F.model([F.node("Relu", ["y"], ["y"])]), "depends on this node"),
    HostileModel("a missing initialiser", F.model([F.node("Add", ["x", "w"], ["y"])]), "input 'w' is neither"),
    HostileModel(
      "computed twice", F.model([F.node("Relu", ["x"], ["y"]), F.node("Exp", ["x"], ["y"])]), "defined twice"),
    HostileModel("a function that calls itself", recursive, "calls too deeply"),
    HostileModel("a contradiction", contradiction, "the file states f32[3,2]"),
  ]

  private static let tensors = [
    HostileModel("too few bytes", weighted(F.floats("w", [2, 3], bytes: 23)), "23 bytes"),
    HostileModel("a negative size of data", weighted(F.floats("w", [-1], bytes: 4)), "negative dimension -1"),
    HostileModel("a huge size of data", weighted(F.floats("w", [1 << 40, 1 << 40], bytes: 4)), "overflows"),
    HostileModel(
      "too few elements", weighted(.with { ($0.dataType, $0.dims, $0.name) = (7, [1 << 40], "w") }), "0 elements"),
    HostileModel("no element type", weighted(.with { ($0.dataType, $0.name) = (99, "w") }), "99 is no element type"),
    HostileModel("a sparse index beyond", sparse(place: 9, size: 4), "index 9"),
    HostileModel("a huge sparse tensor", sparse(place: 0, size: 1 << 50), "sparse tensor of"),
  ]

  private static let folders = [
    HostileModel("a path above the folder", weighted(F.external("../outside")), "outside the model's folder"),
    HostileModel("an absolute path", weighted(F.external("/etc/passwd")), "outside the model's folder"),
    HostileModel("a link out of the folder", weighted(F.external("link")), "outside the model's folder"),
    HostileModel("a file that is not there", weighted(F.external("nothing")), "cannot be read"),
    HostileModel("more than the file has", weighted(F.external("m.onnx", ["offset": "1000000"])), "ends at"),
    HostileModel(
      "an offset that overflows", weighted(F.external("m.onnx", ["offset": "\(Int.max)"])), "overflows"),
    HostileModel("a negative offset", weighted(F.external("m.onnx", ["offset": "-1"])), "is no offset"),
  ]

  private static let operators = [
    HostileModel(
      "an unknown operator", F.model([F.node("Frobnicate", ["x"], ["y"])]), "unsupported operator: Frobnicate"),
    HostileModel("no inputs", F.model([F.node("Relu", [], ["y"])]), "input 0 is missing"),
    HostileModel("an axis beyond", reduced([.min]), "is not one of"),
    HostileModel("an axis twice", reduced([0, 0]), "twice"),
    HostileModel(
      "an attribute of another type", F.model([F.node("Flatten", ["x"], ["y"], [F.ints("axis", [1])])]), "another type"),
    HostileModel(
      "a shape of the future",
      F.model(
        [F.node("Reshape", ["x", "s"], ["y"])], inputs: [F.value("x", [2]), F.value("s", [1], type: 7)]), "input 's'"),
    HostileModel("two sizes left over", sized("Reshape", [-1, -1]), "negative"),
    HostileModel("a huge expansion", sized("Expand", [1 << 60, 2, 3]), "Expand"),
    HostileModel("a huge tile", sized("Tile", [.max, .max]), "overflows"),
    HostileModel("a huge border", sized("Pad", [.max, 0, 0, .max]), "impossible"),
  ]

  // MARK: Models

  private static func weighted(_ tensor: Onnx_TensorProto) -> Onnx_ModelProto {
    F.model([F.node("Add", ["x", "w"], ["y"])], initializers: [tensor])
  }

  private static func reduced(_ axes: [Int64]) -> Onnx_ModelProto {
    F.model([F.node("ReduceSum", ["x", "axes"], ["y"])], initializers: [F.integers("axes", axes)])
  }

  private static func sized(_ type: String, _ sizes: [Int64]) -> Onnx_ModelProto {
    F.model(
      [F.node(type, ["x", "s"], ["y"])], inputs: [F.value("x", [2, 3])], initializers: [F.integers("s", sizes)])
  }

  private static var contradiction: Onnx_ModelProto {
    var model = F.model([F.node("Relu", ["x"], ["y"])], inputs: [F.value("x", [2, 3])])
    model.graph.output = [F.value("y", [3, 2])]
    return model
  }

  private static var recursive: Onnx_ModelProto {
    var call = F.node("Loop", ["a"], ["b"])
    call.domain = "own"
    var model = F.model([.with { ($0.opType, $0.domain, $0.input, $0.output) = ("Loop", "own", ["x"], ["y"]) }])
    model.functions = [
      .with { ($0.name, $0.domain, $0.input, $0.output, $0.node) = ("Loop", "own", ["a"], ["b"], [call]) }
    ]
    return model
  }

  private static func sparse(place: Int64, size: Int64) -> Onnx_ModelProto {
    var model = F.model([F.node("Add", ["x", "w"], ["y"])])
    model.graph.sparseInitializer = [
      .with { ($0.values, $0.indices, $0.dims) = (F.floats("w", [1], bytes: 4), F.integers("", [place]), [size]) }
    ]
    return model
  }
}

@Suite("Hostile ONNX files")
struct HostileONNXTests {
  @Test("One line that says what is wrong", arguments: HostileModel.cases)
  func refused(_ model: HostileModel) throws {
    do {
      _ = try ONNXFixture.read(model.bytes)
      Issue.record("\(model) was read")
    } catch let error as Diagnostic {
      #expect(error.kind == .invalid && "\(error)".contains(model.message), "\(model): \(error)")
    }
  }

  @Test("Any cut and any changed byte is read or refused, never a trap")
  func mutations() throws {
    let original: [UInt8] = try ONNXFixture.relu.serializedBytes()
    for position in original.indices {
      _ = try? ONNXFixture.read(Array(original[..<position]))
      for change: UInt8 in [1, 0x7F, 0x80] {
        var bytes = original
        bytes[position] ^= change
        _ = try? ONNXFixture.read(bytes)
      }
    }
  }
}
