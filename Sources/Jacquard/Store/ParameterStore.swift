import Foundation
import JacquardCore
import JacquardIR
import JacquardRuntime

/// Parameters and state by name. It outlives plans; sessions of several graphs share it without copying.
///
/// Steps that change it and steps that only read it may run on different threads: they wait for each other.
public final class ParameterStore: @unchecked Sendable {
  struct Entry {
    var role: Input.Role
    var storage: TensorStorage
  }

  /// S: from it initialisers, keys and orders of batches follow.
  public let seed: Int
  private var entries: [String: Entry] = [:]
  private var order: [String] = []
  /// Why the contents are not to be trusted, if a step failed half-way.
  private var failure: Diagnostic?
  private let lock = NSLock()
  let gate = ReadWriteGate()

  /// An empty store.
  /// - Parameter seed: S: with it the initialisers of parameters draw.
  public init(seed: Int = 0) { self.seed = seed }

  /// Names in the order of arrival.
  public var names: [String] { lock.withLock { order } }

  /// The number of elements of all parameters, state not counted.
  public var parameterCount: Int {
    lock.withLock { entries.values.reduce(0) { $1.role == .parameter ? $0 + $1.storage.elementCount : $0 } }
  }

  /// Bytes of all parameters and state.
  public var byteCount: Int {
    lock.withLock { entries.values.reduce(0) { $0 + $1.storage.elementCount * $1.storage.type.dtype.byteSize } }
  }

  /// A copy of a parameter or state.
  public subscript(name: String) -> HostTensor? {
    let storage = lock.withLock { entries[name]?.storage }
    return storage.map { storage in gate.reading { storage.tensor() } }
  }

  /// Whether an entry is a parameter or state; nil if there is none of that name.
  public func role(of name: String) -> Input.Role? { lock.withLock { entries[name]?.role } }

  /// Sets a value, making an entry where there is none.
  ///
  /// - Throws: `Diagnostic` if an entry of that name has another type.
  public func set(_ name: String, _ tensor: HostTensor, role: Input.Role = .parameter) throws {
    if let storage = lock.withLock({ entries[name]?.storage }) {
      guard storage.type == tensor.type else {
        throw Diagnostic("'\(name)' has type \(storage.type) in the store, not \(tensor.type)")
      }
      return try gate.writing { try storage.set(tensor) }
    }
    insert(name, role, try TensorStorage(tensor))
  }

  private func insert(_ name: String, _ role: Input.Role, _ storage: TensorStorage) {
    lock.withLock {
      if entries.updateValue(Entry(role: role, storage: storage), forKey: name) == nil { order.append(name) }
    }
  }

  // MARK: Graphs

  /// The memory of every parameter and state of a graph; those that are not there yet are initialised.
  ///
  /// - Throws: `Diagnostic` if an entry has another type than the graph's input, a type is not static, or a parameter
  ///   is absent and has no initialiser.
  public func attach(_ graph: Graph) throws -> [(name: String, storage: TensorStorage)] {
    var result: [(name: String, storage: TensorStorage)] = []
    for input in graph.inputs where input.role != .data {
      result.append((input.name, try storage(for: input)))
    }
    return result
  }

  private func storage(for input: Input) throws -> TensorStorage {
    if let entry = lock.withLock({ entries[input.name] }) {
      if entry.storage.type == input.type { return entry.storage }
      throw Diagnostic(
        "'\(input.name)' has type \(entry.storage.type) in the store; the graph wants \(input.type)", site: input.site)
    }
    do {
      let storage = try TensorStorage(try start(of: input))
      insert(input.name, input.role, storage)
      return storage
    } catch let error as Diagnostic {
      throw error.at("'\(input.name)'").at(input.site)
    }
  }

  /// Makes every parameter and state of a graph that is not there yet.
  /// - Throws: `Diagnostic` if an entry has another type than the input of its name, or a parameter has no initialiser.
  public func initialize(_ graph: Graph) throws { _ = try attach(graph) }

  private func start(of input: Input) throws -> HostTensor {
    if let initializer = input.initializer { return try initializer.tensor(input.type, seed: seed) }
    if input.role == .parameter { throw Diagnostic("has no value and no initialiser") }
    if input.name == GraphContext.keyName, input.type == TensorType(.i32, [2]) { return try startKey() }
    return try Initializer(.zeros).tensor(input.type, seed: seed)
  }

  /// The first step's key: fold(S, -1), which no initialiser and no order of batches uses.
  private func startKey() throws -> HostTensor {
    let key = Philox(seed: seed).folded(-1).key
    return try HostTensor([Int32(bitPattern: key.low), Int32(bitPattern: key.high)], [2])
  }

  // MARK: Failure

  func markFailed(_ error: Diagnostic) { lock.withLock { failure = failure ?? error } }

  /// - Throws: `Diagnostic` if a step failed while it was changing the store.
  func checkIntact() throws {
    guard let failure = lock.withLock({ failure }) else { return }
    throw Diagnostic("a step failed and left parameters half changed; load them again: \(failure)", kind: .runtime)
  }

  /// Replaces all contents.
  func replaceContents(_ new: [(name: String, role: Input.Role, tensor: HostTensor)]) throws {
    for (name, _, tensor) in new {
      if let old = lock.withLock({ entries[name]?.storage.type }), old != tensor.type {
        throw Diagnostic("'\(name)' has type \(tensor.type) in the file, \(old) in the store")
      }
    }
    let kept = Set(new.map(\.name))
    for (name, role, tensor) in new { try set(name, tensor, role: role) }
    lock.withLock {
      entries = entries.filter { kept.contains($0.key) }
      order = order.filter { kept.contains($0) }
      failure = nil
    }
  }
}

extension TensorStorage {
  var elementCount: Int { (type.shape.sizes ?? []).reduce(1, *) }
}
