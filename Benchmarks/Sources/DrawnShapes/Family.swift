import Jacquard

/// A kind of model, and how its sizes are drawn.
struct Family: Sendable {
  let name: String
  let draw: @Sendable (inout Draw) -> Drawing

  /// What was drawn.
  struct Drawing {
    var batch: Int
    var sizes: [(name: String, value: JSONValue)]
    var optimizer = DrawnOptimizer.adam(1e-3)
    /// Sizes of symbols beside `N`, the batch.
    var symbols: [(name: String, size: Int)] = []
    var loss: (GraphContext) -> Tensor<Float>
  }

  static let all = [
    mlp, autoencoder, vae, denoisingMLP, cnn, resnet, unet, gnn, word2vec, transformer,
  ]

  /// - Throws: `Diagnostic` if the model cannot be built, which is an error of this package.
  func model(seed: Int, family: Int, index: Int) throws -> DrawnModel {
    var draw = Draw(seed: seed, family, index)
    let drawing = self.draw(&draw)
    let graph = try Graph("\(name).\(index).train", mode: .training) { g in
      g.symbol("N", default: drawing.batch)
      for symbol in drawing.symbols { g.symbol(symbol.name, default: symbol.size) }
      let loss = drawing.loss(g)
      drawing.optimizer.minimize(loss, in: g)
      g.output("loss", loss)
    }
    return DrawnModel(
      family: name, index: index, batch: drawing.batch, sizes: drawing.sizes, optimizer: drawing.optimizer,
      graph: graph)
  }
}

extension GraphContext {
  /// Numbers from 0 to 1, as of images.
  func images(_ shape: [Int]) -> Tensor<Float> {
    input("x", Float.self, Shape([.symbol("N")] + shape.map { Dim($0) }), sample: SampleHint(.uniform, low: 0, high: 1))
  }

  /// Whole numbers below `count`.
  func whole(_ name: String, _ shape: Shape, below count: Int) -> Tensor<Int32> {
    input(name, Int32.self, shape, sample: SampleHint(.integers, low: 0, high: Double(count)))
  }

  func labels(_ classes: Int) -> Tensor<Int32> { whole("y", ["N"], below: classes) }
}
