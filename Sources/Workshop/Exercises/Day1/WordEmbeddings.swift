import Foundation
import Jacquard

/// 1.5: words as vectors, learnt from who stands near whom: skip-gram with negative sampling (Mikolov et al. 2013).
struct WordEmbeddings: Exercise {
  let id = "1.5"
  static let size = 32

  /// A training step: pairs from the text score high, pairs with words drawn by chance low.
  static func training(vocabulary: Int, rate: Double) throws -> Graph {
    try Graph("skipgram.train", mode: .training, symbols: ["N": 2048]) { g in
      let bound = 0.5 / Double(size)
      let words = g.parameter(
        "words", Float.self, [Dim(vocabulary), Dim(size)], Initializer(.uniform, low: -bound, high: bound))
      let contexts = g.parameter("contexts", Float.self, [Dim(vocabulary), Dim(size)], Initializer(.zeros))
      let word = words.gathered(g.input("word", Int32.self, ["N"])).expandingDims(1)
      let near = contexts.gathered(g.input("context", Int32.self, ["N", 1]))
      let far = contexts.gathered(g.input("negative", Int32.self, ["N", 5]))
      let positive = softplus(-(word * near).sum(2)).sum(1).mean()
      let loss = positive + softplus((word * far).sum(2)).sum(1).mean()
      g.minimize(loss, with: Adam(learningRate: .constant(rate)))
      g.output("loss", loss)
    }
  }

  func run(_ run: Run) throws {
    guard let (name, text) = try run.data.text() else {
      for key in ["auc", "auc.gain", "auc.course"] { run.skip(key, because: run.text("missing")) }
      return run.decide(.collect, "undecided")
    }
    let pairs = try WordPairs(text, share: run.pick(1, quick: 0.2), seed: run.seed)
    run.say("corpus", ["name": name, "words": "\(pairs.vocabulary.count)", "pairs": "\(pairs.train.count)"])
    let trained = try run.fit(
      Self.training(vocabulary: pairs.vocabulary.count, rate: run.learningRate(5e-3)), on: pairs.trainingData(),
      epochs: run.epochs(3, quick: 3), batch: 2048)
    let vectors = try WordVectors(trained.store, pairs.vocabulary)
    run.heading("training")
    run.plot(
      "losses", x: "axis.epoch", y: "axis.loss",
      [.line("", trained.history.map { Double($0.epoch + 1) }, trained.history.map(\.loss))])
    heldOut(run, pairs, vectors)
    neighbours(run, vectors)
    run.decide(.collect, "decision", ["words": "\(pairs.tokenCount)"])
  }

  // MARK: Held-out pairs

  /// How well scores tell pairs of the text that training never saw from pairs drawn by chance.
  private func heldOut(_ run: Run, _ pairs: WordPairs, _ vectors: WordVectors) {
    let held = pairs.held
    func curve(uniform: Bool, _ score: (Int, Int) -> Double) -> RankingCurve {
      let others = pairs.drawn(held.count, uniform: uniform)
      let scores = held.map { score($0.word, $0.context) } + zip(held, others).map { score($0.word, $1) }
      return RankingCurve(scores: scores, isPositive: held.map { _ in true } + others.map { _ in false })
    }
    let frequency = { (_: Int, context: Int) in Double(pairs.counts[context]) }
    let (learnt, common) = (curve(uniform: false, vectors.score), curve(uniform: false, frequency))
    let (easy, easyCommon) = (curve(uniform: true, vectors.score), curve(uniform: true, frequency))
    run.heading("heldout")
    run.say("heldout.why")
    run.plot(
      "roc", x: "axis.false", y: "axis.true.rate",
      [
        Self.line(run.text("vectors"), learnt), Self.line(run.text("frequency"), common),
        .dashes(run.text("chance"), [0, 1], [0, 1]),
      ])
    run.table(
      ["score", "noise", "uniform"],
      [(run.text("vectors"), learnt, easy), (run.text("frequency"), common, easyCommon)].map {
        [$0.0, NumberStyle.number.text($0.1.auroc), NumberStyle.number.text($0.2.auroc)]
      })
    // PyTorch, 3 seeds, tinyshakespeare, 3 epochs: 0.630 to 0.636 against 0.517 to 0.524 by frequency. The quick bounds are proposals.
    run.claim("auc", learnt.auroc, .atLeast(0.60, quick: 0.53))
    run.claim("auc.gain", learnt.auroc - common.auroc, .atLeast(0.08, quick: 0.01))
    run.claim(
      "auc.course", learnt.auroc, .atLeast(0.85), ofCourse: true,
      reason: run.text("auc.reason", ["frequency": NumberStyle.number.text(easyCommon.auroc)]))
  }

  /// A curve of at most 200 points.
  private static func line(_ name: String, _ curve: RankingCurve) -> Plot.Series {
    let every = max(1, curve.falsePositiveRates.count / 200)
    let places = Array(stride(from: 0, to: curve.falsePositiveRates.count, by: every))
    return .line(
      name, places.map { curve.falsePositiveRates[$0] } + [1], places.map { curve.truePositiveRates[$0] } + [1])
  }

  // MARK: Neighbours

  /// Shown, not asserted: small texts give rough neighbours.
  private func neighbours(_ run: Run, _ vectors: WordVectors) {
    run.heading("neighbours")
    run.table(
      ["word", "nearest"],
      ["king", "queen", "father", "love", "death", "night", "sword", "she"].compactMap { word in
        vectors.nearest(to: word).map { [word, $0.joined(separator: ", ")] }
      })
    run.say("analogies")
    let questions = [["man", "king", "woman"], ["father", "son", "mother"], ["he", "his", "she"]]
    run.table(
      ["question", "answers"],
      questions.compactMap { q in
        vectors.analogy(q[0], q[1], q[2]).map { ["\(q[0]) : \(q[1]) = \(q[2]) : ?", $0.joined(separator: ", ")] }
      })
  }
}
