import Foundation
import Jacquard

/// 5.1: polynomials of several degrees on many training sets: the error is bias² + variance + noise; and what happens when a
/// model has more coefficients than it has data.
struct PolynomialFits: Exercise {
  let id = "5.1"

  static let points = 30
  static let noise = 0.3
  /// Where predictions are judged.
  static let grid = (0...100).map { -0.98 + 1.96 * Double($0) / 100 }

  /// The truth behind the data, on -1 ... 1.
  static func truth(_ x: Double) -> Double { sin(2 * .pi * x) }

  /// Legendre's polynomials at x, by their recurrence: (k + 1) P(k+1) = (2k + 1) x P(k) - k P(k-1).
  static func features(_ x: Double, _ count: Int) -> [Double] {
    var values = [1.0, x]
    while values.count < count {
      let k = Double(values.count - 1)
      values.append(((2 * k + 1) * x * values[values.count - 1] - k * values[values.count - 2]) / (k + 1))
    }
    return Array(values.prefix(count))
  }

  /// Fits all training sets at once by least squares; of several best fits the one with the smallest coefficients:
  /// w = V diag(1 / s) Uᵀ y.
  static func graph(sets: Int, coefficients: Int) throws -> Graph {
    let (n, k, grid) = (Dim(points), Dim(coefficients), Dim(Self.grid.count))
    return try Graph("polynomials") { g in
      let a = g.input("features", Double.self, [Dim(sets), n, k])
      let y = g.input("y", Double.self, [Dim(sets), n])
      let (u, s, vt) = svd(a)
      let inverse = select(s.greater(than: s.max(1, keepDims: true) * 1e-12), 1 / s, g.constant(0.0))
      let w = einsum("skp,sk->sp", vt, inverse * einsum("snk,sn->sk", u, y))
      g.output("predictions", matmul(w, g.input("grid", Double.self, [grid, k]).transposed()))
    }
  }

  /// What was predicted, and how far it was from fresh measurements.
  struct Fits {
    let predictions: [[Double]]
    let parts: BiasVariance
    /// Mean squared error of each training set's fit on measurements with fresh noise.
    let errors: [Double]
    /// The measured error is this many of its standard errors above bias² + variance + noise.
    let deviation: Double

    var error: Double { errors.reduce(0, +) / Double(errors.count) }
    var median: Double { errors.sorted()[errors.count / 2] }
  }

  /// - Parameter sets: Training sets; each cuts -1 ... 1 into equal pieces and measures at a random point of each.
  static func fit(_ run: Run, sets: Int, coefficients: Int) throws -> Fits {
    let key = Philox(seed: run.seed)
    let (places, noises, fresh) = (key.folded(1), key.folded(2), key.folded(3))
    let x = (0..<sets * points).map { -1 + 2 * (Double($0 % points) + places.uniform($0)) / Double(points) }
    let y = x.indices.map { truth(x[$0]) + noise * noises.normal($0) }
    let session = try Session(graph(sets: sets, coefficients: coefficients), ParameterStore(), options: run.session)
    let outputs = try session.step([
      "features": HostTensor(x.flatMap { features($0, coefficients) }, [sets, points, coefficients]),
      "y": HostTensor(y, [sets, points]),
      "grid": HostTensor(grid.flatMap { features($0, coefficients) }, [grid.count, coefficients]),
    ])
    let flat = outputs["predictions"]?.elements(Double.self) ?? []
    let predictions = (0..<sets).map { Array(flat[$0 * grid.count..<($0 + 1) * grid.count]) }
    return try judge(predictions) { fresh.normal($0) }
  }

  private static func judge(_ predictions: [[Double]], _ normal: (Int) -> Double) throws -> Fits {
    let exact = grid.map(truth)
    let parts = try BiasVariance(predictions: predictions, truth: exact, noise: noise * noise)
    var (errors, differences): ([Double], [Double]) = ([], [])
    for (set, row) in predictions.enumerated() {
      let squares = row.indices.map { place in
        let measured = exact[place] + noise * normal(set * grid.count + place)
        let (noisy, clean) = (measured - row[place], exact[place] - row[place])
        return (noisy * noisy, clean * clean)
      }
      errors.append(squares.reduce(0) { $0 + $1.0 } / Double(row.count))
      differences.append(errors[set] - squares.reduce(0) { $0 + $1.1 } / Double(row.count) - noise * noise)
    }
    let count = Double(differences.count)
    let mean = differences.reduce(0, +) / count
    let variance = differences.reduce(0) { $0 + ($1 - mean) * ($1 - mean) } / (count - 1)
    return Fits(
      predictions: predictions, parts: parts, errors: errors, deviation: mean / (variance / count).squareRoot())
  }

  func run(_ run: Run) throws {
    try run.save(Self.graph(sets: 1, coefficients: 10))
    let degrees = [1, 3, 9, 15]
    var fits: [Fits] = []
    try run.progress("fitting", degrees.count) { index in
      fits.append(try Self.fit(run, sets: run.pick(500, quick: 200), coefficients: degrees[index] + 1))
    }
    decomposition(run, degrees, fits)
    pictures(run, fits)
    try descent(run)
    run.decide(.collect, "decision", ["ratio": NumberStyle.number.text(fits[3].error / fits[2].error)])
  }

  /// Calibrated with NumPy on seeds 0 to 2 (500 sets): bias² 0.426, 0.346, 0.0001; variance 0.0062, 0.015, 0.034, 0.43;
  /// the measured error was at most 2.83 standard errors away.
  private func decomposition(_ run: Run, _ degrees: [Int], _ fits: [Fits]) {
    let (bias, variance) = (fits.map(\.parts.squaredBias), fits.map(\.parts.variance))
    run.heading("parts")
    run.say("explained")
    run.table(
      ["degree", "bias", "variance", "noise", "sum", "measured", "deviation"],
      degrees.indices.map { index in
        let parts = fits[index].parts
        let numbers = [
          bias[index], variance[index], parts.noise, parts.expectedError, fits[index].error, fits[index].deviation,
        ]
        return ["\(degrees[index])"] + numbers.map(NumberStyle.number.text)
      })
    run.bars(
      "stack", x: "degree", y: "error", labels: degrees.map(String.init),
      groups: [(run.text("bias"), bias), (run.text("variance"), variance), (run.text("measured"), fits.map(\.error))])
    run.claim("identity", fits.map { abs($0.deviation) }.max() ?? .nan, .atMost(3))
    run.claim("variance.rises", zip(variance, variance.dropFirst()).allSatisfy { $0 < $1 })
    run.claim("bias.falls", bias[0] > bias[1] && bias[1] > bias[2])
    run.claim("bias.nine", bias[2] / bias[0], .atMost(0.01))
  }

  /// Twelve fits of a degree, and the truth.
  private func pictures(_ run: Run, _ fits: [Fits]) {
    for (key, index) in [("degree1", 0), ("degree9", 2), ("degree15", 3)] {
      let curves = fits[index].predictions.prefix(12).map { Plot.Series.dashes("", Self.grid, $0) }
      let exact = Plot.Series.line(run.text("truth"), Self.grid, Self.grid.map(Self.truth))
      run.plot(key, x: "axis.x", y: "axis.y", curves + [exact])
    }
  }

  /// Calibrated with NumPy on seed 0 (500 sets): the median error is 1.7e8 with 30 coefficients, 0.149 with 200; the mean with
  /// degree 15 is 0.51.
  private func descent(_ run: Run) throws {
    let counts = run.pick(
      [2, 4, 6, 10, 16, 20, 25, 30, 35, 40, 50, 70, 100, 150, 200], quick: [2, 4, 6, 10, 16, 20, 30, 40, 60, 100])
    var medians: [Double] = []
    try run.progress("descending", counts.count) { index in
      medians.append(try Self.fit(run, sets: run.pick(100, quick: 40), coefficients: counts[index]).median)
    }
    run.heading("descent")
    run.say("minimum")
    run.plot(
      "double", x: "coefficients", y: "error", logY: true,
      [
        .line(run.text("median"), counts.map(Double.init), medians),
        .dashes(
          run.text("noise"), [2, Double(counts[counts.count - 1])], [Self.noise * Self.noise, Self.noise * Self.noise]),
      ])
    let peak = medians.indices.max { medians[$0] < medians[$1] } ?? 0
    run.claim("peak", Double(counts[peak]), .equal(Double(Self.points)), as: .integer)
    let sixteen = medians[counts.firstIndex(of: 16) ?? 0]
    run.claim("second", medians[medians.count - 1] / sixteen, .atMost(0.8))
  }
}
