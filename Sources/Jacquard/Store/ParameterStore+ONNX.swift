import JacquardCore
import JacquardIR
import JacquardInterchange

extension Graph {
  /// Writes the graph as an ONNX model with the parameters of a store; those that are not there yet are initialised.
  ///
  /// - Parameter external: Whether tensors from 1 KiB on go to `PATH.data` beside the model; those of over 2 GB in all do.
  /// - Throws: `Diagnostic` that names the operation that ONNX cannot express, the parameter that is absent, or the file
  ///   that cannot be written.
  public func writeONNX(to path: String, parameters store: ParameterStore, external: Bool = false) throws {
    try store.initialize(self)
    try writeONNX(to: path, external: external) { input in
      guard let tensor = store[input.name] else { throw Diagnostic("'\(input.name)' has no value", site: input.site) }
      return tensor
    }
  }
}
