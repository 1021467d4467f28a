import JacquardCore
import JacquardIR
import JacquardOps
import Testing

@testable import JacquardTransforms

@Suite struct DifferentiationTests {
  private func evaluate(_ graph: Graph, _ inputs: [String: HostTensor], _ output: String) throws -> [Double] {
    try #require(try graph.evaluate(inputs).outputs[output]).doubles
  }

  @Test func sharedUsesAddUp() throws {
    let graph = try graph([("x", "f64[3]")]) { b, x in
      let square = try b.multiply(x[0], x[0])
      return try b.sum(b.add(square, b.multiply(square, x[0])), axes: [0])
    }
    let result = try evaluate(
      graph.addingGradients(of: "y", withRespectTo: ["x"]), ["x": try vector(1, 2, -3)], "grad/x")
    #expect(result == [5, 16, 21])
  }

  @Test func broadcastOperandsGetTheirOwnShape() throws {
    let shapes: [TensorType] = ["f64[3,4]", "f64[4]", "f64[3,1]", "f64[1,4]", "f64[]", "f64[1]", "f64[2,3,4]"]
    for left in shapes {
      for right in shapes {
        let graph = try graph([("a", left), ("b", right)]) { b, x in
          let product = try b.multiply(x[0], x[1])
          return try b.sum(product, axes: Array(0..<b.shape(product).rank))
        }
        let full = try graph.addingGradients(of: "y", withRespectTo: ["a", "b"])
        var random = Random(7)
        let (a, b) = (try random.tensor(left), try random.tensor(right))
        let outputs = try full.evaluate(["a": a, "b": b]).outputs
        let (da, db) = (try #require(outputs["grad/a"]), try #require(outputs["grad/b"]))
        #expect(da.type == left && db.type == right)
        // For a product, a . da = b . db = y.
        let y = try #require(outputs["y"])[linear: 0].asDouble
        #expect(abs(a.inner(da).sum - y) < 1e-12 && abs(b.inner(db).sum - y) < 1e-12, "\(left) \(right)")
      }
    }
  }

  @Test func symbolicShapesStaySymbolic() throws {
    let graph = try graph([("x", "f64[N,3]"), ("b", "f64[3]")]) { b, x in
      try b.mean(b.tanh(b.add(x[0], x[1])), axes: [0, 1])
    }
    let full = try graph.addingGradients(of: "y", withRespectTo: ["x", "b"])
    let types = full.outputs.map { full.type($0.value).description }
    #expect(types == ["f64[]", "f64[N,3]", "f64[3]"])
    let outputs = try full.evaluate(["x": HostTensor(zeros: .f64, [5, 3]), "b": HostTensor(zeros: .f64, [3])]).outputs
    let expected = 1.0 / 3
    #expect(try #require(outputs["grad/b"]).doubles.allSatisfy { abs($0 - expected) < 1e-15 })
  }

  @Test func noDependenceIsNilUntilAskedFor() throws {
    let builder = GraphBuilder(name: "test")
    let (x, z) = (try builder.input("x", "f64[]"), try builder.input("z", "f64[2]"))
    let y = try builder.exp(x)
    let before = builder.graph.nodes.count
    #expect(try builder.connectedGradients(of: y, withRespectTo: [z]) == [nil])
    #expect(builder.graph.nodes.count == before + 1)  // the seed
    let zeros = try builder.gradients(of: y, withRespectTo: [z])[0]
    #expect(builder.type(zeros) == "f64[2]")
    try builder.output("y", zeros)
    #expect(try builder.graph.expression() == "broadcast[shape:2](0)")
  }

  @Test func integersAndComparisonsCutTheGradient() throws {
    let graph = try graph([("x", "f64[4]")]) { b, x in
      let mask = try b.cast(b.greater(x[0], b.constant(0, .f64)), .f64)
      return try b.sum(b.multiply(mask, x[0]), axes: [0])
    }
    let full = try graph.addingGradients(of: "y", withRespectTo: ["x"])
    #expect(try evaluate(full, ["x": try vector(-1, 2, -3, 4)], "grad/x") == [0, 1, 0, 1])
  }

  @Test func thirdDerivative() throws {
    let builder = GraphBuilder(name: "test")
    let x = try builder.input("x", "f64[]")
    let square = try builder.multiply(x, x)
    var y = try builder.multiply(square, square)
    for _ in 0..<3 { y = try builder.gradients(of: y, withRespectTo: [x])[0] }
    try builder.output("y", y)
    #expect(try evaluate(builder.graph, ["x": HostTensor(1.5)], "y") == [36])
  }

  @Test func hessianOfAQuadratic() throws {
    let matrix: [Double] = [4, 1, -2, 1, 3, 0.5, -2, 0.5, 5]
    let graph = try graph([("x", "f64[3]")]) { b, x in
      let a = try b.constant(HostTensor(matrix, [3, 3]))
      let ax = try b.dot(a, x[0], lhsContracting: [1], rhsContracting: [0])
      return try b.multiply(b.dot(x[0], ax, lhsContracting: [0], rhsContracting: [0]), b.constant(0.5, .f64))
    }
    let full = try graph.addingHVP(of: "y", withRespectTo: ["x"])
    for column in 0..<3 {
      let unit = try HostTensor((0..<3).map { $0 == column ? 1.0 : 0 }, [3])
      let result = try evaluate(full, ["x": try vector(1, 2, 3), "vector/x": unit], "hvp/x")
      #expect(result == [matrix[column], matrix[3 + column], matrix[6 + column]])
    }
  }

  @Test func aVectorOfTheHessianProductIsHeldFixed() throws {
    let builder = GraphBuilder(name: "test")
    let x = try builder.input("x", "f64[]")
    let cube = try builder.multiply(builder.multiply(x, x), x)
    try builder.output("y", builder.hvp(of: cube, withRespectTo: [x], vectors: [x])[0])
    #expect(try evaluate(builder.graph, ["x": HostTensor(2.0)], "y") == [24])
  }

  @Test func jacobianProductsOfSeveralOutputs() throws {
    let builder = GraphBuilder(name: "test")
    let (x, z) = (try builder.input("x", "f64[2]"), try builder.input("z", "f64[2]"))
    try builder.output("p", builder.multiply(x, z))
    try builder.output("s", builder.sum(x, axes: [0]))
    try builder.output("k", builder.exp(z))
    let full = try builder.graph.addingJVP(of: ["p", "s", "k"], withRespectTo: ["x"])
    let point = ["x": try vector(1, 2), "z": try vector(3, 4), "tangent/x": try vector(10, 100)]
    #expect(try evaluate(full, point, "jvp/p") == [30, 400])
    #expect(try evaluate(full, point, "jvp/s") == [110])
    #expect(try evaluate(full, point, "jvp/k") == [0, 0])
    let back = try builder.graph.addingVJP(of: ["p", "s"], withRespectTo: ["x", "z"])
    let seeds = [
      "x": try vector(1, 2), "z": try vector(3, 4), "cotangent/p": try vector(1, 1), "cotangent/s": HostTensor(5.0),
    ]
    #expect(try evaluate(back, seeds, "vjp/x") == [8, 9])
    #expect(try evaluate(back, seeds, "vjp/z") == [1, 2])
  }

  @Test func customGradientIsUsed() throws {
    let graph = try graph([("x", "f64[2]")]) { b, x in
      let y = try b.customGradient(x) { b, x in
        [try b.multiply(x[0], x[0])]
      } backward: { b, _, _, g in
        [try b.multiply(g[0], b.constant(7, .f64))]
      }
      return try b.sum(y[0], axes: [0])
    }
    let full = try graph.addingGradients(of: "y", withRespectTo: ["x"])
    #expect(try evaluate(full, ["x": try vector(1, 2)], "grad/x") == [7, 7])
    #expect(try evaluate(full, ["x": try vector(1, 2)], "y") == [5])
    let (compiled, _) = try Pipeline.standard.run(full)
    #expect(compiled.count("customGradient") == 0)
    #expect(try evaluate(compiled, ["x": try vector(1, 2)], "grad/x") == [7, 7])
  }

  @Test func barrierPassesTheGradientOn() throws {
    let graph = try graph([("x", "f64[2]")]) { b, x in
      let held = try b.barrier([b.multiply(x[0], x[0])], id: 3)[0]
      return try b.sum(b.multiply(held, held), axes: [0])
    }
    let full = try graph.addingGradients(of: "y", withRespectTo: ["x"])
    #expect(try evaluate(full, ["x": try vector(1, 2)], "grad/x") == [4, 32])
  }

  @Test func gradientOfANamedNode() throws {
    let builder = GraphBuilder(name: "test")
    let x = try builder.input("x", "f64[2]")
    let h = try builder.exp(x)
    try builder.name(h, "h")
    try builder.output("y", builder.sum(builder.log(h), axes: [0]))
    let full = try builder.graph.addingGradients(of: "y", withRespectTo: ["h"])
    let result = try evaluate(full, ["x": try vector(0, 1)], "grad/h")
    #expect(abs(result[0] - 1) < 1e-15 && abs(result[1] - 0.36787944117144233) < 1e-15)
  }

  @Test func conventionsAtKinks() throws {
    let cases: [(String, [Double], [Double], (GraphBuilder, ValueID) throws -> ValueID)] = [
      ("relu", [-1, 0, 1], [0, 0, 1], { try $0.relu($1) }),
      ("abs", [-1, 0, 1], [-1, 0, 1], { try $0.abs($1) }),
      ("maximum", [-1, 0, 1], [0, 0.5, 1], { try $0.maximum($1, $0.constant(0, .f64)) }),
      ("reduceMax", [3, 3, 1], [0.5, 0.5, 0], { try $0.reduceMax($1, axes: [0]) }),
      ("sign", [-1, 0, 1], [0, 0, 0], { try $0.sign($1) }),
      ("product", [0, 2, 3], [6, 0, 0], { try $0.product($1, axes: [0]) }),
    ]
    for (name, point, expected, build) in cases {
      let graph = try graph([("x", "f64[3]")]) { b, x in
        let value = try build(b, x[0])
        return b.shape(value).rank == 0 ? value : try b.sum(value, axes: [0])
      }
      let full = try graph.addingGradients(of: "y", withRespectTo: ["x"])
      #expect(try evaluate(full, ["x": HostTensor(point, [3])], "grad/x") == expected, "\(name)")
    }
  }

  @Test func backwardNodesKnowTheirOrigin() throws {
    let builder = GraphBuilder(name: "test")
    let x = try builder.input("x", "f64[2]")
    let site = SourceSite(file: "User.swift", line: 12)
    builder.origins = [Origin(name: "h", scope: "layer", site: site)]
    let h = try builder.softmax(builder.tanh(x), axis: 0)
    builder.origins = [Origin(name: "l", scope: "loss", site: SourceSite(file: "User.swift", line: 13))]
    let loss = try builder.sum(builder.multiply(h, h), axes: [0])
    let before = builder.graph.nodes.count
    _ = try builder.gradients(of: loss, withRespectTo: [x])
    let added = builder.graph.nodes.dropFirst(before)
    #expect(!added.isEmpty)
    for node in added {
      #expect(node.site != nil && node.name == nil)
      #expect(node.scope.hasPrefix("grad/") || node.scope == "layer", "\(node.operationName) in \(node.scope)")
    }
    #expect(added.contains { $0.scope == "grad/layer" && $0.site == site })
  }
}
