import Jacquard

/// A user's program: declares a model, trains it on data of its own, and predicts.
struct Classifier: Module {
  let hidden = Linear(2, 16)
  let output = Linear(16, 2)
  func callAsFunction(_ x: Tensor<Float>) -> Tensor<Float> { output(relu(hidden(x))) }
}

let model = Classifier()
let training = try Graph("circle.train") { g in
  let x = g.input("x", Float.self, ["N", 2])
  let y = g.input("y", Int32.self, ["N"])
  let loss = crossEntropy(logits: g.module(model)(x), labels: y)
  g.minimize(loss, with: Adam(learningRate: 0.01))
  g.output("loss", loss)
}
let forward = try Graph("circle") { g in
  g.output("logits", g.module(model)(g.input("x", Float.self, ["N", 2])))
}

// Points of the unit square; the class is whether a point lies in the circle around the middle.
var points: [Float] = []
var labels: [Int32] = []
for row in 0..<20 {
  for column in 0..<20 {
    let (a, b) = (Float(row) / 19 - 0.5, Float(column) / 19 - 0.5)
    points += [a, b]
    labels.append(a * a + b * b < 0.1 ? 1 : 0)
  }
}
let x = try HostTensor(points, [400, 2])
let y = try HostTensor(labels, [400])

let store = ParameterStore(seed: 0)
let session = try Session(training, store)
for _ in 0..<500 { _ = try session.step(["x": x, "y": y]) }

let logits = try Predictor(forward, store).predict(x).elements(Float.self)
let right = labels.indices.filter { (logits[2 * $0 + 1] > logits[2 * $0] ? 1 : 0) == labels[$0] }.count
print("consumer: \(right) of 400 points are classified rightly")
guard right >= 380 else { throw Diagnostic("the consumer's model did not learn") }
