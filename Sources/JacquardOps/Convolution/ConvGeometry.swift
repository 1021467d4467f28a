import JacquardCore
import JacquardIR

/// How the windows of a convolution lie on its input: along each spatial axis, output `o` and kernel element `k` meet input element
/// `(o * stride + k * dilation - low) / inputDilation`, if that is one.
public struct ConvGeometry: Hashable, Codable, Sendable {
  /// Distance between neighbouring windows, one a spatial axis.
  public var strides: [Int]
  /// Elements put before and after each axis; negative ones cut elements off.
  public var low: [Int]
  /// After each axis; see `low`.
  public var high: [Int]
  /// Distance between the kernel's elements.
  public var dilation: [Int]
  /// Distance between the input's elements (a transposed convolution's stride).
  public var inputDilation: [Int]
  /// How many parts of the channels are convolved each by itself.
  public var groups: Int

  /// - Parameter rank: number of spatial axes; nil lists mean 1 everywhere, or no padding.
  public init(
    rank: Int, strides: [Int]? = nil, low: [Int]? = nil, high: [Int]? = nil, dilation: [Int]? = nil,
    inputDilation: [Int]? = nil, groups: Int = 1
  ) {
    func list(_ given: [Int]?, _ value: Int) -> [Int] { given ?? Array(repeating: value, count: rank) }
    self.strides = list(strides, 1)
    self.low = list(low, 0)
    self.high = list(high, 0)
    self.dilation = list(dilation, 1)
    self.inputDilation = list(inputDilation, 1)
    self.groups = groups
  }

  var rank: Int { strides.count }

  private static let largest = 1 << 24

  /// Whether there is one sensible number for each of `rank` axes.
  func isWellFormed(_ rank: Int) -> Bool {
    let sizes = [strides, low, high, dilation, inputDilation].allSatisfy { $0.count == rank }
    let steps = (strides + dilation + inputDilation).allSatisfy { (1...ConvGeometry.largest).contains($0) }
    let padding = (low + high).allSatisfy { $0.magnitude <= ConvGeometry.largest.magnitude }
    return sizes && steps && padding && (1...ConvGeometry.largest).contains(groups)
  }

  /// What an input axis covers when its elements are spread apart, without padding.
  func spread(_ axis: Int, _ input: Int) -> Int { input == 0 ? 0 : (input - 1) * inputDilation[axis] + 1 }

  /// What an input axis covers with its padding; may be negative.
  func padded(_ axis: Int, _ input: Int) -> Int { spread(axis, input) + low[axis] + high[axis] }

  /// Outputs along an axis; nil if the kernel does not fit.
  func output(_ axis: Int, input: Int, kernel: Int) -> Int? {
    let room = padded(axis, input) - (dilation[axis] * (kernel - 1) + 1)
    return room < 0 || kernel < 1 ? nil : room / strides[axis] + 1
  }

  /// The geometry of the convolution that takes cotangents of the output to cotangents of the input: the kernel is turned
  /// around, and output and input change places.
  func transposed(input: [Int], kernel: [Int], output: [Int]) -> ConvGeometry {
    var result = self
    (result.strides, result.inputDilation) = (inputDilation, strides)
    for axis in 0..<rank {
      let reach = dilation[axis] * (kernel[axis] - 1)
      result.low[axis] = reach - low[axis]
      let wanted = (input[axis] - 1) * inputDilation[axis] + reach + 1
      result.high[axis] = wanted - result.spread(axis, output[axis]) - result.low[axis]
    }
    return result
  }
}

/// The static sizes of a convolution.
struct ConvSizes {
  let batch: Int
  let groups: Int
  /// Channels of one group, of input and output.
  let inputs: Int
  let outputs: Int
  let input: [Int]
  let kernel: [Int]
  let output: [Int]

  init(_ geometry: ConvGeometry, x: [Int], weight: [Int], y: [Int]) {
    batch = x[0]
    groups = geometry.groups
    inputs = weight[1]
    outputs = weight[0] / max(groups, 1)
    input = Array(x.dropFirst(2))
    kernel = Array(weight.dropFirst(2))
    output = Array(y.dropFirst(2))
  }

  /// Products that make one output element.
  var depth: Int { inputs * kernel.product }
}

/// The type rules that convolution and its weight gradient share; the numbers are those of their constraints.
struct ConvRules {
  static let constraints = [
    "c1: the operands have one numeric type",
    "c2: the operands have one rank, of 3 to 5: batch, channels, 1 to 3 spatial axes",
    "c3: the geometry has one entry a spatial axis, strides and dilations are positive and all numbers under 2^24",
    "c4: channels and spatial sizes are numbers: bind their symbols",
    "c5: the number of groups divides the channels of input and output, and they fit the kernel's",
    "c6: the kernel is not empty and fits into the padded input",
  ]

  let geometry: ConvGeometry
  let violated: (Int, String) -> Diagnostic

  func check(_ a: TensorType, _ b: TensorType) throws {
    if a.dtype != b.dtype || !a.dtype.isNumeric { throw violated(1, "not defined for \(a) and \(b)") }
    if a.shape.rank != b.shape.rank || !(3...5).contains(a.shape.rank) {
      throw violated(2, "shapes \(a.shape) and \(b.shape) are not batch, channels and 1 to 3 spatial axes")
    }
    if !geometry.isWellFormed(a.shape.rank - 2) { throw violated(3, "the geometry \(geometry) is impossible") }
  }

  /// The numbers of a shape from an axis on.
  func sizes(_ shape: Shape, from first: Int) throws -> [Int] {
    try shape.dims.dropFirst(first).map { dim in
      guard let value = dim.value else { throw violated(4, "axis '\(dim)' of \(shape) is not a number: bind it") }
      guard value < 1 << 31 else { throw violated(3, "axis \(value) of \(shape) is too long") }
      return value
    }
  }

  /// Checks channels and gives the spatial sizes of the output.
  /// - Parameters:
  ///   - input: channels and spatial sizes. - weight: output channels, channels of a group, kernel sizes.
  func output(input: [Int], weight: [Int]) throws -> [Int] {
    let groups = geometry.groups
    let whole = weight[0] % groups == 0 && input[0] % groups == 0 && input[0] / groups == weight[1]
    if !whole {
      throw violated(
        5, "\(input[0]) channels in \(groups) groups do not fit a kernel of \(weight[0]) x \(weight[1]) channels")
    }
    return try (0..<geometry.rank).map { axis in
      guard let size = geometry.output(axis, input: input[axis + 1], kernel: weight[axis + 2]) else {
        throw violated(6, "a kernel of \(weight[axis + 2]) does not fit axis \(axis) of \(input[axis + 1]) elements")
      }
      return size
    }
  }
}

extension ConvGeometry {
  /// The same for a batch whose elements are groups of their own; nil if there are too many, or their number is not known.
  func repeated(_ size: Dim) -> ConvGeometry? {
    guard let count = size.value, (1...ConvGeometry.largest / groups).contains(count) else { return nil }
    var result = self
    result.groups = groups * count
    return result
  }
}

extension GraphBuilder {
  /// Output channels of a batch made those of one convolution that shares its input: `[..., B, g * n, ...]` to
  /// `[..., g * B * n, ...]`, g being the number of groups.
  func joiningGroups(_ x: ValueID, _ groups: Int, at axis: Int) throws -> ValueID {
    let channels = shape(x)[axis + 1]
    let each = try channels.dividedExactly(by: Dim(groups)) ?? channels
    let split = try splittingAxis(x, at: axis + 1, into: [Dim(groups), each])
    return try joiningAxes(joiningAxes(movingAxis(split, from: axis, to: axis + 1), at: axis), at: axis)
  }

  /// The way back: the batch becomes the first axis.
  func splittingGroups(_ x: ValueID, _ size: Dim, _ groups: Int, at axis: Int) throws -> ValueID {
    let all = try size.times(Dim(groups))
    let each = try shape(x)[axis].dividedExactly(by: all) ?? 0
    let split = try splittingAxis(x, at: axis, into: [Dim(groups), size, each])
    return try joiningAxes(movingAxis(split, from: axis + 1, to: 0), at: axis + 1)
  }
}
