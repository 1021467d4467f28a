import JacquardCore
import JacquardIR
import JacquardOps

/// A small graph that shows what a step of the compiler does.
struct PassExample {
  /// What to look at.
  let remark: String
  let graph: @Sendable () throws -> Graph

  /// - Parameter build: gives the graph's outputs by name.
  init(_ remark: String, _ build: @escaping @Sendable (GraphBuilder) throws -> [(name: String, value: ValueID)]) {
    self.remark = remark
    graph = {
      let builder = GraphBuilder(name: "example")
      for output in try build(builder) { try builder.output(output.name, output.value) }
      return builder.graph
    }
  }
}

extension PassExample {
  /// By the name of the pass. A pass without one is an error of whoever added it.
  static let passes: [String: PassExample] = [
    "useless": PassExample("A zero is added and a factor of one applied; of two reshapes the last decides.") { b in
      let x = try b.input("x", TensorType(.f32, [4, 6]))
      let same = try b.multiply(b.add(x, b.constant(0, .f32)), b.constant(1, .f32))
      return [("y", try b.reshape(b.reshape(same, [24]), [2, 12]))]
    },
    "canonicalise": PassExample("A sum with a negated operand is a difference; constants come second.") { b in
      let x = try b.input("x", TensorType(.f32, [8]))
      let y = try b.input("y", TensorType(.f32, [8]))
      return [("difference", try b.add(x, b.negate(y))), ("double", try b.multiply(b.constant(2, .f32), x))]
    },
    "stabilise": PassExample(
      "As written, `exp` overflows for logits over 88. What comes out is the same function, and it does not."
    ) { b in
      let x = try b.input("x", TensorType(.f32, [8, 10]))
      let one = try b.constant(1, .f32)
      return [
        ("lse", try b.log(b.sum(b.exp(x), axes: [1]))),
        ("probability", try b.divide(one, b.add(one, b.exp(b.negate(x))))),
      ]
    },
    "expand": PassExample(
      "A composite has no kernel of its own: it is what it is made of, and is fused as if written out."
    ) { b in
      let x = try b.input("x", TensorType(.f32, [8, 10]))
      return [("y", try b.softmax(x))]
    },
    "specialise": PassExample(
      "A square is a product, a division by a power of two exact as a product, and a product needs no transpose."
    ) { b in
      let x = try b.input("x", TensorType(.f32, [8, 4]))
      let w = try b.input("w", TensorType(.f32, [3, 4]))
      let square = try b.power(x, b.constant(2, .f32))
      return [
        ("square", square), ("eighth", try b.divide(x, b.constant(8, .f32))),
        ("product", try b.matmul(x, b.transpose(w, [1, 0]))),
      ]
    },
    "multiplyAdd": PassExample("Product and sum become one operation, which rounds once.") { b in
      let x = try b.input("x", TensorType(.f32, [8]))
      let scale = try b.input("scale", TensorType(.f32, [8]))
      let shift = try b.input("shift", TensorType(.f32, [8]))
      return [("y", try b.add(b.multiply(x, scale), shift))]
    },
  ]

  /// For the planner: what a classifier ends with.
  static let planner = PassExample("The probabilities of a linear classifier: a product, a bias, a softmax.") { b in
    let x = try b.input("x", TensorType(.f32, [128, 64]))
    let weight = try b.input("weight", TensorType(.f32, [64, 10]))
    let bias = try b.input("bias", TensorType(.f32, [10]))
    return [("probabilities", try b.softmax(b.add(b.matmul(x, weight), bias)))]
  }
}
