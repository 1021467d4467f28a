import Foundation
import JacquardCore
import JacquardIR
import JacquardOps

/// Windows of signals, as constants.
enum ONNXSignal {
  static let all: [ONNXTranslator] = [
    window("HannWindow", [0.5, -0.5]), window("HammingWindow", [25.0 / 46, -21.0 / 46]),
    window("BlackmanWindow", [0.42, -0.5, 0.08]),
  ]

  private static let longest = 1 << 24

  /// A sum of cosines of multiples of 2 pi i / size (less 1 if the window is not periodic).
  private static func window(_ name: String, _ coefficients: [Double]) -> ONNXTranslator {
    .single(name, since: 17) { node in
      let size = try node.integers(0)?.first ?? 0
      guard (0...longest).contains(size) else { throw Diagnostic("a window of \(size) elements is impossible") }
      let period = try Double(node.flag("periodic", true) ? size : size - 1)
      let values = (0..<size).map { place in
        coefficients.enumerated().reduce(0) { $0 + $1.element * cos(2 * .pi * Double($1.offset * place) / period) }
      }
      let dtype = try node.dtype(attribute: "output_datatype") ?? .f32
      return try node.builder.constant(HostTensor(dtype, [size], values.map { .float($0) }))
    }
  }
}
