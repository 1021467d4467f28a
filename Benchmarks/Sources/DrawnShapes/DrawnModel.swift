import Jacquard

/// A model with drawn sizes, and its training step.
public struct DrawnModel: Sendable {
  /// As the model is called in `graphs/`: `resnet`.
  public let family: String
  /// Number among those of its family, from 0.
  public let index: Int
  /// Examples a step (nodes of a graph network).
  public let batch: Int
  /// What its initialiser was given, and the sizes of its data.
  public let sizes: [(name: String, value: JSONValue)]
  public let optimizer: DrawnOptimizer
  /// The whole training step: forward, backward, update. Output `loss`.
  public let graph: Graph

  /// `resnet.0`
  public var name: String { "\(family).\(index)" }
  /// Within the folder of `shapes.json`.
  public var file: String { "\(name).train.json" }

  /// Its entry in `shapes.json`.
  func json() throws -> JSONValue {
    let bound = try graph.binding(Dictionary(graph.symbols.map { ($0.name, $0.defaultSize ?? 1) }) { $1 })
    let parameters = bound.inputs.filter { $0.role == .parameter }
    let count = parameters.reduce(0) { $0 + ($1.type.shape.sizes ?? []).reduce(1, *) }
    return JSONValue(fields: [
      ("name", JSONValue(name)), ("family", JSONValue(family)), ("graph", JSONValue(file)), ("batch", JSONValue(batch)),
      ("sizes", JSONValue(fields: sizes)), ("optimizer", optimizer.json),
      ("inputs", JSONValue(bound.inputs.filter { $0.role == .data }.map(DrawnModel.json))),
      ("parameters", JSONValue(parameters.map(DrawnModel.json))), ("parameter_count", JSONValue(count)),
    ])
  }

  private static func json(_ input: Input) -> JSONValue {
    var fields: [(String, JSONValue)] = [
      ("name", JSONValue(input.name)), ("dtype", JSONValue(input.type.dtype.rawValue)),
      ("shape", JSONValue((input.type.shape.sizes ?? []).map { JSONValue($0) })),
    ]
    if let sample = input.sample {
      var draw: [(String, JSONValue)] = [("kind", JSONValue(sample.kind.rawValue))]
      if let low = sample.low { draw.append(("low", JSONValue(low))) }
      if let high = sample.high { draw.append(("high", JSONValue(high))) }
      fields.append(("sample", JSONValue(fields: draw)))
    }
    return JSONValue(fields: fields)
  }
}

/// How a model is trained.
public enum DrawnOptimizer: Sendable {
  case adam(Double)
  /// Weight decay 0.01.
  case adamW(Double)
  case sgd(Double)

  var json: JSONValue {
    switch self {
    case .adam(let rate): JSONValue(fields: [("kind", "adam"), ("learning_rate", JSONValue(rate))])
    case .adamW(let rate):
      JSONValue(fields: [("kind", "adamw"), ("learning_rate", JSONValue(rate)), ("weight_decay", 0.01)])
    case .sgd(let rate): JSONValue(fields: [("kind", "sgd"), ("learning_rate", JSONValue(rate))])
    }
  }

  func minimize(_ loss: Tensor<Float>, in g: GraphContext) {
    switch self {
    case .adam(let rate): g.minimize(loss, with: Adam(learningRate: .constant(rate)))
    case .adamW(let rate): g.minimize(loss, with: AdamW(learningRate: .constant(rate), weightDecay: 0.01))
    case .sgd(let rate): g.minimize(loss, with: SGD(learningRate: .constant(rate)))
    }
  }
}
