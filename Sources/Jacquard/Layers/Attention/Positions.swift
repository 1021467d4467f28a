import Foundation
import JacquardCore
import JacquardIR
import JacquardOps

/// Adds to each vector the sines and cosines of its position (https://arxiv.org/abs/1706.03762, 3.5): elements 2 i and 2 i + 1 are
/// sin and cos of position / base^(2 i / size).
public struct SinusoidalPositions: UnaryModule, Sendable {
  /// The longest wave is 2 pi times that many positions, nearly.
  public let base: Double

  /// The default is that of the paper.
  public init(base: Double = 10000) { self.base = base }

  /// - Parameter x: `[..., T, size]`, the size even.
  public func callAsFunction<S: TensorFloat>(
    _ x: Tensor<S>, file: String = #fileID, line: Int = #line
  ) -> Tensor<S> {
    x.unary(SourceSite(file: file, line: line)) { builder, x in
      let dims = builder.shape(x).dims
      guard dims.count > 1, let size = dims[dims.count - 1].value, size > 0, size % 2 == 0 else {
        throw Diagnostic("sinusoidal positions need [..., sequence, size] of an even size, not \(builder.shape(x))")
      }
      return try builder.add(x, builder.sinusoids(dims[dims.count - 2], size, base, S.dtype))
    }
  }
}

extension GraphBuilder {
  /// `[length, size]`.
  fileprivate func sinusoids(_ length: Dim, _ size: Int, _ base: Double, _ dtype: DType) throws -> ValueID {
    let pairs = Shape([length, Dim(size / 2)])
    let step = try constant(-Foundation.log(base) * 2 / Double(size), dtype)
    let frequency = try self.exp(multiply(iota(pairs, axis: 1, dtype), step))
    let angle = try expandDims(multiply(iota(pairs, axis: 0, dtype), frequency), axis: 2)
    return try reshape(concat([self.sin(angle), self.cos(angle)], axis: 2), Shape([length, Dim(size)]))
  }
}

/// Adds to each vector that of its position, from the parameter `weight` `[count, size]`.
public final class LearnedPositions: Layer, UnaryModule {
  /// The most positions of a sequence.
  public let count: Int
  /// Elements of each vector.
  public let size: Int
  let start: Initializer

  /// - Parameters:
  ///   - count: how many positions there are at most.
  ///   - start: normally distributed with deviation 0.02 by default, as in GPT and ViT; `nn.Embedding` has 1.
  public init(_ count: Int, _ size: Int, start: Initializer = Initializer(.normal, mean: 0, deviation: 0.02)) {
    self.count = count
    self.size = size
    self.start = start
  }

  /// - Parameter x: `[..., T, size]`, T at most `count`.
  public func callAsFunction<S: TensorFloat>(
    _ x: Tensor<S>, file: String = #fileID, line: Int = #line
  ) -> Tensor<S> {
    apply(to: x, file, line) { g in
      let table = g.parameter("weight", S.self, [Dim(count), Dim(size)], start)
      return g.emit([x, table], at: nil) { builder, v in
        let dims = builder.shape(v[0]).dims
        guard dims.count > 1 else {
          throw Diagnostic("positions need [..., sequence, \(size)], not \(builder.shape(v[0]))")
        }
        return try builder.add(v[0], builder.slice(v[1], axis: 0, from: 0, to: dims[dims.count - 2]))
      }
    }
  }

  public var pyTorchTensors: [PyTorchTensor] { [pyTorchTensor("weight", [count, size])] }
}
