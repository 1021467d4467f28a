import Testing

@testable import Jacquard

/// State dicts of PyTorch beside the values of layers: names, errors, element types.
@Suite struct PyTorchFileTests {
  private struct Model: Module {
    let hidden = Linear(3, 4)
    let blocks = [Sequential(Conv1d(2, 2, kernel: 3), ReLU(), BatchNorm1d(2)), Sequential(Residual(LayerNorm(5)))]
    let head: Linear
    let table = Embedding(7, 3)

    /// - Parameter tied: whether the head is the hidden layer once more.
    init(tied: Bool = false) { head = tied ? hidden : Linear(4, 2, bias: false) }
  }

  private static let names = [
    "hidden.weight", "hidden.bias", "blocks.0.0.weight", "blocks.0.0.bias", "blocks.0.2.weight", "blocks.0.2.bias",
    "blocks.0.2.running_mean", "blocks.0.2.running_var", "blocks.0.2.num_batches_tracked", "blocks.1.0.body.weight",
    "blocks.1.0.body.bias", "head.weight", "table.weight",
  ]

  /// A store with every tensor of a module, numbered.
  private func store(_ model: any Module, scope: String = "") throws -> ParameterStore {
    let folder = try TemporaryFolder()
    var tensors: [String: HostTensor] = [:]
    for (number, tensor) in model.pyTorchTensors.enumerated() {
      tensors[tensor.name] =
        tensor.isCounter
        ? HostTensor(Int64(number)) : try Draw.tensor(.f32, tensor.sizes) { Double($0) + Double(number) / 64 }
    }
    try Safetensors.write(tensors, to: folder("all.safetensors"))
    let store = ParameterStore()
    try store.loadPyTorch(model, from: folder("all.safetensors"), scope: scope)
    return store
  }

  @Test func namesFollowTheProperties() throws {
    #expect(Model().pyTorchTensors.map(\.name) == Self.names)
    let store = try store(Model(), scope: "net")
    #expect(store.names.allSatisfy { $0.hasPrefix("net/") })
    #expect(store["net/hidden/weight"]?.sizes == [3, 4])
    #expect(store.role(of: "net/blocks/0/2/running_var") == .state)
  }

  @Test func aSharedLayerStandsUnderBothNames() throws {
    struct Tied: Module {
      let first: Linear
      let second: Linear
    }
    let layer = Linear(2, 2)
    let model = Tied(first: layer, second: layer)
    let store = try store(model)
    #expect(store.names == ["first/weight", "first/bias"])
    let tensors = try store.pyTorchTensors(model)
    #expect(tensors["first.weight"] == tensors["second.weight"])
  }

  @Test func aLayerAloneHasItsTypesName() throws {
    #expect(try store(LSTM(2, 3)).names.first == "lstm/weight_ih_l0")
    #expect(try store(MultiHeadAttention(4, heads: 2)).names.first == "multiHeadAttention/query/weight")
    let graph = try Graph("alone") { g in g.output("y", g.module(RMSNorm(3))(g.input("x", Float.self, [2, 3]))) }
    #expect(graph.inputs.map(\.name) == ["x", "rmsNorm/weight"])
  }

  @Test func everyMismatchIsInOneError() throws {
    let folder = try TemporaryFolder()
    var tensors = try store(Model()).pyTorchTensors(Model())
    tensors["head.weight"] = nil
    tensors["blocks.0.2.num_batches_tracked"] = nil
    tensors["hidden.weight"] = try HostTensor(zeros: .f32, [3, 4])
    tensors["table.weight"] = try HostTensor(zeros: .i32, [7, 3])
    tensors["other"] = HostTensor(1 as Float)
    let path = folder("wrong.safetensors")
    try Safetensors.write(tensors, to: path)
    let store = try store(Model())
    let before = store["hidden/bias"]
    let message =
      "\(path): does not fit the model: 1 missing: head.weight; 1 unexpected: other; 2 of another type: "
      + "hidden.weight (F32[3,4], not float[4,3]), table.weight (I32[7,3], not float[7,3])"
    let error = #expect(throws: Diagnostic.self) { try store.loadPyTorch(Model(), from: path) }
    #expect(error?.description == message)
    #expect(throws: Diagnostic.self) { try store.loadPyTorch(Model(), from: path, strict: false) }
    #expect(store["hidden/bias"] == before, "the store is as it was")
  }

  @Test func withoutStrictnessTheRestIsRead() throws {
    let folder = try TemporaryFolder()
    var tensors = try store(Model()).pyTorchTensors(Model())
    tensors["head.weight"] = nil
    tensors["other"] = HostTensor(1 as Float)
    try Safetensors.write(tensors, to: folder("some.safetensors"))
    let store = ParameterStore()
    let mismatch = try store.loadPyTorch(Model(), from: folder("some.safetensors"), strict: false)
    #expect(mismatch == PyTorchMismatch(missing: ["head.weight"], unexpected: ["other"]))
    #expect(store["head/weight"] == nil && store["hidden/weight"] != nil)
  }

  @Test func floatsBecomeTheStoresType() throws {
    let folder = try TemporaryFolder()
    let model = Linear(2, 1, bias: false)
    let half = try HostTensor(.f16, [1, 2], [.float(0.5), .float(-3)])
    try Safetensors.write(["weight": half], to: folder("half.safetensors"))
    for dtype in [DType.f32, .f64] {
      let store = ParameterStore()
      if dtype == .f64 { try store.set("linear/weight", try HostTensor(zeros: .f64, [2, 1])) }
      try store.loadPyTorch(model, from: folder("half.safetensors"))
      #expect(store["linear/weight"]?.dtype == dtype)
      #expect(store["linear/weight"]?[linear: 1].asDouble == -3)
    }
  }

  @Test func whatTheStoreLacksIsInOneError() throws {
    let folder = try TemporaryFolder()
    let store = ParameterStore()
    try store.set("hidden/weight", try HostTensor(zeros: .f32, [3, 4]))
    try store.set("hidden/bias", try HostTensor(zeros: .f32, [3]))
    try store.set("hidden/scale", try HostTensor(zeros: .f32, [3]))
    struct Small: Module {
      let hidden = Linear(3, 4)
      let output = Linear(4, 1, bias: false)
    }
    let message =
      "the store does not fit the model: 'hidden/scale' (no module says what PyTorch calls it), "
      + "hidden.bias (the store has f32[3] as 'hidden/bias'), output.weight (the store has no 'output/weight')"
    let error = #expect(throws: Diagnostic.self) { try store.savePyTorch(Small(), to: folder("no.safetensors")) }
    #expect(error?.description == message)
    #expect(throws: Diagnostic.self, "nothing is written") { try SafetensorsFile(folder("no.safetensors")) }
  }
}
