import Jacquard

extension Family {
  static let mlp = Family(name: "mlp") { draw in
    let depth = draw.integer(1, 4)
    let widths = [draw.odd(20, 1200)] + (0..<depth).map { _ in draw.odd(17, 1500) } + [draw.integer(2, 50)]
    return Drawing(
      batch: draw.batch(512), sizes: [("widths", JSONValue(widths.map { JSONValue($0) }))],
      optimizer: draw.integer(0, 1) == 0 ? .adam(1e-3) : .sgd(0.1)
    ) { g in
      let x = g.images([widths[0]])
      return crossEntropy(logits: g.module(ModelZoo.MLP(widths))(x), labels: g.labels(widths[widths.count - 1]))
    }
  }

  static let autoencoder = Family(name: "autoencoder") { draw in
    let (pixels, large, small) = (draw.odd(100, 1200), draw.odd(60, 500), draw.odd(17, 60))
    let code = draw.integer(1, 13)
    return Drawing(
      batch: draw.batch(512),
      sizes: [
        ("pixels", JSONValue(pixels)), ("large", JSONValue(large)), ("small", JSONValue(small)),
        ("code", JSONValue(code)),
      ]
    ) { g in
      let x = g.images([pixels])
      return mse(g.module(ModelZoo.Autoencoder(pixels: pixels, large: large, small: small, code: code))(x), x)
    }
  }

  static let vae = Family(name: "vae") { draw in
    let (pixels, hidden, code) = (draw.odd(100, 1200), draw.odd(50, 700), draw.odd(2, 45))
    return Drawing(
      batch: draw.batch(512),
      sizes: [("pixels", JSONValue(pixels)), ("hidden", JSONValue(hidden)), ("code", JSONValue(code))]
    ) { g in
      g.module(ModelZoo.VAE(pixels: pixels, hidden: hidden, code: code)).loss(g.images([pixels]))
    }
  }

  static let denoisingMLP = Family(name: "ddpm_mlp") { draw in
    let (size, width) = (draw.integer(2, 9), draw.odd(40, 400))
    return Drawing(batch: draw.batch(512), sizes: [("size", JSONValue(size)), ("width", JSONValue(width))]) { g in
      let x = g.input("x", Float.self, ["N", Dim(size)], sample: SampleHint(.normal))
      let (noisy, noise, step) = NoiseSchedule().diffuse(x)
      return mse(g.module(ModelZoo.DenoisingMLP(size: size, width: width))(noisy, step: step), noise)
    }
  }

  static let word2vec = Family(name: "word2vec") { draw in
    let (vocabulary, size, negatives) = (draw.odd(500, 20_000), draw.odd(20, 300), draw.integer(1, 11))
    return Drawing(
      batch: draw.batch(512),
      sizes: [
        ("vocabulary", JSONValue(vocabulary)), ("size", JSONValue(size)), ("negatives", JSONValue(negatives)),
      ],
      optimizer: .sgd(0.025)
    ) { g in
      let model = g.module(ModelZoo.Word2Vec(vocabulary: vocabulary, size: size))
      let word = g.whole("word", ["N"], below: vocabulary)
      let context = g.whole("context", ["N"], below: vocabulary)
      let negative = g.whole("negative", ["N", Dim(negatives)], below: vocabulary)
      let near: Tensor<Float> = softplus(-model(word, context.expandingDims(1)))
      let far: Tensor<Float> = softplus(model(word, negative))
      return near.mean() + far.sum(1).mean()
    }
  }
}
