import JacquardCore
import JacquardFiles

/// JSON in fewer bytes, itself JSON: strings and lists of keys that repeat are told once.
///
/// `{"strings": [...], "shapes": [[key, ...], ...], "root": value}`. In `root` a string is `!` and its text, or the position of its text
/// among `strings` in base 36; an object is `{"shape": [value, ...]}` with the position of its keys among `shapes`; all else is itself.
struct PackedJSON {
  private var counts: [String: Int] = [:]
  private var strings: [String] = []
  private var positions: [String: String] = [:]
  private var shapes: [[String]] = []
  private var shapeNames: [[String]: String] = [:]

  /// The packed form of a value. Linear in its size.
  static func pack(_ value: JSONValue) -> JSONValue {
    var packing = PackedJSON()
    packing.count(value)
    let root = packing.packed(value)
    return JSONValue(fields: [
      ("strings", JSONValue(packing.strings.map { JSONValue($0) })),
      ("shapes", JSONValue(packing.shapes.map { keys in JSONValue(keys.map { JSONValue($0) }) })),
      ("root", root),
    ])
  }

  /// As the content of a `script` element, which no text in it can end.
  static func script(_ value: JSONValue) -> String {
    value.text(.compact).replacing("<", with: "\\u003c")
  }

  private mutating func count(_ value: JSONValue) {
    switch value.content {
    case .string(let text): counts[text, default: 0] += 1
    case .array(let items): for item in items { count(item) }
    case .object(let fields): for field in fields { count(field.value) }
    default: break
    }
  }

  private mutating func packed(_ value: JSONValue) -> JSONValue {
    switch value.content {
    case .string(let text): return JSONValue(reference(text))
    case .array(let items):
      var result: [JSONValue] = []
      result.reserveCapacity(items.count)
      for item in items { result.append(packed(item)) }
      return JSONValue(result)
    case .object(let fields):
      let name = shape(fields.map(\.name))
      var values: [JSONValue] = []
      for field in fields { values.append(packed(field.value)) }
      return JSONValue(fields: [(name, JSONValue(values))])
    default: return value
    }
  }

  private mutating func reference(_ text: String) -> String {
    if let known = positions[text] { return known }
    if text.utf8.count < 3 || counts[text, default: 0] < 2 { return "!" + text }
    let position = String(strings.count, radix: 36)
    strings.append(text)
    positions[text] = position
    return position
  }

  private mutating func shape(_ keys: [String]) -> String {
    if let known = shapeNames[keys] { return known }
    let name = String(shapes.count)
    shapes.append(keys)
    shapeNames[keys] = name
    return name
  }
}
