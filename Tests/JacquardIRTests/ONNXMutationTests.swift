import Foundation
import JacquardCore
import JacquardIR
import SwiftProtobuf
import Testing

@testable import JacquardInterchange

/// Models that are damaged: small, and between them with tensors, shapes, windows, quantities, bodies and functions.
struct DamagedModel: Sendable, CustomTestStringConvertible {
  let testDescription: String
  let model: Onnx_ModelProto

  private typealias F = ONNXFixture
  private typealias C = ONNXControlTests

  static let all = [
    DamagedModel(testDescription: "shapes", model: shapes), DamagedModel(testDescription: "windows", model: windows),
    DamagedModel(testDescription: "bodies", model: bodies),
    DamagedModel(testDescription: "functions", model: functions),
  ]

  private static let shapes = F.model(
    [
      F.node("Shape", ["x"], ["s"]), F.node("Gather", ["s", "zero"], ["n"]),
      F.node("Concat", ["n", "rest"], ["t"], [F.int("axis", 0)]), F.node("Reshape", ["x", "t"], ["r"]),
      F.node("Slice", ["r", "zero", "one", "one", "one"], ["c"]), F.node("Expand", ["c", "wide"], ["e"]),
      F.node("Transpose", ["e"], ["p"], [F.ints("perm", [2, 0, 1, 3])]), F.node("TopK", ["p", "one"], ["y", "at"]),
    ], inputs: [F.value("x", ["N", 6])], outputs: ["y", "at"],
    initializers: [
      F.integers("zero", [0]), F.integers("one", [1]), F.integers("rest", [3, 2]), F.integers("wide", [4, 1, 1, 1]),
    ])

  private static let windows = F.model(
    [
      F.node(
        "Conv", ["x", "w"], ["a"],
        [F.ints("pads", [1, 1, 1, 1]), F.ints("strides", [1, 2]), F.int("group", 1), F.ints("dilations", [1, 1])]),
      F.node("MaxPool", ["a"], ["b"], [F.ints("kernel_shape", [2, 2]), F.int("ceil_mode", 1)]),
      F.node("Pad", ["b", "border"], ["c"]), F.node("Resize", ["c", "", "", "sizes"], ["d"]),
      F.node("GlobalAveragePool", ["d"], ["e"]), F.node("Flatten", ["e"], ["f"], [F.int("axis", 1)]),
      F.node("Gemm", ["f", "m"], ["g"], [F.int("transB", 1)]), F.node("Softmax", ["g"], ["y"], [F.int("axis", -1)]),
    ], inputs: [F.value("x", [1, 2, 6, 6])],
    initializers: [
      F.floats("w", [3, 2, 3, 3], bytes: 216), F.integers("border", [0, 0, 1, 1, 0, 0, 1, 1]),
      F.integers("sizes", [1, 3, 8, 8]), F.floats("m", [4, 3], bytes: 48),
    ])

  private static let bodies = F.model(
    [
      F.node(
        "Loop", ["trips", "", "x"], ["a", "all"],
        [
          C.graph(
            "body", [F.node("Add", ["c", "x"], ["next"]), F.node("Identity", ["before"], ["goes"])],
            inputs: [F.value("i", [], type: 7), F.value("before", [], type: 9), F.value("c", [2, 3])],
            outputs: ["goes", "next", "next"])
        ]),
      F.node(
        "Scan", ["a", "all"], ["b", "each"],
        [
          C.graph(
            "body", [F.node("Mul", ["state", "slice"], ["new"])],
            inputs: [F.value("state", [2, 3]), F.value("slice", [2, 3])],
            outputs: ["new", "new"]), F.int("num_scan_inputs", 1),
        ]),
      F.node("ReduceMax", ["b"], ["m"], [F.int("keepdims", 0)]), F.node("IsNaN", ["m"], ["p"]),
      F.node(
        "If", ["p"], ["y"],
        [
          C.graph("then_branch", [F.node("Neg", ["b"], ["t"])], outputs: ["t"]),
          C.graph("else_branch", [F.node("Relu", ["b"], ["t"])], outputs: ["t"]),
        ]),
    ], inputs: [F.value("x", [2, 3])], outputs: ["y", "each"], initializers: [F.integers("trips", [3])])

  private static var functions: Onnx_ModelProto {
    func call(_ name: String, _ input: String, _ output: String) -> Onnx_NodeProto {
      .with { ($0.opType, $0.domain, $0.input, $0.output) = (name, "own", [input], [output]) }
    }
    let product = F.node("Einsum", ["a", "a"], ["y"], [F.text("equation", "ij,kj->ik")])
    var model = F.model([call("Twice", "x", "a"), product])
    model.opsetImport.append(.with { ($0.domain, $0.version) = ("own", 1) })
    model.functions = [
      .with {
        ($0.name, $0.domain, $0.input, $0.output) = ("Once", "own", ["u"], ["v"])
        ($0.node, $0.opsetImport) = ([F.node("Celu", ["u"], ["v"])], model.opsetImport)
      },
      .with {
        ($0.name, $0.domain, $0.input, $0.output) = ("Twice", "own", ["u"], ["w"])
        ($0.node, $0.opsetImport) = ([call("Once", "u", "v"), call("Once", "v", "w")], model.opsetImport)
      },
    ]
    return model
  }
}

/// Changes a model in its parts: what bytes changed at random seldom leave readable.
struct ONNXDamage {
  private static let numbers: [Int64] = [
    -1, 0, 1, 2, 3, 64, 65_536, 1 << 31, 1 << 40, .max, .min, -2, 1_000_000,
  ]
  private static let operators = ONNXTranslators.all.map(\.name)

  var random: SplitMix

  private mutating func number() -> Int64 { Self.numbers.randomElement(using: &random) ?? 0 }

  private mutating func below(_ count: Int) -> Int { count <= 1 ? 0 : Int.random(in: 0..<count, using: &random) }

  mutating func model(_ source: Onnx_ModelProto) -> Onnx_ModelProto {
    var model = source
    for _ in 0...below(3) {
      if below(20) == 0, !model.opsetImport.isEmpty { model.opsetImport[0].version = Int64(below(30)) }
      let function = below(model.functions.count)
      if below(4) == 0, !model.functions.isEmpty {
        nodes(&model.functions[function].node)
      } else {
        graph(&model.graph)
      }
    }
    return model
  }

  private mutating func graph(_ graph: inout Onnx_GraphProto) {
    switch below(10) {
    case 0 where !graph.initializer.isEmpty: tensor(&graph.initializer[below(graph.initializer.count)])
    case 1 where !graph.input.isEmpty: info(&graph.input[below(graph.input.count)])
    case 2 where !graph.output.isEmpty: graph.output[below(graph.output.count)].name = name(graph.node)
    default: nodes(&graph.node)
    }
  }

  private mutating func name(_ nodes: [Onnx_NodeProto]) -> String {
    nodes.flatMap { $0.input + $0.output }.randomElement(using: &random) ?? ""
  }

  private mutating func nodes(_ nodes: inout [Onnx_NodeProto]) {
    if nodes.isEmpty { return }
    let index = below(nodes.count)
    switch below(8) {
    case 0: nodes.swapAt(index, below(nodes.count))
    case 1 where !nodes[index].input.isEmpty: nodes[index].input[below(nodes[index].input.count)] = name(nodes)
    case 2 where !nodes[index].output.isEmpty: nodes[index].output[below(nodes[index].output.count)] = name(nodes)
    case 3: nodes[index].opType = Self.operators.randomElement(using: &random) ?? ""
    case 4 where !nodes[index].input.isEmpty: nodes[index].input.remove(at: below(nodes[index].input.count))
    case 5: nodes.remove(at: index)
    case 6: nodes[index].input.append(name(nodes))
    default: attributes(&nodes[index])
    }
  }

  private mutating func attributes(_ node: inout Onnx_NodeProto) {
    if node.attribute.isEmpty { return }
    let index = below(node.attribute.count)
    if node.attribute[index].hasG { return graph(&node.attribute[index].g) }
    switch below(4) {
    case 0: node.attribute.remove(at: index)
    case 1: node.attribute[index].ints.append(number())
    case 2 where !node.attribute[index].ints.isEmpty:
      node.attribute[index].ints[below(node.attribute[index].ints.count)] = number()
    default: node.attribute[index].i = number()
    }
  }

  private mutating func tensor(_ tensor: inout Onnx_TensorProto) {
    switch below(4) {
    case 0 where !tensor.dims.isEmpty: tensor.dims[below(tensor.dims.count)] = number()
    case 1: tensor.dataType = Int32(below(30))
    case 2: tensor.dims.append(number())
    default: if !tensor.int64Data.isEmpty { tensor.int64Data[below(tensor.int64Data.count)] = number() }
    }
  }

  private mutating func info(_ info: inout Onnx_ValueInfoProto) {
    switch below(3) {
    case 0: info.type.tensorType.elemType = Int32(below(30))
    case 1: info.type.tensorType.shape.dim.append(.with { $0.dimValue = number() })
    default:
      let count = info.type.tensorType.shape.dim.count
      if count > 0 { info.type.tensorType.shape.dim[below(count)].dimValue = number() }
    }
  }
}

@Suite("Damaged ONNX files")
struct ONNXMutationTests {
  private static let files = 2500

  /// Reads a file; nil if it is refused in one line that is no fault of the program's own.
  private func read(_ bytes: [UInt8], _ what: String) -> Graph? {
    do {
      let graph = try Graph.readONNX(bytes, name: "damaged").graph
      try graph.verify()
      return graph
    } catch {
      let text = "\(error)"
      let isClear = (error as? Diagnostic).map { $0.kind == .invalid } ?? false
      if !isClear || text.isEmpty || text.contains("\n") { Issue.record("\(what): \(text)") }
      return nil
    }
  }

  @Test("Damaged parts: read, or refused in one line", arguments: DamagedModel.all)
  func parts(_ damaged: DamagedModel) throws {
    let original: [UInt8] = try damaged.model.serializedBytes()
    #expect(read(original, "undamaged") != nil)
    var accepted = 0
    for seed in 0..<Self.files {
      var damage = ONNXDamage(random: SplitMix(state: UInt64(seed)))
      let bytes: [UInt8] = try damage.model(damaged.model).serializedBytes()
      if read(bytes, "\(damaged.testDescription), seed \(seed)") != nil { accepted += 1 }
    }
    #expect(accepted > 0 && accepted < Self.files)
  }

  @Test("Damaged bytes: read, or refused in one line", arguments: DamagedModel.all)
  func bytes(_ damaged: DamagedModel) throws {
    let mutator = Mutator(source: try damaged.model.serializedBytes())
    var accepted = 0
    for seed in 0..<Self.files {
      if read(mutator.mutated(UInt64(seed)), "\(damaged.testDescription), seed \(seed)") != nil { accepted += 1 }
    }
    #expect(accepted < Self.files)
  }
}
