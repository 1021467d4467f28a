import JacquardCore
import JacquardIR

/// Runs a graph operation by operation with the reference values (executor `reference`).
public final class ReferenceRunner: StepRunner {
  private let graph: Graph
  private var bound: [String: TensorStorage] = [:]
  private var outputs: [String: HostTensor] = [:]

  /// - Parameter graph: without symbols.
  public init(graph: Graph) { self.graph = graph }

  /// Whether a step ends at the first node whose results hold NaN and whose operands do not.
  public var checksNaN = false

  public var outputNames: [String] { graph.outputs.map(\.name) }

  public func bind(_ input: String, _ storage: TensorStorage) throws {
    guard let known = graph.input(named: input) else { throw Diagnostic("the graph has no input '\(input)'") }
    guard known.type == storage.type else {
      throw Diagnostic("input '\(input)' has type \(storage.type); the graph wants \(known.type)")
    }
    bound[input] = storage
  }

  /// Copies of what is bound, by name.
  public var inputs: [String: HostTensor] { bound.mapValues { $0.tensor() } }

  public private(set) var keptInputs = true

  public func run() throws {
    keptInputs = true
    if checksNaN {
      for input in graph.inputs {
        if let storage = bound[input.name] { try NaNCheck.check(input: input.name, storage, site: input.site) }
      }
    }
    let inputs = bound.mapValues { $0.tensor() }
    let values = try checksNaN ? graph.evaluate(inputs, observer: NaNCheck.observe) : graph.evaluate(inputs)
    keptInputs = values.updates.isEmpty
    outputs = values.outputs
    for (name, tensor) in values.updates { try bound[name]?.set(tensor) }
  }

  public func output(_ name: String) throws -> HostTensor {
    guard let tensor = outputs[name] else { throw Diagnostic("there is no output '\(name)' yet") }
    return tensor
  }
}
