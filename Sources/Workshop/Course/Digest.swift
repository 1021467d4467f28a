import Foundation
import Jacquard

/// Hashes that name content.
enum Digest {
  /// Of a graph, whatever lines of whatever file declare it.
  static func of(_ graph: Graph) throws -> String {
    let json = try JSONValue.parse(Array(try graph.json().text.utf8), file: graph.name)
    return SHA256.hex(of: withoutSites(json).utf8(.compact))
  }

  /// Of the columns' names, types and values.
  static func of(_ data: DataSet) throws -> String {
    var hash = SHA256()
    for column in data.columns {
      hash.update(Array("\(column.name) \(column.values.type)\n".utf8))
      column.values.withUnsafeBytes { hash.update($0) }
    }
    return hash.hexDigest()
  }

  /// Of tensors' types and values.
  static func of(_ tensors: [HostTensor]) -> String {
    var hash = SHA256()
    for tensor in tensors {
      hash.update(Array("\(tensor.type)\n".utf8))
      tensor.withUnsafeBytes { hash.update($0) }
    }
    return hash.hexDigest()
  }

  private static func withoutSites(_ value: JSONValue) -> JSONValue {
    switch value.content {
    case .array(let values): JSONValue(values.map(withoutSites))
    case .object(let fields):
      JSONValue(fields: fields.filter { $0.name != "site" }.map { ($0.name, withoutSites($0.value)) })
    default: value
    }
  }
}
