import JacquardCore
import JacquardFiles

extension Graph {
  /// The graph in its text form (docs/graph-format.md): one input, node, output and update a line, each value with its type.
  ///
  /// - Throws: `Diagnostic` if an attribute cannot be written.
  public func text(_ placement: ConstantPlacement = .inline) throws -> GraphDocument {
    var writer = GraphWriter(placement)
    let document = try writer.document(self)
    var text = GraphTextWriter()
    text.graph(document, indent: "")
    return GraphDocument(text: text.text, constants: writer.constants)
  }

  /// Reads the text form. Everything that JSON is checked for is checked here too.
  ///
  /// - Parameters:
  ///   - file: what messages call the text.
  ///   - registry: the operations that may occur.
  ///   - resolve: reads constants that stand beside the text; without it they are an error.
  /// - Throws: `Diagnostic` with file, line, column and the node, in one line.
  public init(
    text bytes: [UInt8], file: String, registry: OperationRegistry, resolve: TensorResolver? = nil
  ) throws {
    var parser = GraphTextParser(bytes, file: file)
    self = try GraphReader.graph(parser.document(), registry, resolve)
  }

  /// Reads the text form from a string.
  /// - Throws: `Diagnostic`, as for bytes.
  public init(
    text: String, file: String = "text", registry: OperationRegistry, resolve: TensorResolver? = nil
  ) throws {
    try self.init(text: Array(text.utf8), file: file, registry: registry, resolve: resolve)
  }
}

/// What stands without quotes in the text form.
enum GraphTextSyntax {
  static let keywords: Set<String> = ["input", "output", "update"]

  /// Bytes of names without quotes.
  static func isLabelByte(_ byte: UInt8) -> Bool {
    switch byte {
    case UInt8(ascii: "/"), UInt8(ascii: "%"), UInt8(ascii: "$"): true
    default: isValueByte(byte) && byte != UInt8(ascii: "*")
    }
  }

  /// Bytes of numbers, words and dimensions: `1.5e-3`, `uniform`, `2*N+1`.
  static func isValueByte(_ byte: UInt8) -> Bool {
    switch byte {
    case UInt8(ascii: "."), UInt8(ascii: "+"), UInt8(ascii: "-"), UInt8(ascii: "*"): true
    default: isWordByte(byte)
    }
  }

  static func isWordByte(_ byte: UInt8) -> Bool { isLetter(byte) || isDigit(byte) }
  static func isDigit(_ byte: UInt8) -> Bool { byte &- UInt8(ascii: "0") < 10 }

  static func isLetter(_ byte: UInt8) -> Bool {
    byte | 0x20 >= UInt8(ascii: "a") && byte | 0x20 <= UInt8(ascii: "z") || byte == UInt8(ascii: "_")
  }

  /// What a word without quotes means, or nil if it means nothing.
  static func meaning(_ word: [UInt8]) -> JSONValue.Content? {
    if let value = try? JSONValue.parse(word, file: "") { return value.content }
    return word.contains(where: isLetter) ? .string(String(decoding: word, as: UTF8.self)) : nil
  }

  static func label(_ name: String) -> String {
    !name.isEmpty && name.utf8.allSatisfy(isLabelByte) ? name : JSONValue(name).text()
  }

  /// What a value is called, its name quoted if need be, with the number of a result.
  static func reference(_ value: String) -> String {
    guard let colon = value.lastIndex(of: ":") else { return label(value) }
    return label(String(value[..<colon])) + value[colon...]
  }

  /// A whole number in quotes and one without are the same to every reader of attributes, so that dimensions need none.
  static func string(_ text: String) -> String {
    if let number = Int(text), String(number) == text { return text }
    if !text.isEmpty, text.utf8.count < 256, text.utf8.allSatisfy(isValueByte),
      case .string = meaning(Array(text.utf8))
    {
      return text
    }
    return JSONValue(text).text()
  }

  static func value(_ value: JSONValue) -> String {
    switch value.content {
    case .string(let text): string(text)
    case .array(let items): "[" + items.map(self.value).joined(separator: ", ") + "]"
    case .object(let fields): "{" + fields.map(field).joined(separator: ", ") + "}"
    default: value.text()
    }
  }

  private static func field(_ field: JSONField) -> String {
    let isWord = !field.name.isEmpty && field.name.utf8.allSatisfy(isWordByte)
    return "\(isWord ? field.name : JSONValue(field.name).text()): \(value(field.value))"
  }
}

/// Prints the values of a graph file as text.
private struct GraphTextWriter {
  private(set) var text = ""

  mutating func graph(_ graph: JSONValue, indent: String) {
    let symbols = graph.items("symbols").map { symbol in
      symbol.string("name") + (symbol.field("default").map { "=\($0.text())" } ?? "")
    }
    let list = symbols.isEmpty ? "" : "(\(symbols.joined(separator: ", ")))"
    text += "\(indent)graph \(graph.label("name"))\(list) {\n"
    let inner = indent + "  "
    for input in graph.items("inputs") { self.input(input, inner) }
    for node in graph.items("nodes") { self.node(node, inner) }
    for output in graph.items("outputs") {
      text += "\(inner)output \(output.label("name")) = \(GraphTextSyntax.reference(output.string("value")))\n"
    }
    for update in graph.items("updates") {
      text += "\(inner)update \(update.label("input")) = \(GraphTextSyntax.reference(update.string("value")))\n"
    }
    text += "\(indent)}\n"
  }

  private mutating func input(_ input: JSONValue, _ indent: String) {
    text += "\(indent)input \(input.label("name")): \(input.string("type")) \(input.string("role"))"
    for key in ["init", "sample", "feed"] {
      if let value = input.field(key) { text += " \(key) \(GraphTextSyntax.value(value))" }
    }
    site(input)
  }

  private mutating func node(_ node: JSONValue, _ indent: String) {
    let types = node.items("types").compactMap { try? $0.string() }
    let type = node.field("type") == nil ? "(\(types.joined(separator: ", ")))" : node.string("type")
    let version = node.field("version").map { "@\($0.text())" } ?? ""
    let operands = node.items("inputs").compactMap { try? $0.string() }.map(GraphTextSyntax.reference)
    text += "\(indent)\(node.label("name")): \(type) = \(node.label("op"))\(version)"
    text += "(\(operands.joined(separator: ", ")))"
    if let attributes = node.field("attributes"), attributes != JSONValue(fields: []) {
      text += " \(GraphTextSyntax.value(attributes))"
    }
    let graphs = node.items("graphs")
    if !graphs.isEmpty {
      text += " [\n"
      for graph in graphs { self.graph(graph, indent: indent + "  ") }
      text += "\(indent)]"
    }
    if node.field("scope") != nil { text += " @\(node.label("scope"))" }
    site(node)
  }

  /// The source line at the end of a line.
  private mutating func site(_ value: JSONValue) {
    if let site = value.field("site") { text += " \(site.text())" }
    text += "\n"
  }
}

/// Parts of a document that the writer made: what is missing reads as empty.
extension JSONValue {
  fileprivate func field(_ name: String) -> JSONValue? { (try? object())?[name] }
  fileprivate func items(_ name: String) -> [JSONValue] { (try? field(name)?.array()) ?? [] }
  fileprivate func string(_ name: String) -> String { (try? field(name)?.string()) ?? "" }
  fileprivate func label(_ name: String) -> String { GraphTextSyntax.label(string(name)) }
}
