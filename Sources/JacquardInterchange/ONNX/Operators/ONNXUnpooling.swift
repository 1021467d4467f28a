import JacquardCore
import JacquardIR
import JacquardOps

/// Operators that put windows, or what was chosen from them, back into images.
enum ONNXUnpooling {
  static let all: [ONNXTranslator] = [
    .single("MaxUnpool", since: 9, maxUnpool), .single("Col2Im", since: 18, imageFromColumns),
  ]

  /// Indices count the elements of the whole unpooled tensor; a larger stated shape adds zeros at the ends.
  private static func maxUnpool(_ node: ONNXNode) throws -> ValueID {
    let (b, x) = (node.builder, try node.input(0))
    let sizes = try node.sizes(0)
    guard sizes.count >= 3, try node.shape(1) == b.shape(x) else { throw Diagnostic("values and indices do not fit") }
    let windows = try ONNXWindows(node, input: Array(sizes.dropFirst(2)))
    let spatial = windows.kernel.indices.map { axis in
      (sizes[axis + 2] - 1) * windows.strides[axis] + windows.kernel[axis] - windows.low[axis] - windows.high[axis]
    }
    guard spatial.allSatisfy({ $0 >= 0 }) else { throw Diagnostic("the pads are larger than the result") }
    let result = Array(sizes.prefix(2)) + spatial
    let base = try b.zeros(Shape([Shape(result).elementCount()]), b.type(x).dtype)
    let flat = try b.scatterElements(base, b.reshape(node.input(1), [-1]), b.reshape(x, [-1]), axis: 0)
    let image = try b.reshape(flat, Shape(result))
    guard let wanted = try node.integers(2) else { return image }
    guard wanted.count == result.count, zip(wanted, result).allSatisfy({ $0 >= $1 }) else {
      throw Diagnostic("output_shape \(wanted) is smaller than \(result)")
    }
    return try b.pad(image, low: result.map { _ in 0 }, high: zip(wanted, result).map { $0 - $1 })
  }

  /// The transposed convolution with a kernel that has a 1 at each window element's own place.
  private static func imageFromColumns(_ node: ONNXNode) throws -> ValueID {
    let (b, x) = (node.builder, try node.input(0))
    guard let image = try node.integers(1), let block = try node.integers(2), image.count == block.count,
      (1...3).contains(image.count), (image + block).allSatisfy({ (1...ONNXWindows.most).contains($0) })
    else { throw Diagnostic("the shapes of image and block do not fit") }
    let count = try block.reduce(1) { try Overflow.multiply($0, $1) }
    guard b.shape(x).rank == 3, let rows = b.shape(x)[1].value, rows % count == 0 else {
      throw Diagnostic("an input \(b.type(x)) has no columns of \(count) elements")
    }
    let windows = try ONNXWindows(node, input: image, kernel: block)
    let channels = rows / count
    let geometry = windows.geometry(groups: channels)
    let outputs = try image.indices.map { try windows.output($0, input: image[$0], ceil: false) }
    let columns = try b.reshape(x, Shape([b.shape(x)[0], Dim(rows)] + outputs.map { Dim($0) }))
    let square = Shape([Dim(count), Dim(count)])
    let hit = try b.equal(b.iota(square, axis: 0, .i64), b.iota(square, axis: 1, .i64))
    let one = try b.reshape(b.cast(hit, b.type(x).dtype), Shape([1, Dim(count), Dim(count)]))
    let all = try b.broadcast(one, to: Shape([Dim(channels), Dim(count), Dim(count)]))
    let weight = try b.reshape(all, Shape([Dim(rows), 1] + block.map { Dim($0) }))
    let result = Shape([b.shape(x)[0], Dim(channels)] + image.map { Dim($0) })
    return try b.convInputGradient(columns, weight, input: result, geometry)
  }
}
