import JacquardCore
import JacquardIR
import JacquardOps

/// Normalisations, softmax and dropout.
enum ONNXNormalization {
  static let all: [ONNXTranslator] = [
    ONNXTranslator("BatchNormalization", since: 9, batch), ONNXTranslator("LayerNormalization", since: 17, layer),
    .single("InstanceNormalization", since: 7, instance), .single("GroupNormalization", since: 18, group),
    .single("RMSNormalization", since: 23, rootMeanSquare), .single("LpNormalization", since: 7, norm),
    .single("MeanVarianceNormalization", since: 9, meanVariance), .single("LRN", since: 7, localResponse),
    .single("Softmax", since: 13) { try $0.builder.softmax($0.input(0), axis: lastAxis($0)) },
    .single("LogSoftmax", since: 13) { try $0.builder.logSoftmax($0.input(0), axis: lastAxis($0)) },
    .single("Hardmax", since: 13, hardmax), ONNXTranslator("Dropout", since: 7, dropout),
  ]

  private static func lastAxis(_ node: ONNXNode) throws -> Int {
    try node.axis(node.int("axis", -1), rank: node.shape(0).rank)
  }

  /// Mean and variance along axes, which stay with size 1.
  private static func moments(_ b: GraphBuilder, _ x: ValueID, _ axes: [Int]) throws -> (
    mean: ValueID, variance: ValueID
  ) {
    let mean = try b.mean(x, axes: axes, keepDims: true)
    let difference = try b.subtract(x, mean)
    return (mean, try b.mean(b.multiply(difference, difference), axes: axes, keepDims: true))
  }

  private static func standardized(
    _ node: ONNXNode, _ x: ValueID, _ moments: (mean: ValueID, variance: ValueID), epsilon: Double
  ) throws -> (value: ValueID, inverse: ValueID) {
    let b = node.builder
    let inverse = try b.rsqrt(b.add(moments.variance, node.constant(epsilon, like: x)))
    return (try b.multiply(b.subtract(x, moments.mean), inverse), inverse)
  }

  // MARK: Batch

  private static func batch(_ node: ONNXNode) throws -> [ValueID?] {
    let b = node.builder
    let x = try node.widened(node.input(0))
    let (epsilon, dtype) = (try node.float("epsilon", 1e-5), b.type(x).dtype)
    guard b.shape(x).rank >= 2 else { throw Diagnostic("the input has no channels") }
    let channels = try (1...4).map { try b.reshape(b.cast(node.input($0), dtype), Shape([b.shape(x)[1]])) }
    if try !node.flag("training_mode") {
      let y = try b.batchNorm(
        x, scale: channels[0], bias: channels[1], mean: channels[2], variance: channels[3], epsilon: epsilon)
      return [try b.cast(y, node.dtype(0))]
    }
    let own = try b.batchNorm(x, scale: channels[0], bias: channels[1], epsilon: epsilon)
    let momentum = try node.float("momentum", 0.9)
    let running = try [(channels[2], own.mean, 3), (channels[3], own.variance, 4)].map { old, new, index in
      let kept = try b.multiply(old, node.constant(momentum, dtype))
      let sum = try b.add(kept, b.multiply(new, node.constant(1 - momentum, dtype)))
      return try b.cast(b.reshape(sum, node.shape(index)), node.dtype(index))
    }
    return [try b.cast(own.y, node.dtype(0))] + running
  }

  /// Whether an operation of the graph has the same meaning: nothing is widened, and scale and bias are vectors of `size`.
  private static func isDirect(_ node: ONNXNode, size: Dim, operands: ClosedRange<Int>) throws -> Bool {
    let dtype = try node.dtype(0)
    return try (dtype == .f32 || dtype == .f64)
      && operands.allSatisfy { try node.dtype($0) == dtype && node.shape($0).dims == [size] }
  }

  private static func instance(_ node: ONNXNode) throws -> ValueID {
    let b = node.builder
    let own = try node.shape(0)
    if own.rank >= 3, try isDirect(node, size: own[1], operands: 1...2) {
      return try b.instanceNorm(
        node.input(0), scale: node.input(1), bias: node.input(2), epsilon: node.float("epsilon", 1e-5))
    }
    let x = try node.widened(node.input(0))
    let (rank, dtype) = (b.shape(x).rank, b.type(x).dtype)
    guard rank >= 3 else { throw Diagnostic("the input has no spatial axes") }
    let (value, _) = try standardized(
      node, x, moments(b, x, Array(2..<rank)), epsilon: node.float("epsilon", 1e-5))
    let scale = try node.along(1, rank: rank, b.cast(node.input(1), dtype))
    let bias = try node.along(1, rank: rank, b.cast(node.input(2), dtype))
    return try b.cast(b.add(b.multiply(value, scale), bias), node.dtype(0))
  }

  /// Up to operator set 20 scale and bias are one a group, then one a channel.
  private static func group(_ node: ONNXNode) throws -> ValueID {
    let b = node.builder
    let x = try node.widened(node.input(0))
    let (shape, dtype) = (b.shape(x), b.type(x).dtype)
    guard let groups = try node.int("num_groups"), groups > 0, shape.rank >= 2,
      let channels = try shape[1].dividedExactly(by: Dim(groups))
    else { throw Diagnostic("groups do not divide the channels") }
    if node.opset >= 21, channels.value != nil, try isDirect(node, size: shape[1], operands: 1...2) {
      return try b.groupNorm(
        x, scale: node.input(1), bias: node.input(2), groups: groups, epsilon: node.float("epsilon", 1e-5))
    }
    let split = Shape([shape[0], Dim(groups), channels] + shape.dims.dropFirst(2))
    let parts = try b.reshape(x, split)
    let (value, _) = try standardized(
      node, parts, moments(b, parts, Array(2..<split.rank)), epsilon: node.float("epsilon", 1e-5))
    let isGroupwise = node.opset < 21
    let (whole, rank) = (try isGroupwise ? value : b.reshape(value, shape), isGroupwise ? split.rank : shape.rank)
    let scale = try node.along(1, rank: rank, b.cast(node.input(1), dtype))
    let bias = try node.along(1, rank: rank, b.cast(node.input(2), dtype))
    return try b.cast(b.reshape(b.add(b.multiply(whole, scale), bias), shape), node.dtype(0))
  }

  // MARK: Layers

  /// The type that statistics are computed in.
  private static func stash(_ node: ONNXNode) throws -> DType { try node.dtype(attribute: "stash_type") ?? .f32 }

  private static func layer(_ node: ONNXNode) throws -> [ValueID?] {
    let (b, epsilon) = (node.builder, try node.float("epsilon", 1e-5))
    let (axis, rank) = (try lastAxis(node), try node.shape(0).rank)
    if let bias = node.optional(2), axis == rank - 1, try node.dtype(0) == .f32, try stash(node) == .f32,
      !node.wants(1),
      !node.wants(2), try [node.shape(1), b.shape(bias)].allSatisfy({ try $0.dims == [node.shape(0)[axis]] })
    {
      return [try b.layerNorm(node.input(0), scale: node.input(1), bias: bias, epsilon: epsilon)]
    }
    let x = try b.cast(node.input(0), stash(node))
    let statistics = try moments(b, x, Array(axis..<rank))
    let (value, inverse) = try standardized(node, x, statistics, epsilon: epsilon)
    let scaled = try b.multiply(b.cast(value, node.dtype(0)), node.input(1))
    return [try node.optional(2).map { try b.add(scaled, $0) } ?? scaled, statistics.mean, inverse]
  }

  private static func rootMeanSquare(_ node: ONNXNode) throws -> ValueID {
    let b = node.builder
    let (axis, own) = (try lastAxis(node), try node.shape(0))
    if axis == own.rank - 1, try node.dtype(0) == stash(node), try isDirect(node, size: own[axis], operands: 1...1) {
      return try b.rmsNorm(node.input(0), scale: node.input(1), epsilon: node.float("epsilon", 1e-5))
    }
    let x = try b.cast(node.input(0), stash(node))
    let axes = Array(axis..<own.rank)
    let square = try b.mean(b.multiply(x, x), axes: axes, keepDims: true)
    let root = try b.rsqrt(b.add(square, node.constant(node.float("epsilon", 1e-5), like: x)))
    let value = try b.cast(b.multiply(x, root), node.dtype(0))
    return try b.cast(b.multiply(b.cast(value, node.dtype(1)), node.input(1)), node.dtype(1))
  }

  /// Divided by the norm along an axis; 0 where that is 0.
  private static func norm(_ node: ONNXNode) throws -> ValueID {
    let (b, x, axis) = (node.builder, try node.input(0), try lastAxis(node))
    let length: ValueID
    switch try node.int("p", 2) {
    case 1: length = try b.sum(b.abs(x), axes: [axis], keepDims: true)
    case 2: length = try b.sqrt(b.sum(b.multiply(x, x), axes: [axis], keepDims: true))
    case let p: throw Diagnostic("p is \(p), neither 1 nor 2")
    }
    let zero = try node.constant(0, like: x)
    return try b.select(b.equal(length, zero), zero, b.divide(x, length))
  }

  private static func meanVariance(_ node: ONNXNode) throws -> ValueID {
    let (b, x) = (node.builder, try node.input(0))
    let axes = try node.axes(node.ints("axes") ?? [0, 2, 3], rank: b.shape(x).rank).sorted()
    let (mean, variance) = try moments(b, x, axes)
    return try b.divide(b.subtract(x, mean), b.add(b.sqrt(variance), node.constant(1e-9, like: x)))
  }

  /// Divided by a power of the sum of squares of the neighbouring channels.
  private static func localResponse(_ node: ONNXNode) throws -> ValueID {
    let (b, x) = (node.builder, try node.input(0))
    guard let size = try node.int("size"), (1...1024).contains(size), b.shape(x).rank >= 2 else {
      throw Diagnostic("attribute 'size' is missing or impossible")
    }
    var (low, high) = (b.shape(x).dims.map { _ in 0 }, b.shape(x).dims.map { _ in 0 })
    (low[1], high[1]) = ((size - 1) / 2, size - 1 - (size - 1) / 2)
    let squares = try b.pad(b.multiply(x, x), low: low, high: high)
    let slices = try (0..<size).map { try b.slice(squares, axis: 1, from: Dim($0), to: b.shape(x)[1].plus(Dim($0))) }
    let sum = try slices.dropFirst().reduce(slices[0]) { try b.add($0, $1) }
    let alpha = try node.constant(node.float("alpha", 1e-4) / Double(size), like: x)
    let inner = try b.add(b.multiply(sum, alpha), node.constant(node.float("bias", 1), like: x))
    return try b.divide(x, b.power(inner, node.constant(node.float("beta", 0.75), like: x)))
  }

  private static func hardmax(_ node: ONNXNode) throws -> ValueID {
    let (b, x, axis) = (node.builder, try node.input(0), try lastAxis(node))
    let hit = try b.equal(b.iota(b.shape(x), axis: axis, .i64), b.argmax(x, axis: axis, keepDims: true))
    return try b.cast(hit, b.type(x).dtype)
  }

  /// Outside training it changes nothing.
  private static func dropout(_ node: ONNXNode) throws -> [ValueID?] {
    let (b, x) = (node.builder, try node.input(0))
    let training = try node.optional(2) != nil && node.tensor(2)[scalar: 0]
    if training {
      let ratio = try node.optional(1) == nil ? 0.5 : node.tensor(1).count == 1 ? node.tensor(1)[linear: 0].asDouble : 1
      if ratio != 0 { throw node.unsupported("in training: its random numbers are not stated") }
    }
    // Before operator set 10 the mask was no bool.
    let mask = node.wants(1) && node.opset >= 10 ? try b.broadcast(b.constant(1, .bool), to: b.shape(x)) : nil
    return [x, mask]
  }
}

extension HostTensor {
  /// Whether the element is there and true.
  fileprivate subscript(scalar index: Int) -> Bool { index < count && self[linear: index].asBool }
}
