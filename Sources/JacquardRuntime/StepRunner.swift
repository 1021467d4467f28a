import JacquardCore

/// Runs one step of a graph again and again on bound memory.
public protocol StepRunner: AnyObject {
  /// Sets the memory of an input; that of an updated one is also where the new value goes.
  /// - Throws: `Diagnostic` if there is no such input or the type differs.
  func bind(_ input: String, _ storage: TensorStorage) throws
  /// Runs a step. - Throws: `Diagnostic` if an input has no memory, an index is out of range, or memory is short.
  func run() throws
  /// Whether the last run left all inputs as they were: a step that failed early enough may be tried again.
  var keptInputs: Bool { get }
  /// A copy of an output of the last step. - Throws: `Diagnostic` if there is no such output.
  func output(_ name: String) throws -> HostTensor
  /// Names of the outputs, in order.
  var outputNames: [String] { get }
}

/// Which way to run.
public enum ExecutorKind: String, CaseIterable, Sendable {
  /// The fastest that this machine has.
  case auto
  /// Emitted C.
  case native
  /// The tile machine.
  case vm
  /// Operation by operation in plain Swift.
  case reference
}
