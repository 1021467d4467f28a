import JacquardCore
import JacquardIR
import JacquardOps

/// Resizing, one axis after the other: a choice of elements, or a product with a matrix of weights.
enum ONNXResize {
  static let all: [ONNXTranslator] = [
    .single("Resize", since: 11, resize), .single("Upsample", since: 9, upsample),
  ]

  private static let longest = 1 << 16

  private struct Axis {
    var axis: Int
    var scale: Double
    var output: Int
    var roi: (start: Double, end: Double)
  }

  private static func resize(_ node: ONNXNode) throws -> ValueID {
    let sampler = try ONNXSampler(node)
    return try apply(node, axes(node, usesRegion: sampler.coordinates == "tf_crop_and_resize"), sampler)
  }

  private static func upsample(_ node: ONNXNode) throws -> ValueID {
    let sizes = try node.sizes(0)
    let scales = try node.tensor(1)
    guard scales.count == sizes.count else { throw Diagnostic("\(scales.count) scales for \(sizes.count) axes") }
    guard try node.string("mode", "nearest") == "nearest" else {
      throw node.unsupported("with another mode than nearest")
    }
    let axes = try sizes.indices.map { axis in
      let scale = scales[linear: axis].asDouble
      return Axis(axis: axis, scale: scale, output: try output(Double(sizes[axis]) * scale), roi: (0, 1))
    }
    return try apply(node, axes, ONNXSampler(nearest: "floor", coordinates: "asymmetric"))
  }

  private static func output(_ size: Double) throws -> Int {
    guard size >= 0, size <= Double(longest) else { throw Diagnostic("an axis of \(size) elements is impossible") }
    return Int(size.rounded(.down))
  }

  // MARK: Sizes

  private static func axes(_ node: ONNXNode, usesRegion: Bool) throws -> [Axis] {
    let own = try node.sizes(0)
    let chosen = try node.axes(node.ints("axes") ?? Array(own.indices), rank: own.count)
    let region = try usesRegion ? numbers(node, 1, 2 * chosen.count) ?? [] : []
    if usesRegion && region.isEmpty { throw Diagnostic("the region is missing") }
    func roi(_ index: Int) -> (Double, Double) {
      usesRegion ? (region[index], region[index + chosen.count]) : (0, 1)
    }
    if let scales = try numbers(node, 2, chosen.count) {
      return try chosen.enumerated().map { index, axis in
        let (start, end) = roi(index)
        let size = try output(Double(own[axis]) * (end - start) * scales[index])
        return Axis(axis: axis, scale: scales[index], output: size, roi: (start, end))
      }
    }
    guard let sizes = try numbers(node, 3, chosen.count) else { throw Diagnostic("neither scales nor sizes are given") }
    let fitted = try fitted(node, sizes, chosen.map { Double(own[$0]) })
    return try chosen.enumerated().map { index, axis in
      Axis(axis: axis, scale: fitted[index].scale, output: try output(fitted[index].size), roi: roi(index))
    }
  }

  private static func numbers(_ node: ONNXNode, _ index: Int, _ count: Int) throws -> [Double]? {
    guard node.optional(index) != nil else { return nil }
    let tensor = try node.tensor(index)
    if tensor.count == 0 { return nil }
    guard tensor.count == count else { throw Diagnostic("input \(index) has \(tensor.count) elements, not \(count)") }
    return (0..<count).map { tensor[linear: $0].asDouble }
  }

  /// Scales that sizes ask for; one for all axes where the aspect is kept.
  private static func fitted(
    _ node: ONNXNode, _ sizes: [Double], _ own: [Double]
  ) throws -> [(scale: Double, size: Double)] {
    let scales = zip(sizes, own).map { $0 / $1 }
    let common: Double?
    switch try node.string("keep_aspect_ratio_policy", "stretch") {
    case "stretch": common = nil
    case "not_larger": common = scales.min()
    case "not_smaller": common = scales.max()
    case let policy: throw Diagnostic("attribute 'keep_aspect_ratio_policy' is '\(policy.prefix(40))'")
    }
    guard let common else { return zip(scales, sizes).map { ($0, $1) } }
    return own.map { (common, (common * $0 + 0.5).rounded(.down)) }
  }

  // MARK: Values

  private static func apply(_ node: ONNXNode, _ axes: [Axis], _ sampler: ONNXSampler) throws -> ValueID {
    var x = try node.input(0)
    for axis in axes {
      let input = try node.sizes(of: x)[axis.axis]
      // The same elements: nothing to compute.
      if axis.scale == 1 && axis.output == input && sampler.coordinates != "tf_crop_and_resize" { continue }
      guard input > 0, input <= longest, axis.scale > 0 else { throw node.unsupported("from \(input) elements") }
      let rows = try (0..<axis.output).map {
        try sampler.row($0, input: input, output: axis.output, scale: axis.scale, roi: axis.roi)
      }
      x = try sampler.mode == "nearest" ? picked(node, x, axis.axis, rows) : weighted(node, x, axis.axis, rows, input)
      x = try extrapolated(node, x, axis.axis, rows, sampler.extrapolation)
    }
    return x
  }

  private static func picked(
    _ node: ONNXNode, _ x: ValueID, _ axis: Int, _ rows: [ONNXSampler.Row]
  ) throws -> ValueID {
    let places = rows.map { row in row.places[row.weights.firstIndex(of: 1) ?? 0] }
    return try node.builder.gather(x, node.constant(integers: places), axis: axis)
  }

  private static func weighted(
    _ node: ONNXNode, _ x: ValueID, _ axis: Int, _ rows: [ONNXSampler.Row], _ input: Int
  ) throws -> ValueID {
    let (b, dtype) = (node.builder, node.builder.type(x).dtype)
    guard dtype.isFloat else { throw node.unsupported("of \(dtype) between elements") }
    var matrix = try HostTensor(zeros: dtype == .f64 ? .f64 : .f32, [rows.count, input])
    for (index, row) in rows.enumerated() {
      var line = [Double](repeating: 0, count: input)
      for (place, weight) in zip(row.places, row.weights) { line[place] += weight }
      for (place, weight) in line.enumerated() { matrix[linear: index * input + place] = .float(weight) }
    }
    let product = try b.dot(node.widened(x), b.constant(matrix), lhsContracting: [axis], rhsContracting: [1])
    let rank = b.shape(x).rank
    // The new axis comes last; it belongs where the old one was.
    let order = (0..<rank).map { $0 < axis ? $0 : $0 == axis ? rank - 1 : $0 - 1 }
    return try b.cast(b.transpose(product, order), dtype)
  }

  private static func extrapolated(
    _ node: ONNXNode, _ x: ValueID, _ axis: Int, _ rows: [ONNXSampler.Row], _ value: Double
  ) throws -> ValueID {
    if !rows.contains(where: \.isOutside) { return x }
    let b = node.builder
    let mask = try b.constant(HostTensor(.bool, [rows.count], rows.map { .bool($0.isOutside) }))
    return try b.select(node.along(axis, rank: b.shape(x).rank, mask), node.constant(value, like: x), x)
  }
}
