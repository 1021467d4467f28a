import JacquardCore
import JacquardIR

/// Runs a forward graph on trained weights.
///
/// ```swift
/// try store.save(to: "mlp.safetensors")
/// let predictor = try Predictor(graph, weights: "mlp.safetensors")
/// let logits = try predictor.predict(images)
/// ```
public final class Predictor: Sendable {
  private let session: Session

  /// - Parameter store: The weights; shared, not copied.
  /// - Throws: `Diagnostic` if the store has an entry of another type, or a parameter has neither value nor
  /// initialiser.
  public init(_ graph: Graph, _ store: ParameterStore, options: Session.Options = .init()) throws {
    session = try Session(graph, store, options: options)
  }

  /// - Parameter path: A safetensors file with the weights.
  /// - Throws: `Diagnostic` if the file is damaged, lacks a parameter of the graph, or has one of another type.
  public convenience init(_ graph: Graph, weights path: String, options: Session.Options = .init()) throws {
    let store = try ParameterStore.load(path)
    let known = Set(store.names)
    for input in graph.inputs where input.role == .parameter && !known.contains(input.name) {
      throw Diagnostic("has no parameter '\(input.name)' (\(input.type))", place: path)
    }
    try self.init(graph, store, options: options)
  }

  /// All outputs by name.
  /// - Throws: `Diagnostic`, as `Session.step`.
  public func predict(_ inputs: [String: HostTensor]) throws -> [String: HostTensor] { try session.step(inputs) }

  /// The only output for the only data input.
  /// - Throws: `Diagnostic`, as `Session.step`, and if the graph has several data inputs or outputs.
  public func predict(_ input: HostTensor) throws -> HostTensor {
    let (name, output) = try onlyNames()
    guard let value = try predict([name: input])[output] else {
      throw Diagnostic("no output '\(output)'", kind: .internalError)
    }
    return value
  }

  /// The names of the only data input and of the only output.
  ///
  /// - Throws: `Diagnostic` if there are several.
  func onlyNames() throws -> (input: String, output: String) {
    (
      try single(session.graph.inputs.filter { $0.role == .data }.map(\.name), "data input"),
      try single(session.graph.outputs.filter { $0.probe == nil }.map(\.name), "output")
    )
  }

  private func single(_ names: [String], _ what: String) throws -> String {
    if names.count == 1 { return names[0] }
    throw Diagnostic("graph '\(session.graph.name)' has \(names.count) \(what)s; name them")
  }

  /// All outputs by name, computed without blocking a cooperative thread.
  /// - Throws: `Diagnostic`, as `Session.step`; `CancellationError` if the task was cancelled before.
  public func predict(_ inputs: [String: HostTensor]) async throws -> [String: HostTensor] {
    try await StepThread.shared.run { try self.session.step(inputs) }
  }

  /// The only output for the only data input, computed without blocking a cooperative thread.
  /// - Throws: `Diagnostic`, as `Session.step`, and if the graph has several data inputs or outputs;
  /// `CancellationError`.
  public func predict(_ input: HostTensor) async throws -> HostTensor {
    try await StepThread.shared.run { try self.predict(input) }
  }
}

extension Session {
  /// A step computed without blocking a cooperative thread. Cancellation works between steps.
  /// - Throws: `Diagnostic`, as `step`.
  public func predict(_ inputs: [String: HostTensor]) async throws -> [String: HostTensor] {
    try await StepThread.shared.run { try self.step(inputs) }
  }
}
