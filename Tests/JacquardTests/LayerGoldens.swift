import Foundation
import Jacquard

/// The goldens of the layers in Tests/Goldens: state dicts that PyTorch wrote, outputs, gradients, statistics, defaults.
struct LayerGoldens {
  let json: JSONObject
  let tensors: SafetensorsFile

  init() throws {
    let bytes = [UInt8](try Data(contentsOf: URL(fileURLWithPath: "\(TrainingGoldens.folder)/layers.json")))
    json = try JSONValue.parse(bytes, file: "layers.json").object()
    tensors = try SafetensorsFile("\(TrainingGoldens.folder)/layers.safetensors")
  }

  /// The file that PyTorch wrote.
  static func stateDict(_ name: String) -> String { "\(TrainingGoldens.folder)/pytorch/\(name).safetensors" }

  /// The tensors `NAME/KIND0`, `NAME/KIND1`, ...
  func list(_ name: String, _ kind: String) throws -> [HostTensor] {
    var result: [HostTensor] = []
    while tensors["\(name)/\(kind)\(result.count)"] != nil {
      result.append(try tensors.tensor("\(name)/\(kind)\(result.count)"))
    }
    return result
  }

  /// The tensors under `NAME/KIND/`, by the rest of their names.
  func group(_ name: String, _ kind: String) throws -> [String: HostTensor] {
    let prefix = "\(name)/\(kind)/"
    var result: [String: HostTensor] = [:]
    for full in tensors.names where full.hasPrefix(prefix) {
      result[String(full.dropFirst(prefix.count))] = try tensors.tensor(full)
    }
    return result
  }
}

/// The layers of the goldens, and how each is called.
enum LayerCases {
  static var models: [(name: String, module: any Module)] {
    [
      ("linear", Linear(4, 3)),
      ("conv1d", Conv1d(4, 6, kernel: 3, stride: 2, padding: 1, groups: 2)),
      ("conv1d.circular", Conv1d(2, 3, kernel: 3, padding: 2, paddingMode: .circular)),
      ("conv2d", Conv2d(2, 3, kernel: 3, padding: 2, dilation: 2, bias: false)),
      ("conv2d.reflect", Conv2d(2, 3, kernel: 3, padding: 1, paddingMode: .reflect)),
      ("conv2d.replicate", Conv2d(2, 3, kernel: 3, stride: 2, padding: 1, paddingMode: .replicate)),
      ("conv3d", Conv3d(2, 3, kernel: 2, stride: 2, padding: 1)),
      ("convTranspose2d", ConvTranspose2d(4, 6, kernel: 3, stride: 2, padding: 1, outputPadding: 1, groups: 2)),
      (
        "convTranspose2d.dilated",
        ConvTranspose2d(2, 3, kernel: 2, stride: 3, outputPadding: 2, bias: false, dilation: 2)
      ),
      ("batchNorm1d", BatchNorm1d(3)), ("batchNorm1d.length", BatchNorm1d(3, epsilon: 0.01, momentum: 0.3)),
      ("batchNorm2d", BatchNorm2d(2)), ("groupNorm", GroupNorm(2, 4)), ("instanceNorm2d", InstanceNorm2d(3)),
      ("instanceNorm2d.affine", InstanceNorm2d(3, affine: true)), ("layerNorm", LayerNorm(6)), ("rmsNorm", RMSNorm(6)),
      ("maxPool1d", MaxPool1d(3, stride: 2, padding: 1)), ("avgPool2d", AvgPool2d(2)),
      ("avgPool2d.padding", AvgPool2d(3, stride: 2, padding: 1)), ("embedding", Embedding(6, 4)),
      ("attention", MultiHeadAttention(8, heads: 2)),
      ("attention.noBias", MultiHeadAttention(8, heads: 4, bias: false)),
      ("attention.memory", MultiHeadAttention(8, heads: 2)), ("attention.causal", MultiHeadAttention(8, heads: 2)),
      ("encoderLayer.pre", encoderLayer()), ("encoderLayer.post", encoderLayer(normFirst: false)),
      (
        "decoderLayer.pre",
        TransformerDecoderLayer(8, heads: 2, hidden: 12, normFirst: true, activation: .gelu, dropout: 0)
      ),
      ("decoderLayer.post", TransformerDecoderLayer(8, heads: 2, hidden: 12, dropout: 0)),
      ("encoder", TransformerEncoder([encoderLayer(), encoderLayer()], norm: LayerNorm(8))),
      ("rnn", RNN(3, 4)), ("rnn.relu", RNN(3, 4, layers: 2, nonlinearity: .relu, bias: false)), ("lstm", LSTM(3, 4)),
      ("lstm.stack", LSTM(3, 4, layers: 2, batchFirst: true, bidirectional: true)), ("gru", GRU(3, 4)),
      ("gru.stack", GRU(3, 4, layers: 2, batchFirst: true, bidirectional: true)), ("gcnConv", GCNConv(3, 4)),
      ("gatConv", GATConv(3, 4, heads: 2)), ("gatConv.mean", GATConv(3, 4, heads: 2, concatenates: false)),
      ("messagePassing.sum", messages(.sum)), ("messagePassing.mean", messages(.mean)),
      ("messagePassing.max", messages(.max)), ("sinusoidalPositions", SinusoidalPositions()),
      ("learnedPositions", LearnedPositions(7, 6)), ("rotary", Rotary(interleaved: false)),
      ("rotary.interleaved", Rotary(interleaved: true)),
      ("decoderLayer.noBias", TransformerDecoderLayer(8, heads: 2, hidden: 12, dropout: 0, bias: false)),
    ]
  }

  private static func encoderLayer(normFirst: Bool = true) -> TransformerEncoderLayer {
    TransformerEncoderLayer(
      8, heads: 2, hidden: 12, normFirst: normFirst, activation: normFirst ? .gelu : .relu, dropout: 0)
  }

  private static func messages(_ aggregation: Aggregation) -> MessagePassing {
    MessagePassing(message: Linear(8, 4), update: Linear(7, 5), aggregation: aggregation)
  }

  struct Rotary: Module {
    let interleaved: Bool
  }

  /// Calls a layer as the goldens' script does.
  ///
  /// - Parameters:
  ///   - x: the float inputs, in order. - indices: the input of integers, if there is one.
  static func call<S: TensorFloat>(
    _ name: String, _ model: any Module, _ x: [Tensor<S>], _ indices: Tensor<Int32>?
  ) -> [Tensor<S>] {
    if let indices { return [call(model, x, indices)] }
    switch model {
    case let model as MultiHeadAttention:
      return [model(x[0], memory: x.count > 1 ? x[1] : nil, causal: name.hasSuffix("causal"))]
    case let model as TransformerEncoderLayer: return [model(x[0])]
    case let model as TransformerEncoder: return [model(x[0])]
    case let model as TransformerDecoderLayer: return [model(x[0], memory: x[1], causal: true)]
    case let model as RNN: return pair(model(x[0], initial: x.count > 1 ? x[1] : nil))
    case let model as GRU: return pair(model(x[0], initial: x.count > 1 ? x[1] : nil))
    case let model as LSTM:
      let (output, hidden, cell) = model(x[0], initial: x.count > 1 ? (x[1], x[2]) : nil)
      return [output, hidden, cell]
    case let model as any UnaryModule: return [model.callAsFunction(x[0], file: #fileID, line: #line)]
    default: return []
    }
  }

  private static func pair<S>(_ results: (output: Tensor<S>, hidden: Tensor<S>)) -> [Tensor<S>] {
    [results.output, results.hidden]
  }

  private static func call<S: TensorFloat>(
    _ model: any Module, _ x: [Tensor<S>], _ indices: Tensor<Int32>
  ) -> Tensor<S> {
    switch model {
    case let model as Embedding: return model(indices, as: S.self)
    case let model as GCNConv: return model(x[0], edges: indices)
    case let model as GATConv: return model(x[0], edges: indices)
    case let model as MessagePassing: return model(x[0], edges: indices, features: x[1])
    case let model as Rotary: return rotaryEmbedding(x[0], positions: indices, interleaved: model.interleaved)
    default: return x[0]
    }
  }
}
