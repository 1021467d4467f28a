import JacquardCore
import JacquardFiles
import JacquardOps

@testable import JacquardIR

/// A graph file of one node: that of a sample of an operation, with operands and attributes made wrong here and there.
struct HostileNode {
  private static let ints: [JSONValue] = [
    -1, 0, 1, 2, 3, 4, 5, 17, 255, 2_147_483_648, 4_294_967_296, 1_152_921_504_606_846_976, JSONValue(Int.max),
    JSONValue(Int.min),
  ]
  private static let floats: [JSONValue] = [-1, 0, 0.5, 1, 1.5, 1e-300, 1e39, -1e308, "nan", "inf"]
  private static let texts: [JSONValue] =
    [
      "N", "2*N+1", "N*N", "-1", "0", "1", "2", "3", "6", "M", "1099511627776", "9223372036854775807", "", "none",
      "sum",
    ]
    + DType.allCases.map { JSONValue($0.rawValue) }
  private static let extents = ["0", "1", "2", "3", "4", "5", "N", "N+1", "1152921504606846976"]

  private let operation: any Operation.Type
  private var operands: [(dtype: DType, dims: [String])]
  private var uses: [Int]
  private var attributes: [JSONField]
  private var graphs: JSONValue?
  private var random: Random
  /// The types that the file states; the right ones are taken from what the reader says.
  private var types: [String] = ["f32[]"]

  init(_ operation: any Operation.Type, seed: Int) throws {
    self.operation = operation
    random = Random(seed)
    let sample = random.pick(operation.samples)
    operands = sample.inputs.map { ($0.type.dtype, $0.type.shape.dims.map(\.description)) }
    uses = Array(operands.indices)
    let builder = GraphBuilder(name: "sample")
    let values = try sample.inputs.enumerated().map { try builder.input("x\($0.offset)", $0.element.type) }
    _ = try builder.append(sample.operation, values, graphs: sample.graphs)
    let text = try builder.graph.json().text
    let nodes = try JSONValue.parse(Array(text.utf8), file: "sample").object().required("nodes").array()
    let node = try nodes[0].object()
    attributes = try node.required("attributes").object().fields
    graphs = node["graphs"]
    for _ in 0..<(1 + random.below(3)) { try mutate() }
  }

  // MARK: Mutations

  private mutating func mutate() throws {
    switch random.below(12) {
    case 0: changeNumberOfOperands()
    case 1: changeOneOperand()
    case 2: changeGraphs()
    case 3: addUnitAxes()
    case 4, 5: changeAllTypes()
    case 6, 7: changeAllExtents()
    default: try changeAttributes()
    }
  }

  private mutating func changeNumberOfOperands() {
    switch random.below(3) {
    case 0: if !uses.isEmpty { uses.remove(at: random.below(uses.count)) }
    case 1: if let last = uses.last { uses.append(last) }
    default: uses = random.shuffled(uses)
    }
  }

  private mutating func changeOneOperand() {
    guard !operands.isEmpty else { return }
    let index = random.below(operands.count)
    let axis = random.below(operands[index].dims.count + 1)
    switch random.below(3) {
    case 0: operands[index].dtype = random.pick(DType.allCases)
    case 1: operands[index].dims.insert(random.pick(Self.extents), at: axis)
    default: if axis < operands[index].dims.count { operands[index].dims[axis] = random.pick(Self.extents) }
    }
  }

  /// Gives every operand of one element type another one.
  private mutating func changeAllTypes() {
    guard !operands.isEmpty else { return }
    let (old, new) = (random.pick(operands).dtype, random.pick(DType.allCases))
    for index in operands.indices where operands[index].dtype == old { operands[index].dtype = new }
  }

  /// Gives every axis of one size another one.
  private mutating func changeAllExtents() {
    let all = operands.flatMap(\.dims)
    guard !all.isEmpty else { return }
    let (old, new) = (random.pick(all), random.pick(Self.extents))
    for index in operands.indices { operands[index].dims = operands[index].dims.map { $0 == old ? new : $0 } }
  }

  /// Up to the highest rank there is, and beyond.
  private mutating func addUnitAxes() {
    let axes = [String](repeating: "1", count: 1 + random.below(16))
    let atEnd = random.chance(30)
    for index in operands.indices {
      operands[index].dims.insert(contentsOf: axes, at: atEnd ? operands[index].dims.count : 0)
    }
  }

  private mutating func changeGraphs() {
    guard case .array(var items) = graphs?.content ?? .array([]) else { return }
    if items.isEmpty || random.chance(30) {
      items.append(items.last ?? ["name": "g", "inputs": [], "nodes": [], "outputs": []])
    } else {
      items = random.chance(50) ? items.reversed() : items.dropLast()
    }
    graphs = JSONValue(items)
  }

  private mutating func changeAttributes() throws {
    for field in operation.defaults where random.chance(50) && !attributes.contains(where: { $0.name == field.key }) {
      attributes.append(JSONField(field.key, try field.value.json { $0.inlineJSON }))
    }
    if attributes.isEmpty || random.chance(5) { attributes.append(JSONField("extra", random.pick(Self.ints))) }
    let index = random.below(attributes.count)
    if random.chance(5) { attributes.remove(at: index) } else { attributes[index] = mutated(attributes[index]) }
  }

  private mutating func mutated(_ field: JSONField) -> JSONField { JSONField(field.name, mutated(field.value)) }

  private mutating func mutated(_ value: JSONValue) -> JSONValue {
    if random.chance(3) { return random.pick([nil, [], [:], true, "x", 1.5]) }
    switch value.content {
    case .null: return 0
    case .bool(let flag): return JSONValue(!flag)
    case .integer: return random.pick(Self.ints)
    case .double: return random.pick(Self.floats + Self.ints)
    case .string: return random.pick(Self.texts)
    case .array(let items): return JSONValue(mutated(items))
    case .object(let fields):
      let index = random.below(max(fields.count, 1))
      return JSONValue(.object(fields.enumerated().map { $0.offset == index ? mutated($0.element) : $0.element }))
    }
  }

  private mutating func mutated(_ items: [JSONValue]) -> [JSONValue] {
    guard let last = items.last else { return [random.pick(Self.ints + Self.texts)] }
    let index = random.below(items.count)
    var result = items
    switch random.below(6) {
    case 0: result.append(last)
    case 1: result.remove(at: index)
    case 2: result = random.shuffled(items)
    case 3: result[index] = result[random.below(items.count)]
    default: result[index] = mutated(items[index])
    }
    return result
  }

  // MARK: The file

  private var text: String {
    let inputs = operands.enumerated().map { index, type in
      let text = "\(type.dtype.rawValue)[\(type.dims.joined(separator: ","))]"
      return ["name": "x\(index)", "type": JSONValue(text), "role": "data"] as JSONValue
    }
    var node: [(name: String, value: JSONValue)] = [
      ("name", "y"), ("op", JSONValue(operation.name)), ("inputs", JSONValue(uses.map { JSONValue("x\($0)") })),
      ("attributes", JSONValue(.object(attributes))),
    ]
    if let graphs { node.append(("graphs", graphs)) }
    node.append(("types", JSONValue(types.map { JSONValue($0) })))
    let outputs = types.indices.map { k in
      ["name": "y\(k)", "value": k == 0 ? "y" : "y:\(k)"] as JSONValue
    }
    let document: JSONValue = [
      "format": "jacquard.graph", "version": 1, "name": "hostile", "symbols": [["name": "N", "default": 3]],
      "inputs": JSONValue(inputs), "nodes": [JSONValue(fields: node)], "outputs": JSONValue(outputs),
    ]
    return document.text(.document)
  }

  /// The text of the file, with the types that the reader infers if it accepts the node.
  mutating func file() -> String {
    while true {
      do {
        _ = try Graph(json: Array(text.utf8), file: "hostile.json", registry: .standard)
      } catch let error as Diagnostic {
        if correctTypes(error.message) { continue }
      } catch {}
      return text
    }
  }

  /// Takes over what the reader says about wrong types. - Returns: Whether it said so.
  private mutating func correctTypes(_ message: String) -> Bool {
    if let match = message.firstMatch(of: #/the operation has (\d+) results/#), let count = Int(match.1) {
      if types.count == count || count > 64 { return false }
      types = [String](repeating: "f32[]", count: count)
      return true
    }
    guard let match = message.firstMatch(of: #/type is stated as (.+), but inferred as (.+)$/#),
      let index = types.firstIndex(of: String(match.1)), match.1 != match.2
    else { return false }
    types[index] = String(match.2)
    return true
  }
}
