import Foundation
import Jacquard
import Testing

/// Figures of evaluation against scikit-learn's and SciPy's (`Tests/Goldens/README.md`).
@Suite struct EvaluationGoldenTests {
  private let figures: [String: JSONObject]
  private let tensors: SafetensorsFile

  init() throws {
    let json = try JSONValue.read("\(TrainingGoldens.folder)/evaluation.json").object()
    var figures: [String: JSONObject] = [:]
    for entry in try json.required("figures").array() {
      let object = try entry.object()
      figures[try object.required("name").string()] = object
    }
    self.figures = figures
    tensors = try SafetensorsFile("\(TrainingGoldens.folder)/evaluation.safetensors")
  }

  private func golden(_ part: String, _ key: String) throws -> JSONValue {
    try #require(figures[part]).required(key)
  }

  private func number(_ part: String, _ key: String) throws -> Double { try golden(part, key).double() }

  private func numbers(_ part: String, _ key: String) throws -> [Double] {
    try golden(part, key).array().map { try $0.double() }
  }

  private func values(_ tensor: HostTensor) -> [Double] { (0..<tensor.count).map { tensor[linear: $0].asDouble } }

  private func integers(_ name: String) throws -> [Int] { try values(tensors.tensor(name)).map { Int($0) } }

  private func expectClose(_ found: [Double], _ expected: [Double], _ tolerance: Double, _ name: String) {
    #expect(found.count == expected.count, "\(name): \(found.count) instead of \(expected.count)")
    let worst = zip(found, expected).map { abs($0 - $1) }.max() ?? .nan
    #expect(worst <= tolerance, "\(name): \(worst)")
  }

  @Test func classification() throws {
    let (logits, labels) = (try tensors.tensor("logits"), try integers("labels"))
    let matrix = ConfusionMatrix(labels: labels, predictions: logits.largestInRows(), classes: 4)
    let counts = try golden("classification", "confusion").array().map { try $0.array().map { try $0.int() } }
    #expect(matrix.counts == counts)
    let rows: [(String, [Double])] = [
      ("precision", matrix.precision), ("recall", matrix.recall), ("f1", matrix.f1),
    ]
    for (key, found) in rows { expectClose(found, try numbers("classification", key), 1e-14, key) }
    expectClose([matrix.macroF1], [try number("classification", "macroF1")], 1e-14, "macroF1")
    expectClose([matrix.accuracy.value], [try number("classification", "accuracy")], 1e-14, "accuracy")
  }

  @Test func calibration() throws {
    let (logits, labels) = (try tensors.tensor("logits"), try integers("labels"))
    let reliability = try Reliability(logits: logits, labels: labels)
    let filled = reliability.bins.filter { $0.count > 0 }
    expectClose(reliability.bins.map { Double($0.count) }, try numbers("calibrated", "counts"), 0, "counts")
    expectClose(filled.map(\.accuracy), try numbers("calibrated", "accuracies"), 1e-14, "accuracies")
    expectClose(filled.map(\.confidence), try numbers("calibrated", "confidences"), 1e-14, "confidences")
    expectClose([reliability.expectedCalibrationError], [try number("calibrated", "ece")], 1e-14, "ece")
    let scaling = try TemperatureScaling(fitting: logits, labels: labels)
    #expect(scaling.gradient < 1e-9 && scaling.iterations < 20, "\(scaling)")
    let rows: [(String, Double, Double)] = [
      ("nll", try logits.negativeLogLikelihood(of: labels), 1e-13), ("temperature", scaling.temperature, 1e-6),
      ("fittedNLL", scaling.loss, 1e-13),
    ]
    for (key, found, tolerance) in rows { expectClose([found], [try number("calibrated", key)], tolerance, key) }
    let energy = try logits.energyInRows(temperature: 2)
    expectClose(Array(energy.prefix(5)), try numbers("calibrated", "energy"), 1e-13, "energy")
  }

  @Test func ranking() throws {
    let positive = try integers("positive").map { $0 == 1 }
    let curve = RankingCurve(scores: values(try tensors.tensor("scores")), isPositive: positive)
    expectClose([curve.auroc], [try number("ranking", "auroc")], 1e-14, "auroc")
    expectClose([curve.falsePositiveRate()], [try number("ranking", "fpr95")], 1e-14, "fpr95")
  }

  @Test func intervals() throws {
    for entry in try golden("proportions", "cases").array() {
      let row = try entry.array().map { try $0.double() }
      let interval = Proportion(of: Int(row[0]), among: Int(row[1])).interval()
      expectClose([interval.lowerBound, interval.upperBound], [row[2], row[3]], 1e-12, "\(row)")
    }
  }

  @Test func folds() throws {
    let splits = try golden("folds", "splits").array().map { try $0.array().map { try $0.int() } }
    #expect(try KFold(10, folds: 4, seed: nil).splits.map(\.test) == splits)
  }

  @Test(arguments: ["few", "many"]) func components(_ label: String) throws {
    let x = try tensors.tensor("pca/\(label)/x")
    let pca = try PCA(fitting: x, components: 3)
    let expected = try golden("components", label).object()
    let rows: [(String, [Double])] = [("variance", pca.explainedVariance), ("ratio", pca.explainedVarianceRatio)]
    for (key, found) in rows {
      expectClose(found, try expected.required(key).array().map { try $0.double() }, 1e-11, key)
    }
    expectClose(values(pca.components), values(try tensors.tensor("pca/\(label)/components")), 1e-9, "components")
    expectClose(values(try pca.transform(x)), values(try tensors.tensor("pca/\(label)/y")), 1e-9, "transform")
    let all = try PCA(fitting: x)
    expectClose(values(try all.inverseTransform(all.transform(x))), values(x), 1e-11, "there and back")
    #expect(all.componentCount(holding: 1 - 1e-9) == 6 && all.componentCount(holding: 0.01) == 1)
  }

  @Test func distances() throws {
    let (a, b) = (try tensors.tensor("frechet/a"), try tensors.tensor("frechet/b"))
    expectClose([try frechetDistance(a, b)], [try number("frechet", "distance")], 1e-9, "frechet")
    expectClose([try frechetDistance(a, a)], [0], 1e-9, "to itself")
  }

  @Test func neighbours() throws {
    let (x, y) = (try tensors.tensor("knn/x"), try tensors.tensor("knn/y"))
    let neighbours = try NearestNeighbors(x)
    let found = try neighbours.find(y, k: 5)
    expectClose(found.flatMap(\.distances), values(try tensors.tensor("knn/distances")), 1e-12, "distances")
    #expect(found.flatMap(\.rows) == (try integers("knn/rows")))
    let accuracy = try neighbours.accuracy(
      labels: integers("knn/labels"), queries: y, queryLabels: integers("knn/wanted"), k: 5)
    expectClose([accuracy.value], [try number("nearest", "accuracy")], 1e-14, "accuracy")
    expectClose(try neighbours.distances(to: x), [Double](repeating: 0, count: 150), 1e-7, "to themselves")
  }

  @Test func images() throws {
    let x = try tensors.tensor("images/x")
    let rows: [(String, ImageTransform)] = [
      ("shift", .shift(rows: 2, columns: -1)), ("roll", .shift(rows: 2, columns: -1, fill: .circular)),
      ("rotate30", .rotation(degrees: 30)), ("rotate-75", .rotation(degrees: -75)),
    ]
    for (name, transform) in rows {
      expectClose(values(try transform.apply(to: x)), values(try tensors.tensor("images/\(name)")), 1e-6, name)
    }
  }
}
