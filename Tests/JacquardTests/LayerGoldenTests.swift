import Foundation
import Testing

@testable import Jacquard

/// Every layer against PyTorch, its parameters read from the file that PyTorch wrote: outputs in evaluation and training, the
/// gradient with respect to each input and parameter, statistics after a step, and the file there and back.
@Suite struct LayerGoldenTests {
  @Test(arguments: LayerCases.models.map(\.name)) func agreesWithPyTorch(_ name: String) throws {
    let goldens = try LayerGoldens()
    guard let model = LayerCases.models.first(where: { $0.name == name })?.module else { return }
    let double = LayerRun<Double>(name: name, model: model, goldens: goldens, tolerance: 1e-11)
    #expect(try double.check() == [])
    let single = LayerRun<Float>(name: name, model: model, goldens: goldens, tolerance: 1e-5)
    #expect(try single.check() == [])
  }

  @Test func everyGoldenHasALayer() throws {
    let names = try LayerGoldens().json.required("cases").array().map { try $0.object().required("name").string() }
    #expect(names == LayerCases.models.map(\.name))
  }

  private static let exportFolder = ProcessInfo.processInfo.environment["JACQUARD_PYTORCH_DIR"]

  /// What `Tests/PyTorch/check.py` gives to PyTorch.
  @Test(.enabled(if: exportFolder != nil)) func writesStateDictsForPyTorch() throws {
    let (folder, goldens) = (try #require(Self.exportFolder), try LayerGoldens())
    for (name, model) in LayerCases.models {
      try LayerRun<Float>(name: name, model: model, goldens: goldens, tolerance: 0).export(to: folder)
    }
  }

  // MARK: Defaults

  /// The layers made with nothing but sizes, and those of their attributes that PyTorch has.
  private static func defaults() -> [String: (module: any Module, attributes: [String: JSONValue])] {
    let (rnn, lstm, gru) = (
      RNN(5, 6, layers: 2, bidirectional: true), LSTM(5, 6, layers: 2), GRU(5, 6, bidirectional: true)
    )
    func norm(_ epsilon: Double) -> [String: JSONValue] { ["eps": JSONValue(epsilon)] }
    func batch(_ norm: BatchNormalization) -> [String: JSONValue] {
      ["eps": JSONValue(norm.epsilon), "momentum": JSONValue(norm.momentum)]
    }
    func conv(_ c: Convolution) -> [String: JSONValue] { ["padding_mode": JSONValue("\(c.mode)")] }
    func recurrent(_ s: RecurrentStack) -> [String: JSONValue] { ["batch_first": JSONValue(s.batchFirst)] }
    let (conv1d, conv2d, conv3d) = (Conv1d(4, 6, kernel: 3), Conv2d(4, 6, kernel: 3), Conv3d(4, 6, kernel: 3))
    let (batch1d, batch2d) = (BatchNorm1d(5), BatchNorm2d(5))
    let heads = MultiHeadAttention(8, heads: 2)
    let (encoder, decoder) = (TransformerEncoderLayer(8, heads: 2), TransformerDecoderLayer(8, heads: 2))
    let (group, layer, rms, instance) = (GroupNorm(2, 4), LayerNorm(6), RMSNorm(6), InstanceNorm2d(4))
    return [
      "linear": (Linear(12, 7), [:]), "conv1d": (conv1d, conv(conv1d.convolution)),
      "conv2d": (conv2d, conv(conv2d.convolution)), "conv3d": (conv3d, conv(conv3d.convolution)),
      "convTranspose2d": (ConvTranspose2d(4, 6, kernel: 3), [:]),
      "batchNorm1d": (batch1d, batch(batch1d.normalization)),
      "batchNorm2d": (batch2d, batch(batch2d.normalization)), "groupNorm": (group, norm(group.epsilon)),
      "instanceNorm2d": (instance, ["eps": JSONValue(instance.epsilon), "affine": JSONValue(instance.isAffine)]),
      "layerNorm": (layer, norm(layer.epsilon)),
      "rmsNorm": (rms, ["eps": rms.epsilon.map { JSONValue($0) } ?? JSONValue(.null)]),
      "embedding": (Embedding(5, 6), [:]),
      "attention": (heads, ["dropout": JSONValue(heads.dropout.rate)]),
      "dropout": (Dropout(), ["p": JSONValue(Dropout().rate)]),
      "rnn": (rnn, ["nonlinearity": JSONValue("\(rnn.nonlinearity)")]), "lstm": (lstm, recurrent(lstm.stack)),
      "gru": (gru, recurrent(gru.stack)), "encoderLayer": (encoder, Self.attributes(encoder)),
      "decoderLayer": (decoder, Self.attributes(decoder)),
    ]
  }

  private static func attributes(_ layer: TransformerEncoderLayer) -> [String: JSONValue] {
    [
      "norm_first": JSONValue(layer.normFirst), "activation.__name__": JSONValue("\(layer.activation)"),
      "dropout.p": JSONValue(layer.dropout.rate), "dropout1.p": JSONValue(layer.dropout1.rate),
      "dropout2.p": JSONValue(layer.dropout2.rate), "self_attn.dropout": JSONValue(layer.attention.dropout.rate),
      "norm1.eps": JSONValue(layer.norm1.epsilon), "norm2.eps": JSONValue(layer.norm2.epsilon),
    ]
  }

  private static func attributes(_ layer: TransformerDecoderLayer) -> [String: JSONValue] {
    [
      "norm_first": JSONValue(layer.normFirst), "activation.__name__": JSONValue("\(layer.activation)"),
      "dropout.p": JSONValue(layer.dropout.rate), "dropout1.p": JSONValue(layer.dropout1.rate),
      "dropout2.p": JSONValue(layer.dropout2.rate), "dropout3.p": JSONValue(layer.dropout3.rate),
      "self_attn.dropout": JSONValue(layer.attention.dropout.rate),
      "multihead_attn.dropout": JSONValue(layer.crossAttention.dropout.rate),
      "norm1.eps": JSONValue(layer.norm1.epsilon), "norm3.eps": JSONValue(layer.norm3.epsilon),
    ]
  }

  @Test func defaultsArePyTorchs() throws {
    let entries = try LayerGoldens().json.required("defaults").array().map { try $0.object() }
    let defaults = Self.defaults()
    #expect(entries.count == defaults.count)
    var wrong: [String] = []
    for entry in entries {
      let name = try entry.required("name").string()
      guard let (module, attributes) = defaults[name] else { throw Diagnostic("no layer \(name)") }
      let expected = try entry.required("attributes").object()
      for (key, value) in attributes {
        let found = try expected.required(key)
        if found.utf8(.compact) != value.utf8(.compact) { wrong.append("\(name): \(key)") }
      }
      wrong += try starts(name, module, try entry.required("starts").object(), try entry.required("shapes").object())
    }
    #expect(wrong == [])
  }

  /// What differs in the names, the sizes or the starts of a layer's tensors.
  private func starts(
    _ name: String, _ module: any Module, _ expected: JSONObject, _ shapes: JSONObject
  ) throws -> [String] {
    let graph = try declared(name, module)
    let context = GraphContext(name: name, mode: .training)
    _ = context.module(module)
    var wrong: [String] = []
    for tensor in module.pyTorchTensors {
      let start = try expected.required(tensor.name).array()
      let sizes = try shapes.required(tensor.name).array().map { try $0.int() }
      if sizes != tensor.sizes { wrong.append("\(name).\(tensor.name): \(tensor.sizes), not \(sizes)") }
      for part in tensor.parts {
        let input = graph.input(named: "\(context.path(of: part.layer))/\(part.name)")
        let (kind, numbers) = self.start(input, part.sizes)
        let same = try zip(numbers, start.dropFirst()).allSatisfy { try abs($0 - $1.double()) <= 1e-12 }
        if try kind != start[0].string() || numbers.count != start.count - 1 || !same {
          wrong.append(
            "\(name).\(tensor.name): \(kind) \(numbers), not \(start.map { String(decoding: $0.utf8(.compact), as: UTF8.self) })"
          )
        }
      }
    }
    let names = Set(module.pyTorchTensors.map(\.name))
    return wrong + (names == Set(expected.fields.map(\.name)) ? [] : ["\(name): \(names)"])
  }

  private func start(_ input: Input?, _ sizes: [Int]) -> (kind: String, numbers: [Double]) {
    guard let input else { return ("no input", []) }
    guard let start = input.initializer else { return ("constant", [0]) }
    switch start.kind {
    case .zeros: return ("constant", [0])
    case .ones: return ("constant", [1])
    case .constant: return ("constant", [start.value ?? 0])
    default: break
    }
    switch start.distribution(sizes) {
    case .even(let low, let high): return ("uniform", [low, high])
    case .bell(let mean, let deviation): return ("normal", [mean, deviation])
    case .cutBell, .orthogonal: return (start.kind.rawValue, [])
    }
  }

  private func declared(_ name: String, _ module: any Module) throws -> Graph {
    let inputs: [String: [Shape]] = [
      "linear": [[2, 12]], "conv1d": [[2, 4, 5]], "conv2d": [[2, 4, 5, 5]], "conv3d": [[2, 4, 5, 5, 5]],
      "convTranspose2d": [[2, 4, 5, 5]], "batchNorm1d": [[2, 5]], "batchNorm2d": [[2, 5, 3, 3]],
      "groupNorm": [[2, 4, 3]], "instanceNorm2d": [[2, 4, 3, 3]], "layerNorm": [[2, 6]], "rmsNorm": [[2, 6]],
      "embedding": [[2]], "attention": [[2, 3, 8]], "dropout": [[2]], "rnn": [[3, 2, 5]], "lstm": [[3, 2, 5]],
      "gru": [[3, 2, 5]], "encoderLayer": [[2, 3, 8]], "decoderLayer": [[2, 3, 8], [2, 4, 8]],
    ]
    return try Graph(name, mode: .training) { g in
      let named = g.module(module)
      let shapes = inputs[name] ?? []
      let isTable = module is Embedding
      let x: [Tensor<Float>] = isTable ? [] : shapes.enumerated().map { g.input("x\($0)", Float.self, $1) }
      let indices = isTable ? g.input("i", Int32.self, shapes[0]) : nil
      for (index, y) in LayerCases.call(name, named, x, indices).enumerated() { g.output("y\(index)", y) }
    }
  }
}
