import JacquardCore
import JacquardIR

/// A graph under construction: the model's own, or the body of a control-flow operator.
final class ONNXFrame {
  let builder: GraphBuilder
  /// Values that are known for what is given for inputs.
  let known: ONNXKnownValues
  /// Values that are the same in every run.
  let fixed: ONNXKnownValues
  /// The frame around this one, and which of its values the inputs are; nil for what changes from trip to trip.
  private let outer: (frame: ONNXFrame, captured: [ValueID?])?

  /// The model's graph.
  init(_ builder: GraphBuilder, source: @escaping (Int) throws -> ONNXKnownValues.Answer) {
    self.builder = builder
    outer = nil
    known = ONNXKnownValues(source: source)
    fixed = ONNXKnownValues { _ in .depends(on: "an input") }
  }

  /// A body.
  init(_ builder: GraphBuilder, in outer: ONNXFrame, captured: [ValueID?]) {
    self.builder = builder
    self.outer = (outer, captured)
    let changing = ONNXKnownValues.Answer.depends(on: "a value that changes from trip to trip")
    known = ONNXKnownValues { position in
      try captured[position].map { try outer.known.value($0, outer.builder.graph) } ?? changing
    }
    fixed = ONNXKnownValues { position in
      try captured[position].map { try outer.fixed.value($0, outer.builder.graph) } ?? changing
    }
  }

  /// The value that holds in every run, or nil.
  func fixedTensor(_ value: ValueID) throws -> HostTensor? { try tensor(value, fixed) }

  /// The value that holds for what is given, or nil.
  func knownTensor(_ value: ValueID) throws -> HostTensor? { try tensor(value, known) }

  private func tensor(_ value: ValueID, _ store: ONNXKnownValues) throws -> HostTensor? {
    if case .tensor(let tensor) = try store.value(value, builder.graph) { tensor } else { nil }
  }

  /// Whole numbers that may be dimensions with symbols; nil if they cannot be told.
  ///
  /// - Parameter isFixed: whether what is given for inputs does not count.
  func dimensions(_ value: ValueID, isFixed: Bool = false) throws -> [Dim]? {
    try elements(value, isFixed)?.dims
  }

  private func elements(_ value: ValueID, _ isFixed: Bool) throws -> ONNXDimensions.Tensor? {
    let evaluator = ONNXDimensions(graph: builder.graph) { [self] in
      try isFixed ? fixedTensor($0) : knownTensor($0)
    } outer: { [outer] position in
      guard let outer, let value = outer.captured[position] else { return nil }
      return try outer.frame.elements(value, isFixed)
    }
    return try evaluator.elements(value)
  }
}
