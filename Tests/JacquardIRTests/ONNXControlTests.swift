import JacquardCore
import JacquardIR
import SwiftProtobuf
import Testing

@testable import JacquardInterchange

/// What the node tests of the onnx package leave out.
@Suite("ONNX control flow")
struct ONNXControlTests {
  private typealias F = ONNXFixture

  static func graph(
    _ name: String, _ nodes: [Onnx_NodeProto], inputs: [Onnx_ValueInfoProto] = [], outputs: [String]
  ) -> Onnx_AttributeProto {
    .with {
      ($0.name, $0.type) = (name, .graph)
      $0.g = F.model(nodes, inputs: inputs, outputs: outputs).graph
    }
  }

  private static func values(_ model: Onnx_ModelProto, _ inputs: [String: HostTensor]) throws -> [Float] {
    let graph = try F.read(model).graph
    try graph.verify()
    return try #require(try graph.evaluate(inputs).outputs["y"]).elements(Float.self)
  }

  private static func row(_ values: [Float]) throws -> HostTensor { try HostTensor(values, [values.count]) }

  /// y = p ? x + w : x * w, where only the branches name x and w.
  private static let branches = F.model(
    [
      F.node(
        "If", ["p"], ["y"],
        [
          graph("then_branch", [F.node("Add", ["x", "w"], ["a"])], outputs: ["a"]),
          graph("else_branch", [F.node("Mul", ["w", "x"], ["a"])], outputs: ["a"]),
        ])
    ], inputs: [F.value("p", [], type: 9), F.value("x", [2]), F.value("w", [2])])

  @Test("The branches of If see the values around them", arguments: [true, false])
  func conditional(_ holds: Bool) throws {
    let inputs = ["p": HostTensor(holds), "x": try Self.row([2, 3]), "w": try Self.row([4, 5])]
    #expect(try Self.values(Self.branches, inputs) == (holds ? [6, 8] : [8, 15]))
  }

  /// Doubles x until an element is over the bound: trips are known only when it runs.
  private static let doubling = F.model(
    [
      F.node(
        "Loop", ["", "", "x"], ["y"],
        [
          graph(
            "body",
            [
              F.node("Add", ["c", "c"], ["next"]), F.node("ReduceMax", ["next"], ["m"], [F.int("keepdims", 0)]),
              F.node("Less", ["m", "bound"], ["goes"]),
            ], inputs: [F.value("i", [], type: 7), F.value("before", [], type: 9), F.value("c", [2])],
            outputs: ["goes", "next"])
        ])
    ], inputs: [F.value("x", [2]), F.value("bound", [])])

  private static let bounds: [(bound: Float, wanted: [Float])] = [(10, [12, 4]), (1, [6, 2])]

  @Test("A Loop whose end is known only when it runs", arguments: bounds.indices)
  func dynamicLoop(_ index: Int) throws {
    let (bound, wanted) = Self.bounds[index]
    let inputs = ["x": try Self.row([3, 1]), "bound": HostTensor(bound)]
    #expect(try Self.values(Self.doubling, inputs) == wanted)
  }

  @Test("A Loop over a symbolic count of trips stacks what each gives")
  func countedLoop() throws {
    let body = Self.graph(
      "body", [F.node("Identity", ["before"], ["goes"]), F.node("Add", ["c", "w"], ["next"])],
      inputs: [F.value("i", [], type: 7), F.value("before", [], type: 9), F.value("c", [])],
      outputs: ["goes", "next", "next"])
    let model = F.model(
      [
        F.node("Shape", ["x"], ["s"]), F.node("Squeeze", ["s"], ["n"]),
        F.node("ReduceSum", ["x"], ["w"], [F.int("keepdims", 0)]),
        F.node("Loop", ["n", "", "w"], ["last", "y"], [body]),
      ], inputs: [F.value("x", ["N"])])
    let graph = try F.read(model).graph
    #expect(graph.type(graph.outputs[0].value) == "f32[N]")
    #expect(
      try graph.binding(["N": 3]).evaluate(["x": Self.row([1, 1, 2])]).outputs["y"]?.elements(Float.self) == [
        8, 12, 16,
      ])
  }

  // MARK: Recurrent layers

  private static func recurrent(_ type: String, _ gates: Int, _ attributes: [Onnx_AttributeProto] = [])
    -> Onnx_ModelProto
  {
    F.model(
      [F.node(type, ["x", "w", "r", "", "lengths"], ["all", "y"], attributes + [F.int("hidden_size", 4)])],
      inputs: [
        F.value("x", ["T", "N", 3]), F.value("w", [1, gates * 4, 3]), F.value("r", [1, gates * 4, 4]),
        F.value("lengths", ["N"], type: 6),
      ], outputs: ["all", "y"])
  }

  @Test("Batch and steps of recurrent layers stay symbols", arguments: [("RNN", 1), ("GRU", 3), ("LSTM", 4)])
  func symbolicBatch(_ type: String, _ gates: Int) throws {
    let graph = try F.read(Self.recurrent(type, gates)).graph
    #expect(graph.outputs.map { graph.type($0.value) } == ["f32[T,1,N,4]", "f32[1,N,4]"])
  }

  @Test("A sequence that ended keeps its state and gives zeros", arguments: [("RNN", 1), ("GRU", 3), ("LSTM", 4)])
  func lengths(_ type: String, _ gates: Int) throws {
    func ramp(_ sizes: [Int]) throws -> HostTensor {
      let count = sizes.reduce(1, *)
      return try HostTensor((0..<count).map { Float($0 % 7) / 7 - 0.4 }, sizes)
    }
    let graph = try F.read(Self.recurrent(type, gates)).graph.binding(["T": 3, "N": 2])
    let inputs = [
      "x": try ramp([3, 2, 3]), "w": try ramp([1, gates * 4, 3]), "r": try ramp([1, gates * 4, 4]),
      "lengths": try HostTensor([3, 1] as [Int32], [2]),
    ]
    let results = try graph.evaluate(inputs).outputs
    let all = try #require(results["all"]).elements(Float.self)
    let last = try #require(results["y"]).elements(Float.self)
    #expect(Array(all[16..<20]) == Array(last[0..<4]) && Array(all[4..<8]) == Array(last[4..<8]))
    #expect(Array(all[12..<16] + all[20..<24]) == [Float](repeating: 0, count: 8) && last[4] != 0)
  }

  // MARK: Bad input

  private static let faults: [(String, Onnx_NodeProto, String)] = [
    ("no translation", F.node("Frobnicate", ["x"], ["y"]), "node 0 (Frobnicate): unsupported operator: Frobnicate"),
    ("If without branches", F.node("If", ["p"], ["y"]), "node 0 (If): attribute 'then_branch' is missing"),
    (
      "a body with too few inputs",
      F.node("Loop", ["", "p", "x"], ["y"], [graph("body", [], outputs: ["x", "x"])]), "the body has 0 inputs"
    ),
    (
      "a carried value that grows",
      F.node(
        "Loop", ["", "p", "x"], ["y"],
        [
          graph(
            "body", [F.node("Concat", ["c", "c"], ["next"], [F.int("axis", 0)])],
            inputs: [F.value("i", [], type: 7), F.value("k", [], type: 9), F.value("c", [2, 3])],
            outputs: ["k", "next"])
        ]), "unsupported operator: Loop (with a carried value"
    ),
    ("weights that do not fit", F.node("LSTM", ["q", "q", "q"], ["y"]), "do not fit hidden_size or direction"),
    (
      "an unknown reduction", F.node("ScatterND", ["x", "u", "x"], ["y"], [string("reduction", "xor")]),
      "attribute 'reduction' is 'xor'"
    ),
    ("tuples that are too long", F.node("GatherND", ["x", "t"], ["y"]), "are no tuples of up to 2 numbers"),
    ("bits of another width", F.node("BitCast", ["x"], ["y"], [F.int("to", 7)]), "does not have the width"),
  ]

  private static func string(_ name: String, _ value: String) -> Onnx_AttributeProto {
    .with { ($0.name, $0.type, $0.s) = (name, .string, .init(value.utf8)) }
  }

  @Test("One line that names the node", arguments: faults.indices)
  func errors(_ index: Int) throws {
    let (name, node, message) = Self.faults[index]
    let inputs = [
      F.value("x", [2, 3]), F.value("p", [], type: 9), F.value("q", [2, 3, 4]), F.value("t", [2, 3], type: 7),
      F.value("u", [2, 2], type: 7),
    ]
    let error = #expect(throws: Diagnostic.self) { try F.read(F.model([node], inputs: inputs, opset: 28)) }
    let text = error.map { "\($0)" } ?? ""
    #expect(text.contains(message), "\(name): \(text)")
    #expect(text.contains("node 0 (\(node.opType))") && !text.contains("\n"))
  }
}
