import Foundation
import JacquardCore
import JacquardIR

extension Initializer {
  /// The values that a parameter or state of a type begins with.
  ///
  /// - Parameter seed: The seed S of the run; the key of the draw is fold(S, `self.seed`).
  /// - Throws: `Diagnostic` if the type is not static, or a random start is asked for a type that is no float.
  public func tensor(_ type: TensorType, seed: Int) throws(Diagnostic) -> HostTensor {
    guard let sizes = type.shape.sizes else { throw Diagnostic("type \(type) has sizes that are not known") }
    var result = try HostTensor(zeros: type.dtype, sizes)
    switch kind {
    case .zeros: break
    case .ones: result.fill(1)
    case .constant: result.fill(value ?? 0)
    default:
      if !type.dtype.isFloat { throw Diagnostic("\(kind.rawValue) values of type \(type) cannot be drawn") }
      draw(into: &result, Philox(seed: seed).folded(self.seed ?? 0))
    }
    return result
  }

  private func draw(into tensor: inout HostTensor, _ key: Philox) {
    switch distribution(tensor.sizes) {
    case .even(let low, let high): tensor.drawUniform(key, low, high)
    case .bell(let mean, let deviation): tensor.drawNormal(key, mean, deviation)
    case .cutBell(let bell): tensor.each { bell.quantile(key.uniform($0)) }
    case .orthogonal(let gain): tensor.drawOrthogonal(key, gain)
    }
  }

  enum Distribution: Hashable {
    case even(Double, Double)
    case bell(mean: Double, deviation: Double)
    case cutBell(TruncatedNormal)
    case orthogonal(gain: Double)
  }

  /// The formulas of `torch.nn.init`, for a tensor of these sizes.
  func distribution(_ sizes: [Int]) -> Distribution {
    let (fanIn, fanOut) = Initializer.fans(sizes)
    let scale = gain ?? (kind == .kaimingUniform ? 1 / 3.0.squareRoot() : 1)
    switch kind {
    case .uniform: return .even(low ?? 0, high ?? 1)
    case .kaimingUniform:
      let bound = scale * (3 / fanIn).squareRoot()
      return .even(-bound, bound)
    case .xavierUniform:
      let bound = scale * (6 / (fanIn + fanOut)).squareRoot()
      return .even(-bound, bound)
    case .kaimingNormal: return .bell(mean: 0, deviation: scale / fanIn.squareRoot())
    case .xavierNormal: return .bell(mean: 0, deviation: scale * (2 / (fanIn + fanOut)).squareRoot())
    case .truncatedNormal:
      return .cutBell(TruncatedNormal(mean: mean ?? 0, deviation: deviation ?? 1, low: low ?? -2, high: high ?? 2))
    case .orthogonal: return .orthogonal(gain: scale)
    default: return .bell(mean: mean ?? 0, deviation: deviation ?? 1)
    }
  }

  /// How many inputs and outputs a unit has. A matrix is `[in, out]`; a kernel of higher rank `[out, in, ...]` as
  /// PyTorch's; anything else counts its elements.
  static func fans(_ sizes: [Int]) -> (in: Double, out: Double) {
    func product(_ part: some Sequence<Int>) -> Double { part.reduce(1.0) { $0 * Double(max(1, $1)) } }
    switch sizes.count {
    case 0, 1: return (product(sizes), product(sizes))
    case 2: return (product([sizes[0]]), product([sizes[1]]))
    default:
      let field = product(sizes.dropFirst(2))
      return (Double(max(1, sizes[1])) * field, Double(max(1, sizes[0])) * field)
    }
  }
}

extension HostTensor {
  /// Sets every element to one number.
  mutating func fill(_ value: Double) {
    let scalar = Scalar.float(value)
    for index in 0..<count { self[linear: index] = scalar }
  }

  mutating func drawUniform(_ key: Philox, _ low: Double, _ high: Double) {
    let span = high - low
    each { index in low + span * key.uniform(index) }
  }

  mutating func drawNormal(_ key: Philox, _ mean: Double, _ deviation: Double) {
    each { index in mean + deviation * key.normal(index) }
  }

  /// Sets each element to a function of its position, rounded to the element type.
  mutating func each(_ value: (Int) -> Double) {
    switch dtype {
    case .f32: fill(Float.self) { Float(value($0)) }
    case .f64: fill(Double.self, value)
    default: for index in 0..<count { self[linear: index] = .float(value(index)) }
    }
  }

  private mutating func fill<T: TensorScalar>(_ type: T.Type, _ value: (Int) -> T) {
    let count = count
    withUnsafeMutableBytes { bytes in
      let target = bytes.bindMemory(to: type)
      for index in 0..<count { target[index] = value(index) }
    }
  }
}

extension Philox {
  /// A normal draw: Box-Muller on the element's pair of words, the cosine for even elements, the sine for odd ones.
  public func normal(_ element: Int) -> Double {
    let (radius, angle) = normalPair(element)
    let length = (-2 * log(radius)).squareRoot()
    return length * (element % 2 == 0 ? cos(2 * .pi * angle) : sin(2 * .pi * angle))
  }
}
