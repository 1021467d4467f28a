import Jacquard

// Batches go as far as a step takes no more than about a second on two cores.
extension Family {
  static let cnn = Family(name: "cnn") { draw in
    let (side, inputs) = (draw.integer(9, 33), draw.integer(1, 4))
    let channels = (draw.odd(5, 45), draw.odd(9, 70))
    let (hidden, classes) = (draw.odd(20, 200), draw.integer(2, 20))
    return Drawing(
      batch: draw.batch(256),
      sizes: [
        ("inputs", JSONValue(inputs)), ("side", JSONValue(side)),
        ("channels", [JSONValue(channels.0), JSONValue(channels.1)]), ("hidden", JSONValue(hidden)),
        ("classes", JSONValue(classes)),
      ]
    ) { g in
      let model = g.module(ModelZoo.CNN(channels, hidden: hidden, inputs: inputs, side: side, classes: classes))
      return crossEntropy(logits: model(g.images([inputs, side, side])), labels: g.labels(classes))
    }
  }

  static let resnet = Family(name: "resnet") { draw in
    let (side, inputs, blocks) = (draw.integer(11, 33), draw.integer(1, 4), draw.integer(1, 3))
    let channels = [draw.odd(9, 30), draw.odd(17, 50), draw.odd(33, 90)].prefix(draw.integer(2, 3))
    let classes = draw.integer(2, 20)
    return Drawing(
      batch: draw.batch(96),
      sizes: [
        ("inputs", JSONValue(inputs)), ("side", JSONValue(side)),
        ("channels", JSONValue(channels.map { JSONValue($0) })), ("blocks", JSONValue(blocks)),
        ("classes", JSONValue(classes)),
      ]
    ) { g in
      let model = g.module(ModelZoo.ResNet(Array(channels), blocks: blocks, inputs: inputs, classes: classes))
      return crossEntropy(logits: model(g.images([inputs, side, side])), labels: g.labels(classes))
    }
  }

  static let unet = Family(name: "unet_ddpm") { draw in
    let (side, groups) = (4 * draw.integer(2, 8), draw.pick([3, 5, 6, 7]))
    let channels = (0..<3).map { _ in groups * draw.pick([3, 5, 7]) }
    let width = draw.odd(30, 150)
    return Drawing(
      batch: draw.batch(64),
      sizes: [
        ("side", JSONValue(side)), ("channels", JSONValue(channels.map { JSONValue($0) })),
        ("groups", JSONValue(groups)), ("time_width", JSONValue(width)),
      ]
    ) { g in
      let model = g.module(ModelZoo.UNet(channels[0], channels[1], channels[2], groups: groups, time: width))
      let (noisy, noise, step) = NoiseSchedule().diffuse(g.images([1, side, side]) * 2 - 1)
      return mse(model(noisy, step: step), noise)
    }
  }

  static let gnn = Family(name: "gnn") { draw in
    let (nodes, features, width) = (draw.octave(50, 3000), draw.odd(9, 100), draw.odd(17, 100))
    let (edges, layers, classes) = (
      nodes * draw.integer(2, 12) + draw.integer(0, 49), draw.integer(1, 3), draw.integer(2, 20)
    )
    return Drawing(
      batch: nodes,
      sizes: [
        ("nodes", JSONValue(nodes)), ("edges", JSONValue(edges)), ("features", JSONValue(features)),
        ("width", JSONValue(width)), ("layers", JSONValue(layers)), ("classes", JSONValue(classes)),
      ],
      symbols: [("E", edges)]
    ) { g in
      let model = g.module(ModelZoo.GNN(features: features, width: width, layers: layers, classes: classes))
      let x = g.input("x", Float.self, ["N", Dim(features)], sample: SampleHint(.normal))
      let ends = g.whole("edges", [2, "E"], below: nodes)
      return crossEntropy(logits: model(x, edges: ends), labels: g.labels(classes))
    }
  }

  static let transformer = Family(name: "transformer") { draw in
    let (heads, part) = (draw.pick([1, 3, 5, 6]), draw.pick([7, 9, 15, 21]))
    let (vocabulary, length, width) = (draw.odd(30, 300), draw.integer(9, 150), heads * part)
    let (hidden, layers) = (draw.odd(2 * width, 4 * width), draw.integer(1, 5))
    return Drawing(
      batch: draw.batch(32),
      sizes: [
        ("vocabulary", JSONValue(vocabulary)), ("length", JSONValue(length)), ("width", JSONValue(width)),
        ("heads", JSONValue(heads)), ("hidden", JSONValue(hidden)), ("layers", JSONValue(layers)),
      ],
      optimizer: .adamW(3e-4)
    ) { g in
      let model = g.module(
        ModelZoo.Transformer(
          vocabulary: vocabulary, length: length, width: width, heads: heads, hidden: hidden, layers: layers))
      let shape: Shape = ["N", Dim(length)]
      let places = g.iota(Int32.self, [Dim(length)])
      let scores = model(g.whole("x", shape, below: vocabulary), place: places, as: Float.self)
      let labels = g.whole("y", shape, below: vocabulary).reshaped([-1])
      return crossEntropy(logits: scores.reshaped([-1, Dim(vocabulary)]), labels: labels)
    }
  }
}
