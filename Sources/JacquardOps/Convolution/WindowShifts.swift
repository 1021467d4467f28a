import JacquardCore
import JacquardIR

/// What each element of a window meets in an image, taken as parts of the padded image.
struct WindowShifts {
  let window: [Int]
  let geometry: ConvGeometry
  /// Spatial sizes.
  let input: [Int]
  let output: [Int]

  /// Each element is a part of the graph.
  private static let largest = 1024
  static let limitDoc = "c5: the window has at most \(largest) elements, and the padding is not negative"

  static func fits(_ window: [Int], _ geometry: ConvGeometry) -> Bool {
    window.allSatisfy { $0 <= largest } && window.product <= largest
      && (geometry.low + geometry.high).allSatisfy { $0 >= 0 }
  }

  /// The elements of the window in row-major order, by their indices.
  var all: [[Int]] {
    window.reduce([[]]) { lists, size in lists.flatMap { list in (0..<size).map { list + [$0] } } }
  }

  private var rank: Int { window.count }

  /// What an axis covers with its padding.
  private func length(_ axis: Int) -> Int { input[axis] + geometry.low[axis] + geometry.high[axis] }

  /// Elements from the first to the last one that a window element meets.
  private func reach(_ axis: Int) -> Int { (output[axis] - 1) * geometry.strides[axis] + 1 }

  private func start(_ shift: [Int], _ axis: Int) -> Int { shift[axis] * geometry.dilation[axis] }

  /// The image with its padding.
  func padded(_ x: ValueID, _ builder: GraphBuilder) throws -> ValueID {
    try builder.pad(x, low: [0, 0] + geometry.low, high: [0, 0] + geometry.high)
  }

  /// What a window element meets: [batch, channels, output...].
  func picked(_ padded: ValueID, _ shift: [Int], _ builder: GraphBuilder) throws -> ValueID {
    let lead = Array(builder.shape(padded).dims[..<2])
    let starts = (0..<rank).map { Dim(start(shift, $0)) }
    let limits = (0..<rank).map { Dim(start(shift, $0) + reach($0)) }
    return try builder.slice(
      padded, starts: [0, 0] + starts, limits: lead + limits, strides: [1, 1] + geometry.strides)
  }

  /// The adjoint of `picked`: values of [batch, channels, output...] put where a window element meets the padded image.
  func placed(_ values: ValueID, _ shift: [Int], _ builder: GraphBuilder) throws -> ValueID {
    let low = (0..<rank).map { Dim(start(shift, $0)) }
    let high = (0..<rank).map { Dim(length($0) - start(shift, $0) - reach($0)) }
    return try builder.pad(
      values, low: [0, 0] + low, high: [0, 0] + high, interior: [0, 0] + geometry.strides.map { $0 - 1 })
  }

  /// The image without its padding.
  func cropped(_ padded: ValueID, _ builder: GraphBuilder) throws -> ValueID {
    let lead = Array(builder.shape(padded).dims[..<2])
    let limits = (0..<rank).map { Dim(geometry.low[$0] + input[$0]) }
    return try builder.slice(
      padded, starts: [0, 0] + geometry.low.map { Dim($0) }, limits: lead + limits)
  }
}
