import Jacquard
import Testing

/// The models of the zoo against PyTorch: first losses from the same parameters, inputs and noise.
@Suite struct ModelGoldenTests {
  private func loss<S: TensorFloat>(_ name: String, _ g: GraphContext, _: S.Type) -> Tensor<S> {
    let x = g.input("x", S.self, ["N", 784])
    switch name {
    case "mlp": return crossEntropy(logits: g.module(ModelZoo.MLP())(x), labels: g.input("y", Int32.self, ["N"]))
    case "autoencoder": return mse(g.module(ModelZoo.Autoencoder())(x), x)
    default: return g.module(ModelZoo.VAE()).loss(x, noise: g.input("noise", S.self, ["N", 20]))
    }
  }

  private func losses<S: TensorFloat>(_ name: String, _ type: S.Type, _ goldens: TrainingGoldens) throws -> [Double] {
    let graph = try Graph(name, mode: .training) { g in
      let loss = loss(name, g, type)
      g.minimize(loss, with: Adam(learningRate: 1e-3))
      g.output("loss", loss)
    }
    let model = try goldens.model(name)
    let batch = try model.required("batch").int()
    let session = try Session(graph, try goldens.store(model, S.dtype))
    return try (0..<10).map { step in
      var inputs = ["x": try Draw.images(step, S.dtype, [batch, 784])]
      if name == "mlp" { inputs["y"] = try Draw.labels(step, batch) }
      if name == "vae" { inputs["noise"] = try Draw.noise(step, S.dtype, [batch, 20]) }
      return try session.step(inputs)["loss"]?[linear: 0].asDouble ?? .nan
    }
  }

  @Test(arguments: ["mlp", "autoencoder", "vae"]) func firstTenLosses(_ name: String) throws {
    let goldens = try TrainingGoldens()
    let model = try goldens.model(name)
    for (found, key, tolerance) in [
      (try losses(name, Float.self, goldens), "losses.f32", 1e-4),
      (try losses(name, Double.self, goldens), "losses.f64", 1e-10),
    ] {
      let expected = try goldens.losses(model, key)
      let worst = zip(found, expected).map { abs($0 - $1) / abs($1) }.max() ?? .infinity
      #expect(found.count == 10 && worst <= tolerance, "\(name) \(key): relative error \(worst)")
    }
  }
}
