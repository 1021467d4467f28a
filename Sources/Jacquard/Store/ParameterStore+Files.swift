import JacquardCore
import JacquardFiles
import JacquardIR

extension ParameterStore {
  private static let stateKey = "jacquard.state"
  private static let seedKey = "jacquard.seed"

  /// Writes parameters and state as a safetensors file, whole or not at all.
  ///
  /// - Parameter metadata: Further texts for the file's header.
  /// - Throws: `Diagnostic` if the file cannot be written, or a step failed and left the store half changed.
  public func save(to path: String, metadata: [String: String] = [:]) throws {
    try checkIntact()
    let (tensors, state) = snapshot()
    var texts = metadata
    texts[ParameterStore.stateKey] = state.sorted().joined(separator: "\n")
    texts[ParameterStore.seedKey] = String(seed)
    try Safetensors.write(tensors, metadata: texts, to: path)
  }

  /// All values and the names of those that are state, at one moment.
  private func snapshot() -> (tensors: [String: HostTensor], state: [String]) {
    var tensors: [String: HostTensor] = [:]
    for name in names { tensors[name] = self[name] }
    return (tensors, names.filter { role(of: $0) == .state })
  }

  /// A store with the contents of a safetensors file.
  ///
  /// - Parameter seed: S of the new store; without one that of the file, else 0.
  /// - Throws: `Diagnostic` if the file cannot be read or is damaged.
  public static func load(_ path: String, seed: Int? = nil) throws -> ParameterStore {
    let file = try SafetensorsFile(path)
    let store = ParameterStore(seed: seed ?? file.metadata[seedKey].flatMap { Int($0) } ?? 0)
    try store.restore(file)
    return store
  }

  /// Replaces all contents by those of a safetensors file. A store that a failed step left half changed is whole again.
  ///
  /// - Returns: The texts of the file's header.
  /// - Throws: `Diagnostic` if the file is damaged or an entry's type changes; the store is then as it was.
  @discardableResult
  public func load(from path: String) throws -> [String: String] {
    let file = try SafetensorsFile(path)
    try restore(file)
    return file.metadata
  }

  private func restore(_ file: SafetensorsFile) throws {
    let state = Set((file.metadata[ParameterStore.stateKey] ?? "").split(separator: "\n").map(String.init))
    var contents: [(name: String, role: Input.Role, tensor: HostTensor)] = []
    for name in file.names {
      contents.append((name, state.contains(name) ? .state : .parameter, try file.tensor(name)))
    }
    do {
      try replaceContents(contents)
    } catch let error as Diagnostic {
      throw error.at(file.path)
    }
  }
}
