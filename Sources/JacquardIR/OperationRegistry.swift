import JacquardCore

/// The operations that a reader knows, by name. Readers take one explicitly.
public struct OperationRegistry: Sendable {
  /// In the order of registration.
  public private(set) var operations: [any Operation.Type] = []
  private var byName: [String: any Operation.Type] = [:]

  /// A registry of these operations; of two with one name the later one counts.
  public init(_ operations: [any Operation.Type] = []) {
    for operation in operations { register(operation) }
  }

  /// Adds an operation, or replaces the one of the same name.
  public mutating func register(_ operation: any Operation.Type) {
    if byName.updateValue(operation, forKey: operation.name) != nil {
      operations.removeAll { $0.name == operation.name }
    }
    operations.append(operation)
  }

  /// The operation of a name, without its attributes; nil if it is not registered.
  public func operation(named name: String) -> (any Operation.Type)? { byName[name] }

  /// The operation that a file describes.
  /// - Throws: `Diagnostic` naming an unknown operation or version, or a wrong attribute.
  public func decode(
    _ name: String, version: Int = 1, attributes: [AttributeField]
  ) throws -> any Operation {
    guard let type = byName[name] else { throw Diagnostic("unknown operation '\(name)'") }
    if version != type.version {
      throw Diagnostic("operation '\(name)' has version \(version); this program knows version \(type.version)")
    }
    do {
      return try type.decode(attributes)
    } catch let error as Diagnostic {
      throw error.at("operation '\(name)'")
    }
  }
}
