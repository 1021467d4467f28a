import Foundation
import JacquardCore
import JacquardIR

/// Data drawn for an input from its `sample` hint: uniform from 0 to 1 where there is none, 0 or 1 for whole numbers.
///
/// The key is fold(fold(S, -2), position among the data inputs), so that inputs differ and nothing else draws the same.
enum SyntheticData {
  /// - Throws: `Diagnostic` if the type is not static or memory is short.
  static func tensor(_ input: Input, seed: Int, position: Int) throws -> HostTensor {
    guard let sizes = input.type.shape.sizes else {
      throw Diagnostic("input '\(input.name)' has type \(input.type), which is not static")
    }
    let key = Philox(seed: seed).folded(-2).folded(position)
    let draw = draw(input.sample ?? standard(input.type.dtype), key)
    var tensor = try HostTensor(zeros: input.type.dtype, sizes)
    let (count, dtype) = (tensor.count, input.type.dtype)
    if dtype == .f32 {
      tensor.withUnsafeMutableBytes { bytes in
        let target = bytes.bindMemory(to: Float.self)
        for index in 0..<count { target[index] = Float(draw(index)) }
      }
    } else {
      for index in 0..<count { tensor[linear: index] = .float(draw(index)) }
    }
    return tensor
  }

  private static func standard(_ dtype: DType) -> SampleHint {
    dtype.isFloat ? SampleHint(.uniform) : SampleHint(.integers, low: 0, high: 2)
  }

  private static func draw(_ hint: SampleHint, _ key: Philox) -> (Int) -> Double {
    let (low, high) = (hint.low ?? 0, hint.high ?? 1)
    switch hint.kind {
    case .uniform: return { low + (high - low) * key.uniform($0) }
    case .integers: return { min(high - 1, low + ((high - low) * Double(key.word($0)) * 0x1p-32).rounded(.down)) }
    case .normal:
      return { index in
        let (radius, angle) = key.normalPair(index)
        let length = (-2 * log(radius)).squareRoot()
        return length * (index % 2 == 0 ? cos(2 * .pi * angle) : sin(2 * .pi * angle))
      }
    }
  }
}
