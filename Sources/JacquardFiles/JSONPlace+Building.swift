// For readers of other texts (the graph's text form) that describe the same values.

extension JSONPlace {
  /// The beginning of a file.
  public init(file: String) { self.init(Source(file), line: 1, column: 1) }

  /// Another place in the same file; line and column count from 1, columns in bytes.
  public func moved(line: Int, column: Int) -> JSONPlace { JSONPlace(source, line: line, column: column) }

  /// The name of the file, or nil for a value built in memory.
  public var file: String? { source?.name }
}

extension JSONField {
  /// A field of an object; `place` is where its name stands, if it was read from a text.
  public init(_ name: String, _ value: JSONValue, at place: JSONPlace = .none) {
    self.init(name: name, place: place, value: value)
  }
}
