import JacquardCore
import JacquardIR
import Testing

@testable import JacquardInterchange

@Suite("ONNX import")
struct ONNXTests {
  private typealias F = ONNXFixture

  @Test("A dynamic axis is a symbol, and its size follows from a given tensor")
  func symbols() throws {
    let open = try F.read(F.relu).graph
    #expect(open.inputs[0].type == "f32[N,3]" && open.type(open.outputs[0].value) == "f32[N,3]")
    let bound = try F.read(F.relu, values: ["x": HostTensor(zeros: .f32, [4, 3])])
    #expect(bound.graph.inputs[0].type == "f32[4,3]" && bound.specialized.isEmpty)
  }

  @Test("A shape that another tensor has stays symbolic")
  func shapesOfShapes() throws {
    let model = F.model(
      [
        F.node("Shape", ["x"], ["s"]), F.node("Gather", ["s", "zero"], ["n"]),
        F.node("Concat", ["n", "rest"], ["wanted"], [F.int("axis", 0)]), F.node("Reshape", ["x", "wanted"], ["y"]),
      ], inputs: [F.value("x", ["batch size", 3, 4])],
      initializers: [F.integers("zero", [0]), F.integers("rest", [-1])])
    let graph = try F.read(model).graph
    #expect(graph.type(graph.outputs[0].value) == "f32[batch_size,12]")
  }

  @Test("A shape that depends on an input's value is that of the value given, and the input is named")
  func specialization() throws {
    let model = F.model(
      [F.node("Reshape", ["x", "shape"], ["y"])], inputs: [F.value("x", [2, 3]), F.value("shape", [1], type: 7)])
    let read = try F.read(model, values: ["shape": HostTensor([Int64(6)], [1])])
    #expect(read.specialized == ["shape"] && read.graph.type(read.graph.outputs[0].value) == "f32[6]")
  }

  @Test("A function becomes its nodes, with the attributes of the call")
  func functions() throws {
    var call = F.node("Turned", ["x"], ["y"], [F.ints("order", [1, 0])])
    call.domain = "own"
    var model = F.model([call], inputs: [F.value("x", [2, 3])])
    model.functions = [
      .with {
        ($0.name, $0.domain, $0.input, $0.output, $0.attribute) = ("Turned", "own", ["a"], ["b"], ["order"])
        $0.opsetImport = [.with { $0.version = 21 }]
        $0.node = [F.node("Transpose", ["a"], ["b"], [.with { ($0.name, $0.refAttrName) = ("perm", "order") }])]
      }
    ]
    let graph = try F.read(model).graph
    #expect(graph.type(graph.outputs[0].value) == "f32[3,2]")
  }

  @Test("Names become legal and stay different")
  func names() throws {
    let model = F.model(
      [F.node("Add", ["a:0", "a\"0"], ["%y"])], inputs: [F.value("a:0", [2]), F.value("a\"0", [2])], outputs: ["%y"])
    let graph = try F.read(model).graph
    #expect(graph.inputs.map(\.name) == ["a_0", "a_0_2"] && graph.outputs[0].name == "_y")
    try graph.verify()
  }

  @Test("Large tensors are read from a file of the folder")
  func externalData() throws {
    let weight = F.external("w.bin", ["offset": "4", "length": "24"])
    let model = F.model([F.node("Add", ["x", "w"], ["y"])], inputs: [F.value("x", [2, 3])], initializers: [weight])
    let graph = try F.read(model, files: ["w.bin": [UInt8](repeating: 0, count: 28)]).graph
    #expect(graph.inputs.count == 1 && graph.type(graph.outputs[0].value) == "f32[2,3]")
  }

  @Test("Every part of a slice's bounds: beyond the axis, from the end, backwards")
  func slices() {
    func places(_ slice: ONNXSlice, backwards: Bool = false) -> [Int] {
      let ascending = Array(stride(from: slice.low, to: slice.limit, by: slice.stride))
      return backwards ? ascending.reversed() : ascending
    }
    #expect(places(ONNXSlice(size: 5, start: 1, end: .max, step: 2)) == [1, 3])
    #expect(places(ONNXSlice(size: 5, start: -2, end: 5, step: 1)) == [3, 4])
    #expect(places(ONNXSlice(size: 5, start: .max, end: .min, step: -2), backwards: true) == [4, 2, 0])
    #expect(places(ONNXSlice(size: 5, start: 1, end: 4, step: -1), backwards: true).isEmpty)
    #expect(places(ONNXSlice(size: 0, start: 0, end: 1, step: .min), backwards: true).isEmpty)
  }
}
