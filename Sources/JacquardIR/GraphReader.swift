import JacquardCore
import JacquardFiles

/// Builds a graph from the values of its file, whether they were written as JSON or as text. Nothing in them is trusted.
struct GraphReader {
  private let registry: OperationRegistry
  private let tensors: TensorResolver?
  private let depth: Int
  private let builder: GraphBuilder
  /// Symbols that the file declares.
  private var symbols: Set<String> = []
  /// Inputs and nodes read so far, by their labels.
  private var values: [String: [ValueID]] = [:]
  /// Where each node of the file stands, to tell a late definition from a missing one.
  private var places: [String: JSONPlace] = [:]

  static func graph(
    _ document: JSONValue, _ registry: OperationRegistry, _ tensors: TensorResolver?
  ) throws -> Graph {
    let object = try document.object()
    try checkFormat(object)
    return try graph(object, ["format", "version"], registry, tensors, depth: 0)
  }

  private static func checkFormat(_ object: JSONObject) throws(Diagnostic) {
    let format = try object.required("format")
    let text = try format.string()
    if text != GraphFormat.name { throw format.fail("format \(quoted(text)) is not \(GraphFormat.name)") }
    let version = try object.required("version")
    let number = try version.int()
    if number > GraphFormat.version {
      throw version.fail("version \(number) is newer than this program, which reads up to \(GraphFormat.version)")
    }
    if number < 1 { throw version.fail("there is no version \(number)") }
  }

  private static func graph(
    _ object: JSONObject, _ head: [String], _ registry: OperationRegistry, _ tensors: TensorResolver?, depth: Int
  ) throws -> Graph {
    if depth > Graph.deepestNesting { throw object.place.fail("sub-graphs are nested too deeply") }
    try object.rejectUnknown(head + ["name", "symbols", "inputs", "nodes", "outputs", "updates"])
    let name = try object.required("name")
    let text = try name.string()
    try name.locating { try GraphBuilder.checkName(text, "graph") }
    var reader = GraphReader(registry, tensors, depth, GraphBuilder(name: text))
    try reader.read(object)
    return reader.builder.graph
  }

  private init(_ registry: OperationRegistry, _ tensors: TensorResolver?, _ depth: Int, _ builder: GraphBuilder) {
    self.registry = registry
    self.tensors = tensors
    self.depth = depth
    self.builder = builder
  }

  private mutating func read(_ object: JSONObject) throws {
    for symbol in try object["symbols"]?.array() ?? [] { try readSymbol(symbol) }
    let inputs = try object.required("inputs").array()
    let nodes = try object.required("nodes").array()
    try collectNames(inputs, nodes)
    for input in inputs { try readInput(input) }
    for node in nodes { try readNode(node) }
    for output in try object.required("outputs").array() { try readOutput(output) }
    for update in try object["updates"]?.array() ?? [] { try readUpdate(update) }
  }

  private mutating func readSymbol(_ value: JSONValue) throws {
    let object = try value.object()
    try object.rejectUnknown(["name", "default"])
    let name = try object.required("name")
    let text = try name.string()
    if !Dim.isSymbolName(text) { throw name.fail("\(quoted(text)) is no legal name for a symbol") }
    if !symbols.insert(text).inserted { throw name.fail("two symbols are named \(quoted(text))") }
    builder.declare(text, defaultSize: try object["default"]?.int(in: 1...Int.max))
  }

  private mutating func collectNames(_ inputs: [JSONValue], _ nodes: [JSONValue]) throws {
    for (index, value) in (inputs + nodes).enumerated() {
      let name = try value.object().required("name")
      let text = try name.string()
      let isInput = index < inputs.count
      if isInput || !GraphReader.isNumber(text) {
        try name.locating { try GraphBuilder.checkName(text, isInput ? "input" : "node") }
      }
      if let first = places.updateValue(name.place, forKey: text) {
        throw name.fail("two values are named \(quoted(text)); the other is in line \(first.line)")
      }
    }
  }

  /// Whether a label is that of a node without a name: `%12`.
  private static func isNumber(_ label: String) -> Bool {
    let digits = label.utf8.dropFirst()
    return label.utf8.first == UInt8(ascii: "%") && !digits.isEmpty && digits.count < 20
      && digits.allSatisfy { $0 >= UInt8(ascii: "0") && $0 <= UInt8(ascii: "9") }
  }

  // MARK: Inputs

  private mutating func readInput(_ value: JSONValue) throws {
    let object = try value.object()
    let name = try object.required("name").string()
    try naming("input", name, value) {
      try object.rejectUnknown(["name", "type", "role", "init", "sample", "feed", "site"])
      let input = try input(name, object)
      let site = input.site
      try value.locating {
        var plain = input
        plain.site = nil  // The place says it better.
        try plain.verify()
        try site?.verify()
      }
      values[name] = [try builder.input(input)]
    }
  }

  private func input(_ name: String, _ object: JSONObject) throws -> Input {
    let role = try object.required("role").string()
    guard let parsedRole = Input.Role(rawValue: role) else {
      throw try object.required("role").fail("role \(quoted(role)) is not data, parameter or state")
    }
    var input = Input(name: name, type: try type(object.required("type")), role: parsedRole)
    input.initializer = try object["init"].map { try JSONCoding.decode(Initializer.self, from: $0) }
    input.sample = try object["sample"].map { try JSONCoding.decode(SampleHint.self, from: $0) }
    input.feed = try object["feed"].map { try JSONCoding.decode(FeedHint.self, from: $0) }
    input.site = try object["site"].map { try site($0) }
    return input
  }

  private func type(_ value: JSONValue) throws -> TensorType {
    let type = try TensorType(json: value)
    for symbol in type.shape.symbols.sorted() where !symbols.contains(symbol) {
      throw value.fail("symbol \(symbol) of type \(type) is not declared")
    }
    return type
  }

  private func site(_ value: JSONValue) throws -> SourceSite {
    let text = try value.string()
    guard let site = SourceSite(parsing: text), (try? site.verify()) != nil else {
      throw value.fail("\(quoted(text)) is no source line (such as Models/MLP.swift:12)")
    }
    return site
  }

  // MARK: Nodes

  private mutating func readNode(_ value: JSONValue) throws {
    let object = try value.object()
    let name = try object.required("name").string()
    try naming("node", name, value) {
      try object.rejectUnknown([
        "name", "op", "version", "inputs", "attributes", "graphs", "type", "types", "scope", "site",
      ])
      let operation = try operation(object)
      var origin = Origin(name: GraphReader.isNumber(name) ? nil : name)
      origin.scope = try object["scope"]?.string() ?? ""
      origin.site = try object["site"].map { try site($0) }
      var operands: [ValueID] = []
      for operand in try object.required("inputs").array() { operands.append(try self.value(operand)) }
      let graphs = try subGraphs(object)
      builder.origins = [origin]
      let results = try value.locating { try builder.append(operation, operands, graphs: graphs) }
      try checkTypes(object, results)
      values[name] = results
    }
  }

  private func operation(_ object: JSONObject) throws -> any Operation {
    let op = try object.required("op")
    let name = try op.string()
    guard let type = registry.operation(named: name) else { throw op.fail("unknown operation \(quoted(name))") }
    let version = try object["version"]?.int() ?? 1
    if version != type.version {
      let place = object["version"] ?? op
      throw place.fail("operation '\(name)' has version \(version); this program knows version \(type.version)")
    }
    let attributes = try object.required("attributes")
    let operation = try type.decode(json: attributes, tensors: tensors)
    for symbol in try AttributeEncoder.encode(operation).symbols.sorted() where !symbols.contains(symbol) {
      throw attributes.fail("symbol \(symbol) is not declared")
    }
    return operation
  }

  private func subGraphs(_ object: JSONObject) throws -> [Graph] {
    guard let value = object["graphs"] else { return [] }
    var graphs: [Graph] = []
    for (index, item) in try value.array().enumerated() {
      try naming("sub-graph", "\(index)", item) {
        let graph = try GraphReader.graph(item.object(), [], registry, tensors, depth: depth + 1)
        if !graph.updates.isEmpty { throw item.fail("a sub-graph has no updates") }
        for symbol in graph.symbols where !symbols.contains(symbol.name) {
          throw item.fail("symbol \(symbol.name) is not declared by the graph around this one")
        }
        graphs.append(graph)
      }
    }
    return graphs
  }

  private func checkTypes(_ object: JSONObject, _ results: [ValueID]) throws {
    if object["type"] != nil, let types = object["types"] { throw types.fail("both 'type' and 'types'") }
    let stated = try object["types"]?.array() ?? [object.required("type")]
    guard stated.count == results.count else {
      throw object.place.fail("states \(stated.count) types; the operation has \(results.count) results")
    }
    for (value, result) in zip(stated, results) {
      let inferred = builder.type(result)
      let type = try type(value)
      if type != inferred { throw value.fail("type is stated as \(type), but inferred as \(inferred)") }
    }
  }

  // MARK: Values, outputs, updates

  /// The value that a text such as `h` or `h:1` names.
  private func value(_ json: JSONValue) throws -> ValueID {
    let text = try json.string()
    var name = text
    var result = 0
    if let colon = text.utf8.lastIndex(of: UInt8(ascii: ":")) {
      let digits = text[text.utf8.index(after: colon)...]
      guard let number = Int(digits), number > 0, String(number) == digits else {
        throw json.fail("\(quoted(text)) is no value: after ':' stands the number of a result")
      }
      name = String(text[..<colon])
      result = number
    }
    guard let results = values[name] else { throw json.fail(missing(name)) }
    if result >= results.count {
      let count = "\(results.count) result\(results.count == 1 ? "" : "s")"
      throw json.fail("\(quoted(name)) has \(count); there is no \(result)")
    }
    return results[result]
  }

  private func missing(_ name: String) -> String {
    guard let place = places[name] else { return "\(quoted(name)) is neither an input nor a node" }
    return "\(quoted(name)) is used before line \(place.line) defines it: nodes must be in order, without cycles"
  }

  private func readOutput(_ value: JSONValue) throws {
    let object = try value.object()
    try object.rejectUnknown(["name", "value"])
    let name = try object.required("name").string()
    try naming("output", name, value) {
      let result = try self.value(object.required("value"))
      try value.locating { try builder.output(name, result) }
    }
  }

  private func readUpdate(_ value: JSONValue) throws {
    let object = try value.object()
    try object.rejectUnknown(["input", "value"])
    let name = try object.required("input").string()
    try naming("update", name, value) {
      let result = try self.value(object.required("value"))
      try value.locating { try builder.update(name, result) }
    }
  }

}

/// Puts the kind and name of a part before the message of what goes wrong in it.
private func naming(_ kind: String, _ name: String, _ value: JSONValue, _ body: () throws -> Void) throws {
  do {
    try value.locating(body)
  } catch var error as Diagnostic {
    error.message = "\(kind) \(quoted(name)): \(error.message)"
    throw error
  }
}

extension JSONValue {
  /// Gives errors without a place in the file the place of this value.
  fileprivate func locating<R>(_ body: () throws -> R) throws -> R {
    do {
      return try body()
    } catch var error as Diagnostic {
      if let place = place.text, !(error.place?.hasPrefix("\(self.place.file ?? ""):") ?? false) {
        error = error.at(place)
      }
      throw error
    }
  }
}
