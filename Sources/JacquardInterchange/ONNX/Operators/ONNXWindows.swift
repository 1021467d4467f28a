import JacquardCore
import JacquardIR
import JacquardOps

/// How the windows of a convolution or pooling lie: kernel, strides, dilations and pads, one a spatial axis.
struct ONNXWindows {
  let kernel: [Int]
  let strides: [Int]
  let dilations: [Int]
  var low: [Int]
  var high: [Int]

  /// No number of a window is meant to be larger.
  static let most = 1 << 24

  var rank: Int { kernel.count }

  /// What a window covers of an axis.
  func reach(_ axis: Int) -> Int { dilations[axis] * (kernel[axis] - 1) + 1 }

  /// - Parameters:
  ///   - input: sizes of the spatial axes.
  ///   - kernel: from the weight; nil takes the attribute `kernel_shape`.
  init(_ node: ONNXNode, input: [Int], kernel: [Int]? = nil) throws {
    func list(_ name: String, _ count: Int, _ fallback: Int, from least: Int) throws -> [Int] {
      let values = try node.ints(name) ?? []
      if values.isEmpty { return [Int](repeating: fallback, count: count) }
      guard values.count == count, values.allSatisfy({ (least...ONNXWindows.most).contains($0) }) else {
        throw Diagnostic("attribute '\(name)' is impossible for \(input.count) spatial axes")
      }
      return values
    }
    guard kernel != nil || node.attributes["kernel_shape"] != nil else {
      throw Diagnostic("attribute 'kernel_shape' is missing")
    }
    let stated = try list("kernel_shape", input.count, 0, from: 1)
    self.kernel = kernel ?? stated
    if let kernel, node.attributes["kernel_shape"] != nil, stated != kernel {
      throw Diagnostic("attribute 'kernel_shape' is \(stated); the weight has \(kernel)")
    }
    guard self.kernel.allSatisfy({ (1...ONNXWindows.most).contains($0) }) else {
      throw Diagnostic("the kernel is empty")
    }
    strides = try list("strides", input.count, 1, from: 1)
    dilations = try list("dilations", input.count, 1, from: 1)
    let pads = try list("pads", 2 * input.count, 0, from: 0)
    (low, high) = (Array(pads[..<input.count]), Array(pads[input.count...]))
  }

  /// Pads so that the output has ceil(input / stride) elements (SAME), or none (VALID).
  mutating func resolveAutoPad(_ node: ONNXNode, input: [Int]) throws {
    let mode = try node.string("auto_pad", "NOTSET")
    switch mode {
    case "NOTSET": return
    case "VALID": (low, high) = (input.map { _ in 0 }, input.map { _ in 0 })
    case "SAME_UPPER", "SAME_LOWER":
      for axis in input.indices {
        let output = (input[axis] + strides[axis] - 1) / strides[axis]
        let total = max(0, (output - 1) * strides[axis] + reach(axis) - input[axis])
        low[axis] = mode == "SAME_UPPER" ? total / 2 : total - total / 2
        high[axis] = total - low[axis]
      }
    default: throw Diagnostic("attribute 'auto_pad' is '\(mode.prefix(40))'")
    }
  }

  /// Windows along an axis. With `ceil` the last one may reach beyond the end, but must not begin there.
  func output(_ axis: Int, input: Int, ceil: Bool) throws -> Int {
    let room = input + low[axis] + high[axis] - reach(axis)
    if room < 0 && !(ceil && room + strides[axis] > 0) {
      throw Diagnostic("the window does not fit into axis \(axis) of size \(input)")
    }
    if !ceil { return room / strides[axis] + 1 }
    let count = (room + strides[axis] - 1) / strides[axis] + 1
    return (count - 1) * strides[axis] >= input + low[axis] ? count - 1 : count
  }

  func geometry(groups: Int) -> ConvGeometry {
    ConvGeometry(rank: rank, strides: strides, low: low, high: high, dilation: dilations, groups: groups)
  }
}
