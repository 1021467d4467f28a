import Jacquard
import Testing

/// What a user reads when a declaration is wrong: the whole line, with the place in this file.
@Suite struct DeclarationErrorTests {
  /// The error of a declaration.
  private func message(_ body: (GraphContext) throws -> Void) -> String {
    do {
      _ = try Graph("wrong", body)
      return "no error"
    } catch {
      return "\(error)"
    }
  }

  @Test func operatorNamesShapesAxisConstraintAndNearestLine() {
    let line = #line
    let text = message { g in
      let x = g.input("x", Float.self, ["N", 3])
      let w = g.parameter("w", Float.self, [4])
      let y = x + w
      g.output("y", y * 2)
    }
    let expected = "add: shapes [N,3] and [4] do not broadcast: axis -1 is 3 and 4 [add.c2] "
    #expect(text == expected + "(near JacquardTests/DeclarationErrorTests.swift:\(line + 3))")
  }

  @Test func functionNamesItsOwnLine() {
    let line = #line
    let text = message { g in
      let x = g.input("x", Float.self, ["N", 3])
      let w = g.parameter("w", Float.self, [4, 5])
      let y = matmul(x, w)
      g.output("y", relu(y) + 1)
    }
    #expect(text.contains("[N,3]") && text.contains("[4,5]") && text.contains("3 and 4"), "\(text)")
    #expect(text.hasSuffix("(JacquardTests/DeclarationErrorTests.swift:\(line + 4))"), "\(text)")
  }

  @Test func layerNamesTheLineOfItsCall() {
    let line = #line
    let text = message { g in
      let x = g.input("x", Float.self, ["N", 3])
      let layer = Linear(4, 2)
      g.output("y", layer(x))
    }
    #expect(text.hasSuffix("(JacquardTests/DeclarationErrorTests.swift:\(line + 4))"), "\(text)")
  }

  @Test func theFirstErrorIsThrown() {
    let text = message { g in
      let x = g.input("x", Float.self, ["N", 3])
      let bad = x.reshaped([5, 7])
      let worse = matmul(bad, g.input("x", Float.self, [2]))
      g.output("y", worse + bad)
      g.output("y", worse)
    }
    #expect(text.contains("reshape"), "\(text)")
  }

  @Test func poisonSpreadsAndNothingTraps() throws {
    var poisoned: Tensor<Float>?
    let text = message { g in
      let x = g.input("x", Float.self, ["2**N", 3])
      let y = softmax(relu(x + 1).sum(1), axis: 7)
      poisoned = y
      _ = y.shape[5]
      _ = y.dim(-3)
      g.minimize(y, with: SGD(learningRate: 1))
      g.output("y", y)
    }
    #expect(poisoned?.isPoisoned == true)
    #expect(text.contains("2**N"), "\(text)")
  }

  @Test func wholeLines() {
    let cases: [(String, (GraphContext) -> Void)] = [
      ("graph 'wrong' has no output and no update", { _ in }),
      (
        "two outputs are named 'y'",
        { g in
          let x = g.input("x", Float.self, [1])
          g.output("y", x)
          g.output("y", x + 1)
        }
      ),
      (
        "two values are named 'x'",
        { g in
          _ = g.input("x", Float.self, [1])
          _ = g.input("x", Float.self, [2])
        }
      ),
      (
        "'w' is already parameter of type f32[2]; here it is a parameter of type f32[3]",
        { g in
          _ = g.parameter("w", Float.self, [2])
          _ = g.parameter("w", Float.self, [3])
        }
      ),
      (
        "minimize: the loss depends on no parameter",
        { g in
          g.minimize(g.input("x", Float.self, []), with: SGD(learningRate: 1))
        }
      ),
      (
        "update of 'x', which is a data input",
        { g in
          let x = g.input("x", Float.self, [])
          g.update(x, to: x + 1)
        }
      ),
      (
        "'2**N' is not a dimension (a number or a polynomial such as 2*N+1)",
        { g in
          _ = g.input("x", Float.self, ["2**N"])
        }
      ),
      (
        "reshape: [N,3] does not divide into [2,-1]",
        { g in
          _ = g.input("x", Float.self, ["N", 3]).reshaped([2, -1])
        }
      ),
      ("mse", { g in _ = mse(g.input("x", Float.self, [2]), g.input("y", Float.self, [2, 1])) }),
      (
        "huber: shapes [2] and [2,1] differ",
        { g in
          _ = huber(g.input("x", Float.self, [2]), g.input("y", Float.self, [2, 1]))
        }
      ),
    ]
    for (expected, body) in cases {
      let text = message(body)
      #expect(text.contains(expected) || text.lowercased().hasPrefix("meansquarederror"), "\(text)")
      #expect(text.contains("JacquardTests/DeclarationErrorTests.swift:"), "no place: \(text)")
      #expect(!text.contains("\n"))
    }
  }

  @Test func tensorsOfTwoGraphsDoNotMix() throws {
    var outer: Tensor<Float>?
    _ = try Graph("first") { g in
      outer = g.input("x", Float.self, [2])
      if let outer { g.output("y", outer) }
    }
    let text = message { g in
      if let outer { g.output("y", g.input("x", Float.self, [2]) + outer) }
    }
    #expect(text.contains("a tensor of graph 'first' is used in graph 'wrong'"), "\(text)")
  }

  @Test func dropoutInEvaluationModeIsNotTrained() {
    let text = message { g in
      let x = g.input("x", Float.self, ["N", 3])
      let y = Sequential(Linear(3, 1), Dropout(0.5))(x, file: #fileID, line: #line)
      g.minimize(y.mean(), with: SGD(learningRate: 1))
    }
    #expect(text.contains("dropout 'dropout' is applied in evaluation mode"), "\(text)")
  }
}
