import Foundation
import Jacquard

/// 3.1: normal distributions fitted to the brightness of images, and how far two of them are apart.
struct LikelihoodAndDivergence: Exercise {
  let id = "3.1"

  func run(_ run: Run) throws {
    let (zeros, ones) = try brightness(run)
    let (p, q) = (Gaussian(fitting: zeros), Gaussian(fitting: ones))
    showFit(run, [(zeros, p), (ones, q)])
    try likelihood(run, zeros, p)
    try divergence(run, p, q)
    properties(run, p, q)
    try crossEntropies(run, zeros, p)
    run.decide(.collect, "decision", ["nats": NumberStyle.number.text(p.divergence(from: q))])
  }

  /// The mean of each image's pixels, from 0 to 10, of the first two classes.
  private func brightness(_ run: Run) throws -> ([Double], [Double]) {
    let data = try run.data.train()
    let (images, labels) = (try data.images().elements(Float.self), try data.integers("label"))
    let values = { (label: Int) in
      labels.indices.filter { labels[$0] == label }.map { row in
        images[row * 784..<(row + 1) * 784].reduce(0.0) { $0 + Double($1) } / 78.4
      }
    }
    return (values(0), values(1))
  }

  private func showFit(_ run: Run, _ fits: [(values: [Double], fit: Gaussian)]) {
    run.heading("fit")
    run.say("explained")
    let high = fits.flatMap(\.values).max() ?? 1
    let series = zip(fits, run.data.imageSet.classes).flatMap { fit, name in
      let width = high / 50
      let centres = (0..<50).map { (Double($0) + 0.5) * width }
      var shares = centres.map { _ in 0.0 }
      for value in fit.values { shares[min(49, Int(value / width))] += 1 / (Double(fit.values.count) * width) }
      return [
        Plot.Series.points(run.text("measured", ["class": name]), centres, shares),
        Plot.Series.line(run.text("fitted", ["class": name]), centres, centres.map { exp(fit.fit.logDensity($0)) }),
      ]
    }
    run.plot("densities", x: "axis.brightness", y: "axis.density", series)
  }

  // MARK: Maximum likelihood

  /// Gradient descent on the mean of -log p(x) comes to the mean and deviation that the formulas give.
  private func likelihood(_ run: Run, _ values: [Double], _ fit: Gaussian) throws {
    let graph = try Graph("gaussian.train", mode: .training) { g in
      let x = g.input("x", Double.self, ["N"])
      let mean = g.parameter("mean", Double.self, [], Initializer(.zeros))
      let logDeviation = g.parameter("logDeviation", Double.self, [], Initializer(.constant, value: 1))
      let z = (x - mean) * exp(-logDeviation)
      let loss = (z * z * 0.5).mean() + logDeviation + log(2 * .pi) / 2
      g.minimize(loss, with: SGD(learningRate: .constant(run.learningRate(0.05))))
      g.output("loss", loss)
    }
    try run.save(graph)
    let store = ParameterStore(seed: run.seed)
    let session = try Session(graph, store, options: run.session)
    let x = ["x": try HostTensor(values, [values.count])]
    var losses: [Double] = []
    try run.progress("descending", 1000) { _ in
      losses.append(try session.step(x)["loss"]?[linear: 0].asDouble ?? .nan)
    }
    run.plot(
      "losses", x: "axis.step", y: "axis.loss", [.line("", (0..<200).map(Double.init), Array(losses.prefix(200)))])
    let found = { (name: String) in store[name]?[linear: 0].asDouble ?? .nan }
    run.claim("mean", abs(found("mean") - fit.mean), .atMost(1e-6))
    run.claim("deviation", abs(exp(found("logDeviation")) - fit.deviation), .atMost(1e-6))
  }

  // MARK: Divergence

  /// Means of log p(x) - log q(x) over draws from p, and the deviation of one draw.
  private func monteCarlo(
    _ run: Run, _ p: Gaussian, _ q: Gaussian, draws: Int, repeats: Int
  ) throws -> (means: [Double], deviation: Double) {
    let graph = try Graph("divergence.\(draws)") { g in
      let x = g.normal(Double.self, [Dim(repeats), Dim(draws)]) * p.deviation + p.mean
      let ratio = p.logDensity(x) - q.logDensity(x)
      g.output("means", ratio.mean(1))
      g.output("squares", (ratio * ratio).mean())
    }
    try run.save(graph)
    let result = try Session(graph, ParameterStore(seed: run.seed), options: run.session).step()
    let means = result["means"]?.elements(Double.self) ?? []
    let mean = means.reduce(0, +) / Double(means.count)
    let square = result["squares"]?[linear: 0].asDouble ?? .nan
    return (means, (square - mean * mean).squareRoot())
  }

  private func divergence(_ run: Run, _ p: Gaussian, _ q: Gaussian) throws {
    let exact = p.divergence(from: q)
    let one = try monteCarlo(run, p, q, draws: run.pick(1_000_000, quick: 100_000), repeats: 1)
    let error = one.deviation / Double(run.pick(1_000_000, quick: 100_000)).squareRoot()
    let counts = [100, 400, 1600, 6400, 25600].prefix(run.pick(5, quick: 4))
    var errors: [Double] = []
    try run.progress("drawing", counts.count) { index in
      let repeats = run.pick(400, quick: 200)
      let means = try monteCarlo(run, p, q, draws: counts[index], repeats: repeats).means
      errors.append((means.reduce(0) { $0 + ($1 - exact) * ($1 - exact) } / Double(means.count)).squareRoot())
    }
    run.heading("divergence")
    run.say("drawn")
    run.code("KL(p || q) = log(s_q / s_p) + (s_p^2 + (m_p - m_q)^2) / (2 s_q^2) - 1/2")
    let n = counts.map(Double.init)
    run.plot(
      "errors", x: "axis.draws", y: "axis.error", logX: true, logY: true,
      [
        .points(run.text("rms"), n, errors),
        .dashes(run.text("root"), n, n.map { one.deviation / $0.squareRoot() }),
      ])
    run.claim("closed", abs(one.means[0] - exact) / error, .atMost(3))
    run.claim("slope", slope(n.map { log($0) }, errors.map { log($0) }), .within(-0.6...(-0.4)))
  }

  /// Of the line of least squares.
  private func slope(_ x: [Double], _ y: [Double]) -> Double {
    let (n, meanX, meanY) = (Double(x.count), x.reduce(0, +) / Double(x.count), y.reduce(0, +) / Double(y.count))
    let covariance = zip(x, y).reduce(0) { $0 + ($1.0 - meanX) * ($1.1 - meanY) } / n
    return covariance / (x.reduce(0) { $0 + ($1 - meanX) * ($1 - meanX) } / n)
  }

  /// Never negative, 0 for equals only, and not the same in both directions.
  private func properties(_ run: Run, _ p: Gaussian, _ q: Gaussian) {
    let random = Philox(seed: run.seed)
    let drawn = (0..<2000).map { Gaussian(mean: random.normal(2 * $0), deviation: exp(random.normal(2 * $0 + 1))) }
    let pairs = (0..<1000).map { drawn[2 * $0].divergence(from: drawn[2 * $0 + 1]) }
    run.claim("nonnegative", pairs.min() ?? .nan, .atLeast(0))
    run.claim("unequal", pairs.allSatisfy { $0 > 1e-12 })
    run.claim("equal", drawn.map { $0.divergence(from: $0) }.max() ?? .nan, .equal(0))
    run.claim("asymmetric", abs(p.divergence(from: q) - q.divergence(from: p)), .atLeast(1e-3))
    let shifts = (0...60).map { Double($0) / 20 }
    let narrow = Gaussian(mean: 0, deviation: 0.5)
    let wide = shifts.map { Gaussian(mean: $0, deviation: 1) }
    run.plot(
      "directions", x: "axis.shift", y: "axis.nats",
      [
        .line(run.text("narrow"), shifts, wide.map { narrow.divergence(from: $0) }),
        .line(run.text("wide"), shifts, wide.map { $0.divergence(from: narrow) }),
      ])
  }

  // MARK: Cross-entropy

  private func crossEntropies(_ run: Run, _ values: [Double], _ fit: Gaussian) throws {
    run.heading("entropy")
    run.say("same")
    let likelihood = -values.reduce(0) { $0 + fit.logDensity($1) } / Double(values.count)
    run.claim("own", abs(likelihood - fit.entropy), .atMost(1e-10))

    let random = Philox(seed: run.seed)
    let logits = try HostTensor((0..<1000).map { random.normal($0) * 3 }, [100, 10])
    let labels = (0..<100).map { Int32(random.uniform(1000 + $0) * 10) }
    let graph = try Graph("crossEntropy") { g in
      let y = g.input("y", Int32.self, [100])
      g.output("loss", crossEntropy(logits: g.input("logits", Double.self, [100, 10]), labels: y))
    }
    let session = try Session(graph, ParameterStore(), options: run.session)
    let loss = try session.step(["logits": logits, "y": HostTensor(labels, [100])])["loss"]?[linear: 0].asDouble
    let probabilities = try logits.softmaxInRows()
    let byHand = -zip(probabilities, labels).reduce(0) { $0 + log($1.0[Int($1.1)]) } / 100
    run.claim("classes", abs((loss ?? .nan) - byHand), .atMost(1e-12))
  }
}
