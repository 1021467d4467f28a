import JacquardCore
import JacquardFiles

/// Reads the text form into the values that a JSON file of the same graph has, each with its place.
///
/// A recursive-descent reader over bytes; every access goes through `peek`, which ends with zeros.
struct GraphTextParser {
  private let bytes: [UInt8]
  private let start: JSONPlace
  private var index = 0
  private var line = 1
  private var lineStart = 0
  private var depth = 0

  /// Lists and objects inside each other.
  private static let deepest = 100

  init(_ bytes: [UInt8], file: String) {
    self.bytes = bytes
    start = JSONPlace(file: file)
  }

  /// The one graph of the text.
  mutating func document() throws(Diagnostic) -> JSONValue {
    if bytes.count > GraphFormat.longestFile {
      throw start.fail("the text has more than \(GraphFormat.longestFile) bytes")
    }
    skipSpace()
    let place = self.place
    let head = [
      JSONField("format", JSONValue(GraphFormat.name)), JSONField("version", JSONValue(GraphFormat.version)),
    ]
    let fields = try graph(nesting: 0)
    skipSpace()
    if index < bytes.count { throw unexpected("the end of the text") }
    return JSONValue(.object(head + fields), at: place)
  }

  // MARK: Bytes

  private var peek: UInt8 { index < bytes.count ? bytes[index] : 0 }
  private var place: JSONPlace { start.moved(line: line, column: index - lineStart + 1) }

  private func unexpected(_ expected: String) -> Diagnostic {
    if index >= bytes.count { return place.fail("expected \(expected), found the end of the text") }
    let isPlain = peek > 32 && peek < 127
    let found = isPlain ? "'\(Character(Unicode.Scalar(peek)))'" : "byte 0x" + String(peek, radix: 16)
    return place.fail("expected \(expected), found \(found)")
  }

  /// Moves past blanks within a line.
  private mutating func skipBlanks() {
    while peek == 0x20 || peek == 0x09 || peek == 0x0D { index += 1 }
  }

  /// Moves past blanks, ends of lines and comments; whether a line ended.
  @discardableResult
  private mutating func skipSpace() -> Bool {
    let first = line
    while true {
      skipBlanks()
      if peek == UInt8(ascii: "#") {
        while index < bytes.count, peek != 0x0A { index += 1 }
      }
      if peek != 0x0A { return line > first }
      index += 1
      line += 1
      lineStart = index
    }
  }

  private mutating func skip(_ byte: Unicode.Scalar) -> Bool {
    if peek != UInt8(ascii: byte) || index >= bytes.count { return false }
    index += 1
    return true
  }

  private mutating func expect(_ byte: Unicode.Scalar) throws(Diagnostic) {
    if !skip(byte) { throw unexpected("'\(byte)'") }
  }

  /// The longest run of such bytes.
  private mutating func run(_ belongs: (UInt8) -> Bool) -> [UInt8] {
    let first = index
    while index < bytes.count, belongs(bytes[index]) { index += 1 }
    return Array(bytes[first..<index])
  }

  /// A list in brackets; line ends count as blanks in it.
  private mutating func list<T>(
    _ open: Unicode.Scalar, _ close: Unicode.Scalar, _ item: (inout GraphTextParser) throws(Diagnostic) -> T
  ) throws(Diagnostic) -> [T] {
    try expect(open)
    if depth == GraphTextParser.deepest { throw place.fail("lists are nested too deeply") }
    depth += 1
    defer { depth -= 1 }
    var items: [T] = []
    skipSpace()
    if skip(close) { return items }
    while true {
      items.append(try item(&self))
      skipSpace()
      if skip(close) { return items }
      if !skip(",") { throw unexpected("',' or '\(close)'") }
      skipSpace()
    }
  }

  // MARK: Words

  private mutating func word(_ expected: String) throws(Diagnostic) -> String {
    let word = run(GraphTextSyntax.isWordByte)
    if word.isEmpty { throw unexpected(expected) }
    return String(decoding: word, as: UTF8.self)
  }

  /// A name, in quotes or not.
  private mutating func label(_ expected: String) throws(Diagnostic) -> JSONValue {
    let place = self.place
    if peek == UInt8(ascii: "\"") { return try string() }
    let label = run(GraphTextSyntax.isLabelByte)
    if label.isEmpty { throw unexpected(expected) }
    return JSONValue(.string(String(decoding: label, as: UTF8.self)), at: place)
  }

  /// A text in quotes, escaped as in JSON.
  private mutating func string() throws(Diagnostic) -> JSONValue {
    let place = self.place
    let first = index
    index += 1
    while index < bytes.count, peek != UInt8(ascii: "\""), peek != 0x0A {
      index += peek == UInt8(ascii: "\\") ? 2 : 1
    }
    guard index < bytes.count, skip("\"") else {
      index = min(index, bytes.count)
      throw place.fail("the text in quotes does not end in its line")
    }
    do {
      return JSONValue(try JSONValue.parse(Array(bytes[first..<index]), file: "").content, at: place)
    } catch {
      throw place.fail(error.message)
    }
  }

  /// A value's name with the number of a result: `h`, `h:1`.
  private mutating func reference() throws(Diagnostic) -> JSONValue {
    let name = try label("a value")
    guard peek == UInt8(ascii: ":") else { return name }
    index += 1
    let digits = run(GraphTextSyntax.isDigit)
    if digits.isEmpty { throw unexpected("the number of a result") }
    return JSONValue(.string("\(try name.string()):\(String(decoding: digits, as: UTF8.self))"), at: name.place)
  }

  /// `f32[N,784]`, to be read by others.
  private mutating func type() throws(Diagnostic) -> JSONValue {
    let place = self.place
    var text = try word("a type")
    if peek != UInt8(ascii: "[") { throw unexpected("'['") }
    let inner = run { $0 != UInt8(ascii: "]") && $0 != 0x0A }
    try expect("]")
    guard let dims = String(validating: inner, as: UTF8.self) else { throw place.fail("the type is not valid UTF-8") }
    text += dims + "]"
    return JSONValue(.string(text), at: place)
  }

  // MARK: Values of attributes

  private mutating func value() throws(Diagnostic) -> JSONValue {
    let place = self.place
    switch peek {
    case UInt8(ascii: "\""): return try string()
    case UInt8(ascii: "{"): return try object()
    case UInt8(ascii: "["):
      let items = try list("[", "]") { (parser) throws(Diagnostic) in try parser.value() }
      return JSONValue(.array(items), at: place)
    default:
      let word = run(GraphTextSyntax.isValueByte)
      if word.isEmpty { throw unexpected("a value") }
      guard let content = GraphTextSyntax.meaning(word) else {
        throw place.fail("\(quoted(String(decoding: word, as: UTF8.self))) is not a value")
      }
      return JSONValue(content, at: place)
    }
  }

  private mutating func object() throws(Diagnostic) -> JSONValue {
    let place = self.place
    var names: Set<String> = []
    let fields = try list("{", "}") { (parser) throws(Diagnostic) in try parser.field() }
    for field in fields where !names.insert(field.name).inserted {
      throw field.place.fail("key \(quoted(field.name)) stands here for the second time")
    }
    return JSONValue(.object(fields), at: place)
  }

  private mutating func field() throws(Diagnostic) -> JSONField {
    let place = self.place
    let name = peek == UInt8(ascii: "\"") ? try string().string() : try word("a key")
    skipBlanks()
    try expect(":")
    skipSpace()
    return JSONField(name, try value(), at: place)
  }

  // MARK: Graphs

  private mutating func graph(nesting: Int) throws(Diagnostic) -> [JSONField] {
    if nesting > Graph.deepestNesting { throw place.fail("sub-graphs are nested too deeply") }
    let start = place
    if run(GraphTextSyntax.isLabelByte) != Array("graph".utf8) { throw start.fail("expected 'graph'") }
    skipBlanks()
    var fields = [JSONField("name", try label("the graph's name"))]
    skipBlanks()
    if peek == UInt8(ascii: "(") {
      let symbols = try list("(", ")") { (parser) throws(Diagnostic) in try parser.symbol() }
      fields.append(JSONField("symbols", JSONValue(symbols)))
    }
    skipBlanks()
    try expect("{")
    var parts = Parts()
    var isNewLine = skipSpace()
    while !skip("}") {
      if index >= bytes.count { throw unexpected("'}'") }
      if !isNewLine { throw unexpected("the end of the line") }
      try statement(&parts, nesting)
      isNewLine = skipSpace()
    }
    return fields + parts.fields
  }

  /// What statements of a graph have given so far.
  private struct Parts {
    var inputs: [JSONValue] = []
    var nodes: [JSONValue] = []
    var outputs: [JSONValue] = []
    var updates: [JSONValue] = []

    var fields: [JSONField] {
      [
        JSONField("inputs", JSONValue(inputs)), JSONField("nodes", JSONValue(nodes)),
        JSONField("outputs", JSONValue(outputs)), JSONField("updates", JSONValue(updates)),
      ]
    }
  }

  private mutating func symbol() throws(Diagnostic) -> JSONValue {
    let place = self.place
    let name = JSONValue(.string(try word("a symbol")), at: place)
    skipBlanks()
    if !skip("=") { return JSONValue(.object([JSONField("name", name)]), at: place) }
    skipBlanks()
    return JSONValue(.object([JSONField("name", name), JSONField("default", try value())]), at: place)
  }

  private mutating func statement(_ parts: inout Parts, _ nesting: Int) throws(Diagnostic) {
    let place = self.place
    let isBare = peek != UInt8(ascii: "\"")
    let name = try label("an input, node, output, update or '}'")
    skipBlanks()
    if isBare, peek != UInt8(ascii: ":") {
      switch try name.string() {
      case "input": return parts.inputs.append(JSONValue(.object(try input()), at: place))
      case "output": return parts.outputs.append(JSONValue(.object(try root("name")), at: place))
      case "update": return parts.updates.append(JSONValue(.object(try root("input")), at: place))
      default: break
      }
    }
    parts.nodes.append(JSONValue(.object(try node(name, nesting)), at: place))
  }

  /// `x: f32[N,784] data sample {kind: uniform} "Models/MLP.swift:3"`
  private mutating func input() throws(Diagnostic) -> [JSONField] {
    var fields = [JSONField("name", try label("the input's name"))]
    skipBlanks()
    try expect(":")
    skipBlanks()
    fields.append(JSONField("type", try type()))
    skipBlanks()
    let place = self.place
    let role = try word("data, parameter or state")
    if Input.Role(rawValue: role) == nil { throw place.fail("role \(quoted(role)) is not data, parameter or state") }
    fields.append(JSONField("role", JSONValue(.string(role), at: place)))
    skipBlanks()
    while GraphTextSyntax.isLetter(peek) {
      let place = self.place
      let key = try word("init, sample or feed")
      let isSecond = fields.contains { $0.name == key }
      if isSecond { throw place.fail("\(quoted(key)) stands here for the second time") }
      skipBlanks()
      fields.append(JSONField(key, try object(), at: place))
      skipBlanks()
    }
    return fields + (try site())
  }

  private mutating func site() throws(Diagnostic) -> [JSONField] {
    skipBlanks()
    return peek == UInt8(ascii: "\"") ? [JSONField("site", try string())] : []
  }

  /// `logits = h`
  private mutating func root(_ key: String) throws(Diagnostic) -> [JSONField] {
    let name = try label("a name")
    skipBlanks()
    try expect("=")
    skipBlanks()
    return [JSONField(key, name), JSONField("value", try reference())]
  }

  /// `h: f32[N,256] = dot(x, hidden/weight) {lhsContracting: [1]} @hidden "Models/MLP.swift:12"`
  private mutating func node(_ name: JSONValue, _ nesting: Int) throws(Diagnostic) -> [JSONField] {
    try expect(":")
    skipBlanks()
    let types = try types()
    skipBlanks()
    try expect("=")
    skipBlanks()
    var fields = [JSONField("name", name), JSONField("op", try label("an operation"))]
    if skip("@") { fields.append(JSONField("version", try value())) }
    skipBlanks()
    let operands = try list("(", ")") { (parser) throws(Diagnostic) in try parser.reference() }
    fields.append(JSONField("inputs", JSONValue(operands)))
    skipBlanks()
    let attributes = peek == UInt8(ascii: "{") ? try object() : JSONValue(.object([]), at: name.place)
    fields.append(JSONField("attributes", attributes))
    skipBlanks()
    if peek == UInt8(ascii: "[") { fields.append(JSONField("graphs", try graphs(nesting))) }
    fields.append(types)
    skipBlanks()
    if skip("@") { fields.append(JSONField("scope", try label("a scope"))) }
    return fields + (try site())
  }

  private mutating func types() throws(Diagnostic) -> JSONField {
    if peek != UInt8(ascii: "(") { return JSONField("type", try type()) }
    let types = try list("(", ")") { (parser) throws(Diagnostic) in try parser.type() }
    return JSONField("types", JSONValue(types))
  }

  private mutating func graphs(_ nesting: Int) throws(Diagnostic) -> JSONValue {
    let place = self.place
    var graphs: [JSONValue] = []
    try expect("[")
    skipSpace()
    while !skip("]") {
      let start = self.place
      graphs.append(JSONValue(.object(try graph(nesting: nesting + 1)), at: start))
      skipSpace()
    }
    return JSONValue(.array(graphs), at: place)
  }
}
