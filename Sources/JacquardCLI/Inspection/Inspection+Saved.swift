import JacquardCore
import JacquardFiles
import JacquardIR
import JacquardPlanner
import JacquardTransforms

/// What the backward pass of an optimised graph reads of its forward pass.
extension Inspection {
  /// Nothing for a graph without a gradient, or a plan from a file.
  func savedValues() -> [String] {
    guard let saved = try? compilation?.graph.savedForBackward(), !saved.values.isEmpty else { return [] }
    var table = TextTable([.right, .left, .left])
    table.add("bytes", "value", "source")
    for value in saved.values.prefix(Plan.shownBuffers) {
      let label = value.name.map { "\($0) = \(value.operation)" } ?? value.operation
      table.add(NumberText.grouped(value.bytes), "\(label) \(value.type)", value.site?.description ?? "")
    }
    let title =
      "saved for the backward pass: \(NumberText.grouped(saved.bytes)) bytes, largest of \(saved.values.count) values"
    return [title] + table.lines(indent: "  ")
  }

  func savedFields() -> [(name: String, value: JSONValue)] {
    guard let saved = try? compilation?.graph.savedForBackward() else { return [] }
    return [
      ("saved_for_backward_bytes", JSONValue(saved.bytes)), ("saved_for_backward", JSONValue(saved.values.map(entry))),
    ]
  }

  private func entry(_ value: SavedValues.Value) -> JSONValue {
    var fields: [(name: String, value: JSONValue)] = []
    if let name = value.name { fields.append(("name", JSONValue(name))) }
    fields += [
      ("operation", JSONValue(value.operation)), ("type", JSONValue(value.type.description)),
      ("bytes", JSONValue(value.bytes)),
    ]
    if let site = value.site { fields.append(("site", JSONValue(site.description))) }
    return JSONValue(fields: fields)
  }
}
