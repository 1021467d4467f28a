import Foundation
import JacquardCore
import JacquardIR
import JacquardOps

/// Discrete Fourier transforms: products with constant matrices of cosines and sines.
enum ONNXFourier {
  static let all: [ONNXTranslator] = [
    .single("DFT", since: 17, transform), .single("STFT", since: 17, frames),
    .single("MelWeightMatrix", since: 17, mel),
  ]

  /// A larger matrix is not meant.
  private static let mostElements = 1 << 24

  // MARK: One transform

  private struct Transform {
    let length: Int?
    let isInverse: Bool
    let isOneSided: Bool
  }

  private static func transform(_ node: ONNXNode) throws -> ValueID {
    let rank = try node.shape(0).rank
    let length = try node.integers(1)?.first
    let kind = try Transform(
      length: length, isInverse: node.flag("inverse"), isOneSided: node.flag("onesided"))
    let x = try node.input(0)
    if node.opset < 20 { return try transformed(node, x, axis: node.axis(node.int("axis", 1), rank: rank), kind) }
    guard node.optional(2) != nil else { return try transformed(node, x, axis: node.axis(-2, rank: rank), kind) }
    if length != nil || kind.isOneSided {
      guard let axis = try node.integers(2)?.first else { throw Diagnostic("the axis is empty") }
      return try transformed(node, x, axis: node.axis(axis, rank: rank), kind)
    }
    return try node.alongAxis(2, of: 0..<max(0, rank - 1), rank: rank) { try transformed(node, x, axis: $0, kind) }
  }

  /// Elements along the axis and their real and imaginary parts become one axis, which is contracted.
  private static func transformed(_ node: ONNXNode, _ x: ValueID, axis: Int, _ kind: Transform) throws -> ValueID {
    let (b, shape) = (node.builder, node.builder.shape(x))
    let last = shape.rank - 1
    guard axis < last, let size = shape[axis].value, let parts = shape[last].value, parts == 1 || parts == 2 else {
      throw Diagnostic("an input \(shape) has no transform along axis \(axis)")
    }
    let isReal = kind.isInverse && kind.isOneSided
    let length = kind.length ?? (isReal ? 2 * (size - 1) : size)
    guard length > 0, length <= mostElements else { throw Diagnostic("a transform of length \(length) is impossible") }
    let used = min(size, isReal ? length / 2 + 1 : length)
    let count = kind.isOneSided && !kind.isInverse ? length / 2 + 1 : length
    guard used * count <= mostElements else { throw node.unsupported("of length \(length)") }
    let matrix = matrix(used, parts, count, isReal ? 1 : 2, length, kind)
    let weight = try b.constant(HostTensor(b.type(x).dtype, [used, parts, count, isReal ? 1 : 2], matrix))
    let part = try b.slice(x, axis: axis, from: 0, to: Dim(used))
    let product = try b.dot(part, weight, lhsContracting: [axis, last], rhsContracting: [0, 1])
    // The new axis comes before the parts; it goes where the old one was.
    var order = Array(0..<last - 1)
    order.insert(last - 1, at: axis)
    return try b.transpose(product, order + [last])
  }

  /// Elements [used, parts, count, results] of e^(-2 pi i n k / length), or of the inverse with its factor.
  private static func matrix(
    _ used: Int, _ parts: Int, _ count: Int, _ results: Int, _ length: Int, _ kind: Transform
  ) -> [Scalar] {
    let unit = (kind.isInverse ? 2.0 : -2.0) * Double.pi / Double(length)
    let factor = kind.isInverse ? 1 / Double(length) : 1
    var elements: [Scalar] = []
    elements.reserveCapacity(used * parts * count * results)
    for n in 0..<used {
      // Of a one-sided spectrum all but the first and the middle element stand for two.
      let isDoubled = results == 1 && n != 0 && 2 * n != length
      let weight = isDoubled ? 2 * factor : factor
      for part in 0..<parts {
        for k in 0..<count {
          let angle = unit * Double(n * k % length)
          let (real, imaginary) = (weight * cos(angle), weight * sin(angle))
          let values = part == 0 ? [real, imaginary] : [-imaginary, real]
          elements += values.prefix(results).map { .float($0) }
        }
      }
    }
    return elements
  }

  // MARK: Of frames

  private static func frames(_ node: ONNXNode) throws -> ValueID {
    let (b, x) = (node.builder, try node.input(0))
    guard b.shape(x).rank == 3, let size = b.shape(x)[1].value, let step = try node.integers(1)?.first, step > 0 else {
      throw Diagnostic("the signal is no batch of known length, or the step is impossible")
    }
    let window = node.optional(2)
    let length = try node.integers(3)?.first ?? window.flatMap { b.shape($0).dims.first?.value } ?? size
    guard length > 0, length <= size else { throw Diagnostic("frames of \(length) do not fit a signal of \(size)") }
    let starts = (0...(size - length) / step).map { $0 * step }
    guard starts.count * length <= mostElements else { throw node.unsupported("of \(starts.count) frames") }
    let places = try HostTensor(
      .i64, [starts.count, length], starts.flatMap { start in (0..<length).map { .int(Int64(start + $0)) } })
    var frames = try b.gather(x, b.constant(places), axis: 1)
    if let window { frames = try b.multiply(frames, b.reshape(window, Shape([Dim(length), 1]))) }
    let kind = try Transform(length: nil, isInverse: false, isOneSided: node.flag("onesided", true))
    return try transformed(node, frames, axis: 2, kind)
  }

  // MARK: Mel filters

  /// Triangles between frequencies that lie evenly on the mel scale, 2595 log10(1 + f / 700).
  private static func mel(_ node: ONNXNode) throws -> ValueID {
    let b = node.builder
    guard let count = try node.integers(0)?.first, let length = try node.integers(1)?.first,
      (0...1 << 16).contains(count), (0...1 << 24).contains(length), (length / 2 + 1) * max(1, count) <= mostElements
    else { throw Diagnostic("the number of filters or the length is impossible") }
    func number(_ value: Double) throws -> ValueID { try b.constant(value, .f64) }
    func scalar(_ index: Int) throws -> ValueID { try b.reshape(b.cast(node.input(index), .f64), .scalar) }
    let perLog = 2595 / log(10.0)
    func scaled(_ hertz: ValueID) throws -> ValueID {
      try b.multiply(b.log1p(b.divide(hertz, number(700))), number(perLog))
    }
    let (low, high) = (try scaled(scalar(3)), try scaled(scalar(4)))
    let step = try b.divide(b.subtract(high, low), number(Double(count + 2)))
    let points = try b.add(b.multiply(b.iota(Shape([Dim(count + 2)]), axis: 0, .f64), step), low)
    let hertz = try b.multiply(number(700), b.expm1(b.divide(points, number(perLog))))
    let bins = try b.floorDivide(b.multiply(number(Double(length + 1)), hertz), scalar(2))
    func edge(_ k: Int) throws -> ValueID { try b.slice(bins, axis: 0, from: Dim(k), to: Dim(k + count)) }
    let (left, centre, right) = (try edge(0), try edge(1), try edge(2))
    let row = try b.iota(Shape([Dim(length / 2 + 1), Dim(count)]), axis: 0, .f64)
    let isPoint = try b.equal(left, centre)
    let rising = try b.select(
      isPoint, number(1), b.divide(b.subtract(row, left), b.subtract(centre, left)))
    let falling = try b.divide(b.subtract(right, row), b.subtract(right, centre))
    let isRising = try b.logicalAnd(b.greaterEqual(row, left), b.lessEqual(row, centre))
    let isFalling = try b.logicalAnd(b.greater(row, centre), b.less(row, right))
    let result = try b.select(isRising, rising, b.select(isFalling, falling, number(0)))
    return try b.cast(result, node.dtype(attribute: "output_datatype") ?? .f32)
  }
}
