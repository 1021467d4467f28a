import JacquardCore
import JacquardIR
import JacquardOps

/// Convolutions in one to three dimensions.
enum ONNXConvolutions {
  static let all: [ONNXTranslator] = [
    .single("Conv", since: 7) { try withBias($0, convolved($0, $0.input(0), $0.input(1))) },
    .single("ConvTranspose", since: 7) { try withBias($0, transposed($0)) },
    .single("ConvInteger", since: 10, integers), ONNXTranslator("CausalConvWithState", since: 27, causal),
  ]

  /// The numbers of the spatial axes.
  private static func spatial(_ node: ONNXNode, _ value: ValueID) throws -> [Int] {
    let shape = node.builder.shape(value)
    guard (3...5).contains(shape.rank) else { throw node.unsupported("on \(shape.rank) axes") }
    let sizes = Shape(Array(shape.dims.dropFirst(2))).sizes
    guard let sizes else { throw node.unsupported("of \(node.builder.type(value)): bind its symbols") }
    return sizes
  }

  private static func groups(_ node: ONNXNode) throws -> Int {
    let groups = try node.int("group", 1)
    guard (1...ONNXWindows.most).contains(groups) else { throw Diagnostic("\(groups) groups are impossible") }
    return groups
  }

  static func convolved(_ node: ONNXNode, _ x: ValueID, _ weight: ValueID) throws -> ValueID {
    let input = try spatial(node, x)
    guard node.builder.shape(weight).rank == input.count + 2 else {
      throw Diagnostic("the weight has other axes than the input")
    }
    var windows = try ONNXWindows(node, input: input, kernel: spatial(node, weight))
    try windows.resolveAutoPad(node, input: input)
    return try node.builder.conv(x, weight, windows.geometry(groups: groups(node)))
  }

  private static func withBias(_ node: ONNXNode, _ value: ValueID) throws -> ValueID {
    guard let bias = node.optional(2) else { return value }
    return try node.builder.add(value, node.along(1, rank: node.builder.shape(value).rank, bias))
  }

  // MARK: Transposed

  /// What the convolution with these windows would give back to its input.
  private static func transposed(_ node: ONNXNode) throws -> ValueID {
    let (b, x, weight) = (node.builder, try node.input(0), try node.input(1))
    let (input, groups) = (try spatial(node, x), try groups(node))
    guard b.shape(weight).rank == input.count + 2, b.shape(weight)[0] == b.shape(x)[1] else {
      throw Diagnostic("the weight \(b.type(weight)) does not fit the input \(b.type(x))")
    }
    guard let channels = b.shape(x)[1].value, channels % groups == 0 else {
      throw Diagnostic("\(groups) groups do not divide the channels")
    }
    var windows = try ONNXWindows(node, input: input, kernel: spatial(node, weight))
    let output = try transposedOutput(node, input, &windows)
    let outputs = try b.shape(weight)[1].times(Dim(groups))
    let shape = Shape([b.shape(x)[0], outputs] + output.map { Dim($0) })
    return try b.convInputGradient(x, weight, input: shape, windows.geometry(groups: groups))
  }

  /// Sizes of the result; pads follow where the result's sizes are given instead.
  private static func transposedOutput(
    _ node: ONNXNode, _ input: [Int], _ windows: inout ONNXWindows
  ) throws -> [Int] {
    let extra = try node.ints("output_padding") ?? input.map { _ in 0 }
    let mode = try node.string("auto_pad", "NOTSET")
    let stated = try node.ints("output_shape")?.suffix(input.count)
    guard extra.count == input.count, extra.allSatisfy({ (0...ONNXWindows.most).contains($0) }),
      stated?.count ?? input.count == input.count
    else { throw Diagnostic("output_padding or output_shape does not fit the input") }
    return try input.indices.map { axis in
      let full = windows.strides[axis] * (input[axis] - 1) + extra[axis] + windows.reach(axis)
      var wanted = stated.map { $0[$0.startIndex + axis] }
      if mode.hasPrefix("SAME") { wanted = wanted ?? input[axis] * windows.strides[axis] }
      if mode == "VALID" { (windows.low[axis], windows.high[axis]) = (0, 0) }
      guard let wanted else { return full - windows.low[axis] - windows.high[axis] }
      let total = full - wanted
      guard wanted > 0 else { throw Diagnostic("output size \(wanted) on axis \(axis) is impossible") }
      if total < 0 {
        // Zeros after what the windows reach.
        windows.high[axis] = total
        windows.low[axis] = 0
        return wanted
      }
      let half = total / 2
      windows.low[axis] = mode == "SAME_UPPER" ? half : total - half
      windows.high[axis] = total - windows.low[axis]
      return wanted
    }
  }

  // MARK: Integers

  private static func integers(_ node: ONNXNode) throws -> ValueID {
    let b = node.builder
    func centred(_ index: Int, _ zero: Int, axis: Int) throws -> ValueID {
      let x = try b.cast(node.input(index), .i32)
      guard let point = node.optional(zero) else { return x }
      let value = try b.cast(point, .i32)
      return try b.subtract(
        x, node.along(b.shape(value).dims.first?.isOne ?? true ? 0 : axis, rank: b.shape(x).rank, value))
    }
    return try convolved(node, centred(0, 2, axis: 1), centred(1, 3, axis: 0))
  }

  // MARK: Causal

  /// Each channel's convolution with what went before it: zeros, or the end of the last call's input.
  private static func causal(_ node: ONNXNode) throws -> [ValueID?] {
    let (b, x, weight) = (node.builder, try node.input(0), try node.input(1))
    guard b.shape(x).rank == 3, b.shape(weight).rank == 3, let channels = b.shape(x)[1].value, channels > 0,
      let kernel = b.shape(weight)[2].value, kernel > 0
    else { throw node.unsupported("of \(b.type(x)) and \(b.type(weight))") }
    let past = try node.optional(3) ?? b.zeros(Shape([b.shape(x)[0], b.shape(x)[1], Dim(kernel - 1)]), b.type(x).dtype)
    let padded = try b.concat([past, x], axis: 2)
    let result = try withBias(node, b.conv(padded, weight, ConvGeometry(rank: 1, groups: channels)))
    let end = b.shape(padded)[2]
    let state = try b.slice(padded, axis: 2, from: end.minus(Dim(kernel - 1)), to: end)
    switch try node.string("activation", "none") {
    case "none": return [result, state]
    case "silu", "swish": return [try b.silu(result), state]
    case let other: throw Diagnostic("attribute 'activation' is '\(other.prefix(40))'")
    }
  }
}
