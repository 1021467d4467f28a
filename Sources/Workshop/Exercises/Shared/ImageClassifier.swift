import Jacquard

/// Two models of about as many parameters, a perceptron and a convolutional network, that 4.1 compares. Other exercises measure with
/// them: the same graph, name and recipe find the same weights.
enum ImageClassifier: String, CaseIterable {
  case mlp, cnn

  /// 784-530-10: every hidden unit sees every pixel.
  struct MLP: Module {
    let hidden = Linear(784, 530)
    let output = Linear(530, 10)
  }

  /// Two convolutions, each followed by pooling, then two affine maps.
  struct CNN: Module {
    let conv1 = Conv2d(1, 32, kernel: 3, padding: 1)
    let conv2 = Conv2d(32, 64, kernel: 3, padding: 1)
    let hidden = Linear(3136, 128)
    let output = Linear(128, 10)
    let pool = MaxPool2d(2)

    func features(_ x: Tensor<Float>) -> Tensor<Float> {
      let planes = pool(relu(conv2(pool(relu(conv1(x.reshaped([-1, 1, 28, 28])))))))
      return relu(hidden(planes.flattened()))
    }
  }

  /// What a trained model says of images.
  struct Answer {
    /// `f32[N,10]`.
    let logits: HostTensor
    /// The hidden layer before the logits: `f32[N,530]` or `f32[N,128]`.
    let features: HostTensor

    /// The largest of each image's probabilities.
    func confidences() throws -> [Double] { try logits.softmaxInRows().map { $0.max() ?? .nan } }
  }

  /// Images `x` in, `logits` and `features` out.
  func forward() throws -> Graph {
    try Graph(rawValue, symbols: ["N": 128]) { g in
      let (features, logits) = layers(g)
      g.output("logits", logits)
      g.output("features", features)
    }
  }

  /// A whole step: forward, loss, backward, Adam.
  func training(rate: Double) throws -> Graph {
    try Graph("\(rawValue).train", mode: .training, symbols: ["N": 128]) { g in
      let labels = g.input("y", Int32.self, ["N"])
      let loss = crossEntropy(logits: layers(g).logits, labels: labels)
      g.minimize(loss, with: Adam(learningRate: .constant(rate)))
      g.output("loss", loss)
    }
  }

  private func layers(_ g: GraphContext) -> (features: Tensor<Float>, logits: Tensor<Float>) {
    let x = g.input("x", Float.self, ["N", 784], feed: FeedHint(column: "image", scale: 1.0 / 255))
    switch self {
    case .mlp:
      let model = g.module(MLP())
      let features = relu(model.hidden(x))
      return (features, model.output(features))
    case .cnn:
      let model = g.module(CNN())
      let features = model.features(x)
      return (features, model.output(features))
    }
  }

  /// The one recipe: 5 epochs of the perceptron or 3 of the network on all training images, in a quick run 2 or 1 on the first 10,000;
  /// batches of 128, learning rate 0.001.
  func trained(_ run: Run) throws -> Trained {
    let epochs = self == .mlp ? run.epochs(5, quick: 2) : run.epochs(3, quick: 1)
    return try run.fit(
      training(rate: run.learningRate(1e-3)), on: run.data.train(), epochs: epochs,
      evaluating: (forward(), run.data.test()))
  }

  /// - Parameter images: `f32[N,784]` from 0 to 1.
  func answer(_ images: HostTensor, _ store: ParameterStore, _ run: Run) throws -> Answer {
    let outputs = try Predictor(forward(), store, options: run.session).predict(["x": images], batchSize: 500)
    guard let logits = outputs["logits"], let features = outputs["features"] else {
      throw Diagnostic("no output", place: rawValue)
    }
    return Answer(logits: logits, features: features)
  }
}
