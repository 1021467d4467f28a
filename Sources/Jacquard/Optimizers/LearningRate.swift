import Foundation
import JacquardCore
import JacquardIR
import JacquardOps

/// The step size as a function of the number s of finished steps, computed in the graph.
public indirect enum LearningRate: Hashable, Sendable {
  /// The same in every step.
  case constant(Double)
  /// initial * factor^floor(s / every).
  case step(initial: Double, every: Int, factor: Double)
  /// initial * factor^s.
  case exponential(initial: Double, factor: Double)
  /// From initial to minimum along half a cosine over so many steps, then minimum.
  case cosine(initial: Double, steps: Int, minimum: Double = 0)
  /// The first rate of `then` times (s + 1) / steps while s < steps; then `then`, counted from 0.
  case warmUp(steps: Int, then: LearningRate)

  /// The rate after s steps: the formula in plain numbers.
  public func rate(after s: Int) -> Double {
    switch self {
    case .constant(let rate): rate
    case .step(let initial, let every, let factor): initial * pow(factor, Double(s / max(1, every)))
    case .exponential(let initial, let factor): initial * pow(factor, Double(s))
    case .cosine(let initial, let steps, let minimum):
      minimum + (initial - minimum) * (1 + cos(.pi * min(1, Double(s) / Double(max(1, steps))))) / 2
    case .warmUp(let steps, let then):
      then.rate(after: max(0, s - steps)) * min(1, Double(s + 1) / Double(max(1, steps)))
    }
  }
}

extension LearningRate: ExpressibleByFloatLiteral, ExpressibleByIntegerLiteral {
  public init(floatLiteral value: Double) { self = .constant(value) }
  public init(integerLiteral value: Int) { self = .constant(Double(value)) }
}

extension LearningRate {
  /// The rate as a scalar of the graph. - Parameter steps: gives the number of finished steps; asked only if needed.
  func value(_ dtype: DType, in builder: GraphBuilder, _ steps: () throws -> ValueID) throws -> ValueID {
    if case .constant(let rate) = self { return try builder.constant(rate, dtype) }
    return try ScheduleBuilder(builder: builder, dtype: dtype).rate(self, try steps())
  }
}

/// Writes schedules as nodes.
private struct ScheduleBuilder {
  let builder: GraphBuilder
  let dtype: DType

  func rate(_ schedule: LearningRate, _ s: ValueID) throws -> ValueID {
    switch schedule {
    case .constant(let rate): return try number(rate)
    case .step(let initial, let every, let factor):
      let stairs = try builder.floor(try times(s, 1 / Double(max(1, every))))
      return try power(initial, factor, try whole(stairs, s, every))
    case .exponential(let initial, let factor): return try power(initial, factor, s)
    case .cosine(let initial, let steps, let minimum):
      let part = try builder.minimum(try times(s, 1 / Double(max(1, steps))), try number(1))
      let wave = try builder.add(try builder.cos(try times(part, .pi)), try number(1))
      return try builder.add(try times(wave, (initial - minimum) / 2), try number(minimum))
    case .warmUp(let steps, let then):
      let zero = try number(0)
      let rest = try builder.maximum(try builder.subtract(s, try number(Double(steps))), zero)
      let ramp = try times(try builder.add(s, try number(1)), 1 / Double(max(1, steps)))
      return try builder.multiply(try rate(then, rest), try builder.minimum(ramp, try number(1)))
    }
  }

  private func number(_ value: Double) throws -> ValueID { try builder.constant(value, dtype) }
  private func times(_ x: ValueID, _ value: Double) throws -> ValueID {
    try builder.multiply(x, try number(value))
  }

  /// initial * factor^x.
  private func power(_ initial: Double, _ factor: Double, _ x: ValueID) throws -> ValueID {
    if factor <= 0 { throw Diagnostic("the factor of a learning-rate schedule must be positive, not \(factor)") }
    return try times(try builder.exp(try times(x, log(factor))), initial)
  }

  /// floor(s / every) without the rounding of 1 / every: one more where the product fell short.
  private func whole(_ stairs: ValueID, _ s: ValueID, _ every: Int) throws -> ValueID {
    let next = try times(try builder.add(stairs, try number(1)), Double(every))
    let isReached = try builder.lessEqual(next, s)
    return try builder.add(stairs, try builder.cast(isReached, dtype))
  }
}
