import JacquardCore
import JacquardIR
import JacquardOps
import Testing

@testable import JacquardTransforms

/// Hand-written formulas at the edge of overflow, with their gradients.
@Suite struct StabilityTests {
  struct Form: Sendable, CustomTestStringConvertible {
    let testDescription: String
    let build: @Sendable (GraphBuilder, ValueID) throws -> ValueID
  }

  /// Ways to write the logarithm of softmax along the last axis of `[2,3]`.
  static let logSoftmaxes = [
    Form(testDescription: "log(exp / sum(exp))") { b, x in
      let e = try b.exp(x)
      return try b.log(b.divide(e, b.sum(e, axes: [1], keepDims: true)))
    },
    Form(testDescription: "log(exp / reshaped sum(exp))") { b, x in
      let e = try b.exp(x)
      return try b.log(b.divide(e, b.broadcast(b.reshape(b.sum(e, axes: [1]), [2, 1]), to: [2, 3])))
    },
    Form(testDescription: "log(exp * (1 / sum(exp)))") { b, x in
      let e = try b.exp(x)
      let one = try b.constant(1, .f64)
      return try b.log(b.multiply(e, b.divide(one, b.sum(e, axes: [1], keepDims: true))))
    },
    Form(testDescription: "x - log(sum(exp))") { b, x in
      try b.subtract(x, b.log(b.sum(b.exp(x), axes: [1], keepDims: true)))
    },
    Form(testDescription: "shifted by the maximum") { b, x in
      let e = try b.exp(b.subtract(x, b.reduceMax(x, axes: [1], keepDims: true)))
      return try b.log(b.divide(e, b.sum(e, axes: [1], keepDims: true)))
    },
    Form(testDescription: "shifted by the maximum, without its gradient") { b, x in
      let shifted = try b.subtract(x, b.stopGradient(b.reduceMax(x, axes: [1], keepDims: true)))
      return try b.subtract(shifted, b.log(b.sum(b.exp(shifted), axes: [1], keepDims: true)))
    },
    Form(testDescription: "log(softmax)") { b, x in try b.log(b.softmax(x, axis: 1)) },
    Form(testDescription: "logSoftmax") { b, x in try b.logSoftmax(x, axis: 1) },
  ]

  private static func inputs() throws -> [String: HostTensor] {
    [
      "x": try HostTensor([1e4, -1e4, 0, -1e4, -1e4 + 1, -1e4 + 2], [2, 3]),
      "w": try HostTensor([1.0, 2, 3, 4, 5, 6], [2, 3]),
    ]
  }

  /// Value and gradient of sum(w * logSoftmax(x)), in long form.
  private static let shares = [0.09003057317038046, 0.24472847105479764, 0.6652409557748218]
  private static let logShares = [-2.4076059644443806, -1.4076059644443804, -0.4076059644443804]

  @Test(arguments: logSoftmaxes) func valueAndGradient(_ form: Form) throws {
    let graph = try graph([("x", "f64[2,3]"), ("w", "f64[2,3]")]) { b, x in
      try b.sum(b.multiply(x[1], form.build(b, x[0])), axes: [0, 1])
    }
    let full = try graph.valueAndGrad(of: "y", withRespectTo: ["x"])
    let (compiled, _) = try Pipeline.standard.run(full)
    #expect(compiled.count("exp") == 1)
    #expect(compiled.count("reduceMax") == 1 && compiled.count("log") == 1)
    for graph in [full, compiled] {
      let outputs = try graph.evaluate(Self.inputs()).outputs
      let y = try #require(outputs["y"]).doubles[0]
      let expected = 1 * 0 + 2 * -2e4 + 3 * -1e4 + 4 * Self.logShares[0] + 5 * Self.logShares[1] + 6 * Self.logShares[2]
      #expect(abs(y - expected) < 1e-8)
      let gradient = [1.0 - 6, 2, 3] + zip([4.0, 5, 6], Self.shares).map { $0 - 15 * $1 }
      for (have, want) in zip(try #require(outputs["grad/x"]).doubles, gradient) { #expect(abs(have - want) < 1e-11) }
    }
  }

  @Test func gradientOfAnUnstableFormIsWrongWithoutTheRules() throws {
    let builder = GraphBuilder(name: "test")
    let x = try builder.input("x", "f64[2,3]")
    let y = try builder.sum(Self.logSoftmaxes[0].build(builder, x), axes: [0, 1])
    try builder.output("y", builder.gradients(of: y, withRespectTo: [x])[0])
    let outputs = try builder.graph.evaluate(["x": try #require(Self.inputs()["x"])]).outputs
    #expect(try #require(outputs["y"]).doubles.contains { $0.isNaN })
  }

  @Test func minimizeStabilisesFirst() throws {
    let builder = GraphBuilder(name: "test")
    let (x, w) = (try builder.input("x", "f64[2,3]"), try builder.input("w", "f64[2,3]"))
    let value = try builder.sum(builder.multiply(w, Self.logSoftmaxes[0].build(builder, x)), axes: [0, 1])
    let result = try builder.minimize(value, withRespectTo: [x])
    try builder.output("old", value)
    try builder.output("y", result.value)
    try builder.output("g", result.gradients[0])
    let (compiled, _) = try Pipeline.standard.run(builder.graph)
    #expect(compiled.count("exp") == 1)
    let outputs = try compiled.evaluate(Self.inputs()).outputs
    #expect(outputs["old"] == outputs["y"])
    #expect(try #require(outputs["g"]).doubles.allSatisfy(\.isFinite))
  }

  /// What differentiation has written out is not wrapped, shifted and written out again.
  @Test func theCompositeLossTakesOneExponential() throws {
    let graph = try graph([("x", "f64[2,3]"), ("labels", "i32[2]")]) { b, x in
      try b.crossEntropy(logits: x[0], labels: x[1])
    }
    let full = try graph.addingGradients(of: "y", withRespectTo: ["x"])
    let (compiled, _) = try Pipeline.standard.run(full)
    for operation in ["exp", "log", "reduceMax"] { #expect(compiled.count(operation) == 1, "\(operation)") }
    let (again, record) = try Pipeline.standard.run(compiled)
    #expect(again == compiled && record.passes.allSatisfy { $0.firings.isEmpty })
  }

  @Test func crossEntropyWrittenByHand() throws {
    let graph = try graph([("x", "f64[2,3]"), ("labels", "i32[2,1]")]) { b, x in
      let e = try b.exp(x[0])
      let p = try b.divide(e, b.sum(e, axes: [1], keepDims: true))
      let chosen = try b.log(b.takeAlongAxis(p, x[1], axis: 1))
      return try b.negate(b.mean(chosen, axes: [0, 1]))
    }
    let (compiled, _) = try Pipeline.standard.run(graph.addingGradients(of: "y", withRespectTo: ["x"]))
    #expect(compiled.count("exp") == 1)
    let x = try #require(Self.inputs()["x"])
    let outputs = try compiled.evaluate(["x": x, "labels": HostTensor([1, 2] as [Int32], [2, 1])]).outputs
    #expect(abs(try #require(outputs["y"]).doubles[0] - (2e4 - Self.logShares[2]) / 2) < 1e-9)
    let gradient = [0.5, -0.5, 0, Self.shares[0] / 2, Self.shares[1] / 2, Self.shares[2] / 2 - 0.5]
    for (have, want) in zip(try #require(outputs["grad/x"]).doubles, gradient) { #expect(abs(have - want) < 1e-11) }
  }

  @Test func logisticForms() throws {
    let forms: [(String, [Double], [Double], (GraphBuilder, ValueID) throws -> ValueID)] = [
      ("log(sigmoid(x))", [-1e4, 0], [1, 0.5], { try $0.log($0.sigmoid($1)) }),
      (
        "log(1 - sigmoid(x))", [0, -0.6931471805599453], [0, -0.5],
        { b, x in
          try b.log(b.subtract(b.constant(1, .f64), b.sigmoid(x)))
        }
      ),
      (
        "log(1 / (1 + exp(-x)))", [-1e4, 0], [1, 0.5],
        { b, x in
          let one = try b.constant(1, .f64)
          return try b.log(b.divide(one, b.add(one, b.exp(b.negate(x)))))
        }
      ),
      (
        "log(1 + exp(x))", [0, 0.6931471805599453], [0, 0.5],
        { b, x in
          try b.log(b.add(b.constant(1, .f64), b.exp(x)))
        }
      ),
    ]
    for (name, values, slopes, build) in forms {
      let graph = try graph([("x", "f64[2]")]) { b, x in try b.sum(build(b, x[0]), axes: [0]) }
      let (compiled, _) = try Pipeline.standard.run(graph.addingGradients(of: "y", withRespectTo: ["x"]))
      let outputs = try compiled.evaluate(["x": vector(-1e4, values[1] == 0 ? 1e4 : 0)]).outputs
      let y = try #require(outputs["y"]).doubles[0]
      #expect(abs(y - values[0] - values[1]) < 1e-12, "\(name): \(y)")
      let gradient = try #require(outputs["grad/x"]).doubles
      let second = values[1] == 0 ? 0 : slopes[1]
      #expect(abs(gradient[0] - slopes[0]) < 1e-12 && abs(gradient[1] - second) < 1e-12, "\(name): \(gradient)")
    }
  }
}
