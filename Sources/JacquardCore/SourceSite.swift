/// A line of the user's program: `#fileID` and `#line`, never a path of a machine.
public struct SourceSite: Hashable, Sendable {
  /// Module and file name, `Models/MLP.swift`, as `#fileID` gives it.
  public let file: String
  /// Counted from 1.
  public let line: Int

  /// The place of a `#fileID` and a `#line`.
  public init(file: String, line: Int) {
    self.file = file
    self.line = line
  }

  /// Reads `Models/MLP.swift:12`; nil if there is no line number.
  public init?(parsing text: String) {
    guard let colon = text.lastIndex(of: ":"), let line = Int(text[text.index(after: colon)...])
    else { return nil }
    self.init(file: String(text[..<colon]), line: line)
  }
}

extension SourceSite: CustomStringConvertible {
  public var description: String { "\(file):\(line)" }
}

/// The number of a node within one graph, in the order of appending.
public struct NodeID: Hashable, Sendable, Comparable, Codable {
  /// The node's position in `Graph.nodes`.
  public let index: Int

  /// The node at a position, which is not checked.
  public init(_ index: Int) { self.index = index }
  public static func < (a: NodeID, b: NodeID) -> Bool { a.index < b.index }

  public init(from decoder: any Decoder) throws {
    index = try decoder.singleValueContainer().decode(Int.self)
  }

  public func encode(to encoder: any Encoder) throws {
    var container = encoder.singleValueContainer()
    try container.encode(index)
  }
}
