import Jacquard

/// A test set that counts how often it was read. Each reading that a choice follows from makes its next figure worth less.
final class CountedExam {
  private let rows: [Int]
  private(set) var reads = 0

  init(rows: [Int]) { self.rows = rows }

  /// - Parameter right: Whether each test image is classified rightly.
  func accuracy(of right: [Bool]) -> Double {
    reads += 1
    return Proportion(of: rows.count { right[$0] }, among: rows.count).value
  }
}

/// Fifty linear classifiers, each on 300 images of its own, trained side by side in one graph.
enum Fifty {
  static let count = 50
  static let images = 300

  /// - Parameter rate: nil for the forward graph, which takes the same images for all.
  static func graph(rate: Double?) throws -> Graph {
    let (models, own) = (Dim(count), Dim(images))
    let mode: GraphContext.Mode = rate == nil ? .evaluation : .training
    return try Graph(rate == nil ? "fifty" : "fifty.train", mode: mode, symbols: ["N": 500]) { g in
      let weight = g.parameter("weight", Float.self, [models, 784, 10], Initializer(.zeros))
      let bias = g.parameter("bias", Float.self, [models, 1, 10], Initializer(.zeros))
      guard let rate else {
        let x = g.input("x", Float.self, ["N", 784])
        let logits = einsum("nd,mdc->mnc", x, weight) + bias
        return g.output("classes", logits.argmax(2))
      }
      let logits = einsum("mnd,mdc->mnc", g.input("x", Float.self, [models, own, 784]), weight) + bias
      let labels = g.input("y", Int32.self, [models, own])
      // The sum over the models leaves each model's gradient as if it were alone.
      let loss = crossEntropy(logits: logits, labels: labels) * Float(count)
      g.minimize(loss, with: Adam(learningRate: .constant(rate)))
      g.output("loss", loss)
    }
  }

  /// Whether each of the fifty classifies each test image rightly.
  static func train(_ run: Run, _ data: DataSet, _ test: DataSet, _ labels: [Int]) throws -> [[Bool]] {
    let key = Philox(seed: run.seed).folded(50)
    let rows = (0..<count * images).map { Int(key.uniform($0) * Double(data.count)) }
    let own = try data.rows(rows)
    let inputs = [
      "x": try own.images().reshaped([count, images, 784]),
      "y": try HostTensor(own.integers("label").map { Int32($0) }, [count, images]),
    ]
    let steps = run.pick(100, quick: 60)
    let training = try graph(rate: run.learningRate(1e-2))
    let trained = try run.fit(training, "best", steps: steps, recipe: Digest.of(own)) { _ in inputs }
    let session = try Session(graph(rate: nil), trained.store, options: run.session)
    var right = [[Bool]](repeating: [], count: count)
    for batch in test.batches(500) {
      let classes = try session.step(["x": batch.images()])["classes"]
      for model in 0..<count {
        for (place, row) in batch.rows.enumerated() {
          right[model].append(classes?[linear: model * batch.count + place].asInt == Int64(labels[Int(row)]))
        }
      }
    }
    return right
  }
}
