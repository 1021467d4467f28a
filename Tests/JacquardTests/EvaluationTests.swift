import Foundation
import Jacquard
import Testing

/// What the figures of evaluation mean where no library says it.
@Suite struct EvaluationTests {
  private func matrix(_ rows: [[Double]]) throws -> HostTensor {
    try HostTensor(rows.flatMap { $0 }, [rows.count, rows.first?.count ?? 0])
  }

  @Test func foldsTestEveryExampleOnce() throws {
    let folds = try KFold(103, folds: 5, seed: 3)
    #expect(folds.splits.flatMap(\.test).sorted() == Array(0..<103))
    #expect(folds.splits.allSatisfy { ($0.train + $0.test).sorted() == Array(0..<103) })
    #expect(folds.splits == (try KFold(103, folds: 5, seed: 3)).splits)
    #expect(folds.splits != (try KFold(103, folds: 5, seed: 4)).splits)
  }

  /// bias² + variance is the mean squared distance to the truth, exactly.
  @Test func biasAndVarianceAddUp() throws {
    let predictions = [[1.0, 2, 0], [3, 2.5, 1], [2, 1, -4]]
    let truth = [1.5, 2, 0.25]
    let parts = try BiasVariance(predictions: predictions, truth: truth, noise: 0.5)
    let error = predictions.map { row in zip(row, truth).reduce(0) { $0 + ($1.0 - $1.1) * ($1.0 - $1.1) } }
    #expect(abs(parts.expectedError - 0.5 - error.reduce(0, +) / 9) < 1e-14)
    let same = try BiasVariance(predictions: [truth, truth], truth: truth, noise: 0)
    #expect(same.squaredBias == 0 && same.variance == 0)
  }

  @Test func binsAreClosedAbove() {
    let reliability = Reliability(
      confidences: [0, 0.1, 0.1000001, 1, .nan], correct: [true, true, false, true, true])
    #expect(reliability.bins.map(\.count) == [2, 1, 0, 0, 0, 0, 0, 0, 0, 1])
    #expect(Reliability(confidences: [], correct: []).expectedCalibrationError == 0)
  }

  @Test func transformsAreDeterministic() throws {
    let images = try HostTensor([Float](repeating: 0.5, count: 3 * 28 * 28), [3, 28, 28])
    let noisy = try ImageTransform.gaussianNoise(deviation: 0.2, seed: 1).apply(to: images)
    #expect(noisy == (try ImageTransform.gaussianNoise(deviation: 0.2, seed: 1).apply(to: images)))
    #expect(noisy != (try ImageTransform.gaussianNoise(deviation: 0.2, seed: 2).apply(to: images)))
    let pixels = noisy.elements(Float.self).map(Double.init)
    let mean = pixels.reduce(0, +) / Double(pixels.count)
    let variance = pixels.reduce(0) { $0 + ($1 - mean) * ($1 - mean) } / Double(pixels.count)
    #expect(abs(mean - 0.5) < 0.02 && abs(variance.squareRoot() - 0.2) < 0.02)
    let salt = try ImageTransform.saltNoise(fraction: 0.3, seed: 1).apply(to: images).elements(Float.self)
    let (black, white) = (salt.count { $0 == 0 }, salt.count { $0 == 1 })
    #expect(abs(Double(black + white) / Double(salt.count) - 0.3) < 0.04 && abs(black - white) < 200)
    let inverted = try ImageTransform.inversion.apply(to: noisy)
    let restored = try ImageTransform.inversion.apply(to: inverted).elements(Float.self)
    #expect(zip(restored, noisy.elements(Float.self)).allSatisfy { abs($0 - $1) < 1e-6 })
  }

  @Test func dataSetsAreTransformed() throws {
    let images = try HostTensor((0..<2 * 9).map { UInt8($0) }, [2, 3, 3])
    let labels = try HostTensor([UInt8(4), 7], [2])
    let data = try DataSet("tiny", [DataSet.Column("image", images), DataSet.Column("label", labels)])
    let moved = try data.transforming(.shift(rows: 0, columns: 1))
    #expect(moved["image"]?.values.elements(UInt8.self).prefix(6) == [0, 0, 1, 0, 3, 4])
    #expect(try moved.integers("label") == [4, 7])
    #expect(try data.images().sizes == [2, 9])
  }

  @Test func badInputIsSaid() throws {
    let logits = try matrix([[1, 2], [3, 4]])
    let rows: [(String, () throws -> Void)] = [
      ("3 labels", { _ = try logits.negativeLogLikelihood(of: [0, 1, 1]) }),
      ("label 2", { _ = try Reliability(logits: logits, labels: [0, 2]) }),
      ("not a matrix", { _ = try HostTensor([Int32(1)], [1]).energyInRows() }),
      ("every prediction is right", { _ = try TemperatureScaling(fitting: logits, labels: [1, 1]) }),
      ("no better than chance", { _ = try TemperatureScaling(fitting: logits, labels: [0, 0]) }),
      ("folds", { _ = try KFold(3, folds: 4) }),
      ("no predictions", { _ = try BiasVariance(predictions: [], truth: [], noise: 0) }),
      ("5 components", { _ = try PCA(fitting: logits, components: 5) }),
      ("two rows", { _ = try PCA(fitting: try HostTensor([1.0, 2], [1, 2])) }),
      ("columns", { _ = try frechetDistance(logits, try HostTensor([1.0, 2, 3], [3, 1])) }),
      ("no reference", { _ = try NearestNeighbors(try HostTensor([Double](), [0, 2])) }),
      ("columns", { _ = try NearestNeighbors(logits).find(try HostTensor([1.0], [1, 1]), k: 1) }),
      ("f32[..., height, width]", { _ = try ImageTransform.inversion.apply(to: logits) }),
    ]
    for (text, body) in rows {
      let error = #expect(throws: Diagnostic.self, "\(text)") { try body() }
      #expect(error?.message.contains(text) == true, "\(text): \(error?.message ?? "")")
    }
  }
}
