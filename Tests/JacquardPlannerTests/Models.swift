import JacquardCore
import JacquardIR
import JacquardOps
import JacquardTransforms

/// Graphs that the tests of plans compile.
enum Models {
  /// A parameter or state of the graph under construction.
  struct Slot {
    var name: String
    var value: ValueID
  }

  static func input(
    _ b: GraphBuilder, _ name: String, _ shape: [Int], _ role: Input.Role, _ dtype: DType = .f32
  ) throws -> Slot {
    Slot(name: name, value: try b.input(Input(name: name, type: TensorType(dtype, Shape(shape)), role: role)))
  }

  /// One step of Adam (epsilon outside the root) for parameters with given gradients.
  static func adam(_ b: GraphBuilder, _ parameters: [Slot], _ gradients: [ValueID]) throws {
    func c(_ value: Double) throws -> ValueID { try b.constant(value, .f32) }
    let step = try input(b, "step", [], .state)
    let t = try b.add(step.value, c(1))
    let first = try b.subtract(c(1), b.power(c(0.9), t))
    let second = try b.sqrt(b.subtract(c(1), b.power(c(0.999), t)))
    let rate = try b.divide(c(1e-3), first)
    for (parameter, gradient) in zip(parameters, gradients) {
      let shape = b.shape(parameter.value).sizes ?? []
      let m = try input(b, "m/\(parameter.name)", shape, .state)
      let v = try input(b, "v/\(parameter.name)", shape, .state)
      let newM = try b.add(b.multiply(m.value, c(0.9)), b.multiply(gradient, c(0.1)))
      let square = try b.multiply(b.multiply(gradient, gradient), c(0.001))
      let newV = try b.add(b.multiply(v.value, c(0.999)), square)
      let denominator = try b.add(b.divide(b.sqrt(newV), second), c(1e-8))
      let change = try b.multiply(rate, b.divide(newM, denominator))
      try b.update(m.name, newM)
      try b.update(v.name, newV)
      try b.update(parameter.name, b.subtract(parameter.value, change))
    }
    try b.update("step", t)
  }

  /// A classifier of two layers and one step of Adam: `mlp.train`.
  static func mlpStep(batch: Int, widths: [Int] = [784, 256, 10]) throws -> Graph {
    try graph("mlp.train") { b in
      let x = try b.input("x", TensorType(.f32, Shape([batch, widths[0]])))
      let y = try b.input("y", TensorType(.i32, Shape([batch])))
      let w1 = try input(b, "hidden/weight", [widths[0], widths[1]], .parameter)
      let b1 = try input(b, "hidden/bias", [widths[1]], .parameter)
      let w2 = try input(b, "output/weight", [widths[1], widths[2]], .parameter)
      let b2 = try input(b, "output/bias", [widths[2]], .parameter)
      let hidden = try b.relu(b.add(b.matmul(x, w1.value), b1.value))
      let logits = try b.add(b.matmul(hidden, w2.value), b2.value)
      let loss = try b.crossEntropy(logits: logits, labels: y)
      let all = [w1, b1, w2, b2]
      try adam(b, all, b.gradients(of: loss, withRespectTo: all.map(\.value)))
      try b.output("loss", loss)
    }
  }

  /// The optimiser alone, with the gradients as inputs: eight tensors of several shapes.
  static func adamStep() throws -> Graph {
    try graph("adam") { b in
      let shapes = [[784, 256], [256], [256, 128], [128], [128, 64], [64], [64, 10], [10]]
      let parameters = try shapes.enumerated().map { try input(b, "p\($0.offset)", $0.element, .parameter) }
      let gradients = try shapes.enumerated().map { index, shape in
        try b.input("g\(index)", TensorType(.f32, Shape(shape)))
      }
      try adam(b, parameters, gradients)
    }
  }

  static func rowFunction(
    _ name: String, _ shape: [Int], _ build: (GraphBuilder, ValueID) throws -> ValueID
  ) throws -> Graph {
    try graph(name) { b in
      let x = try b.input("x", TensorType(.f32, Shape(shape)))
      try b.output("y", build(b, x))
    }
  }

  static func layerNorm(_ shape: [Int]) throws -> Graph {
    try graph("layerNorm") { b in
      let x = try b.input("x", TensorType(.f32, Shape(shape)))
      let scale = try input(b, "scale", [shape[shape.count - 1]], .parameter)
      let bias = try input(b, "bias", [shape[shape.count - 1]], .parameter)
      try b.output("y", b.layerNorm(x, scale: scale.value, bias: bias.value))
    }
  }

  static func dense(_ activation: (GraphBuilder, ValueID) throws -> ValueID) throws -> Graph {
    try graph("dense") { b in
      let x = try b.input("x", "f32[128,784]")
      let w = try input(b, "w", [784, 256], .parameter)
      let bias = try input(b, "b", [256], .parameter)
      try b.output("y", activation(b, b.add(b.matmul(x, w.value), bias.value)))
    }
  }

  /// The loss and its derivative with respect to the logits.
  static func crossEntropyValueAndGradient() throws -> Graph {
    try graph("crossEntropy") { b in
      let x = try b.input("x", "f32[128,10]")
      let y = try b.input("y", "i32[128]")
      let loss = try b.crossEntropy(logits: x, labels: y)
      try b.output("loss", loss)
      try b.output("slope", b.gradients(of: loss, withRespectTo: [x])[0])
    }
  }

  /// `log(exp(x) / sum(exp(x)))`, written by hand, and the gradient of its weighted sum.
  static func handWrittenLogSoftmax() throws -> Graph {
    try graph("logSoftmax") { b in
      let x = try b.input("x", "f32[64,10]")
      let w = try b.input("w", "f32[64,10]")
      let e = try b.exp(x)
      let y = try b.log(b.divide(e, b.sum(e, axes: [1], keepDims: true)))
      try b.output("y", y)
      try b.output("total", b.sum(b.multiply(w, y), axes: [0, 1]))
    }.addingGradients(of: "total", withRespectTo: ["x"])
  }
}
