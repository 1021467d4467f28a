import Jacquard

/// 2.1: the gradient of x1² + 3 x2² by hand, symbolically and numerically, and which learning rates descend along it.
struct GradientThreeWays: Exercise {
  let id = "2.1"

  /// The function, in plain Swift.
  static func value(_ x: [Double]) -> Double { x[0] * x[0] + 3 * x[1] * x[1] }

  /// Its gradient by hand: each coordinate's power rule.
  static func gradientByHand(_ x: [Double]) -> [Double] { [2 * x[0], 6 * x[1]] }

  /// Central differences, whose error falls with the square of the step.
  static func gradientByDifferences(_ x: [Double], step: Double = 1e-5) -> [Double] {
    x.indices.map { axis in
      var (low, high) = (x, x)
      low[axis] -= step
      high[axis] += step
      return (value(high) - value(low)) / (2 * step)
    }
  }

  /// The function as a graph, with the gradient that the compiler derives.
  static func graph() throws -> Graph {
    try Graph("quadratic.grad") { g in
      let x = g.input("x", Double.self, [2])
      let y = (x * x * g.constant([1.0, 3.0])).sum()
      g.output("y", y)
      g.output("gradient", grad(of: y, withRespectTo: x))
    }
  }

  func run(_ run: Run) throws {
    let graph = try Self.graph()
    let session = try Session(graph, ParameterStore(), options: run.session)
    let symbolic = { (x: [Double]) throws -> [Double] in
      try session.step(["x": HostTensor(x, [2])])["gradient"]?.elements(Double.self) ?? []
    }
    try run.save(graph)
    try compare(run, graph, symbolic)
    let (rates, losses) = try sweep(run, symbolic)
    try paths(run, symbolic)
    let descends = zip(rates, losses).allSatisfy { rate, loss in (loss < 1e-12) == (rate < 1.0 / 3) }
    run.claim("threshold", descends)
    run.decide(.deploy, "decision")
  }

  /// The three gradients at (1, 1).
  private func compare(_ run: Run, _ graph: Graph, _ symbolic: ([Double]) throws -> [Double]) throws {
    let point = [1.0, 1.0]
    let (hand, derived) = (Self.gradientByHand(point), try symbolic(point))
    let numeric = Self.gradientByDifferences(point)
    run.heading("gradients")
    run.say("explained")
    run.code("f(x) = x1^2 + 3 x2^2\ndf/dx1 = 2 x1\ndf/dx2 = 6 x2")
    run.table(
      ["way", "first", "second"],
      [(run.text("hand"), hand), (run.text("symbolic"), derived), (run.text("numeric"), numeric)].map {
        [$0.0] + $0.1.map { "\($0)" }
      })
    run.claim("hand.1", hand[0], .equal(2))
    run.claim("hand.2", hand[1], .equal(6))
    run.claim("symbolic.error", largestDifference(derived, hand), .equal(0))
    run.claim("numeric.error", largestDifference(numeric, hand), .atMost(1e-9))
    run.say("derived")
    try run.show(graph)
  }

  private func largestDifference(_ a: [Double], _ b: [Double]) -> Double {
    zip(a, b).map { abs($0 - $1) }.max() ?? .nan
  }

  /// Points of gradient descent from (1, 1).
  private func descend(
    _ rate: Double, steps: Int, _ gradient: ([Double]) throws -> [Double]
  ) throws -> [[Double]] {
    var points = [[1.0, 1.0]]
    for _ in 0..<steps {
      let x = points[points.count - 1]
      let slope = try gradient(x)
      points.append(zip(x, slope).map { $0 - rate * $1 })
    }
    return points
  }

  /// The loss after many steps, for rates on both sides of 1/3.
  private func sweep(
    _ run: Run, _ gradient: ([Double]) throws -> [Double]
  ) throws -> (rates: [Double], losses: [Double]) {
    let factors = [0.1, 0.3, 0.5, 0.7, 0.9, 0.97, 1.0, 1.03, 1.1, 1.3]
    let rates = factors.map { $0 / 3 }.map(run.learningRate)
    var losses: [Double] = []
    try run.progress("sweeping", rates.count) { index in
      losses.append(Self.value(try descend(rates[index], steps: 500, gradient)[500]))
    }
    run.heading("rates")
    run.say("why")
    run.plot("losses", x: "axis.rate", y: "axis.loss", logY: true, [.points("", rates, losses)])
    return (rates, losses)
  }

  /// How the loss moves step by step: slowly, quickly, to and fro for ever, away.
  private func paths(_ run: Run, _ gradient: ([Double]) throws -> [Double]) throws {
    let curves = try [0.03, 0.2, 1.0 / 3, 0.36].map { rate in
      let losses = try descend(rate, steps: 30, gradient).map(Self.value)
      let name = run.text("rate", ["rate": NumberStyle.number.text(rate)])
      return Plot.Series.line(name, losses.indices.map(Double.init), losses)
    }
    run.plot("paths", x: "axis.step", y: "axis.loss", logY: true, curves)
  }
}
