import JacquardCore
import JacquardFiles
import JacquardRuntime
import JacquardTransforms

/// What `diff` found.
struct GraphDiffReport {
  /// An output or update of either graph.
  struct Value {
    enum Comparison {
      /// Only one graph has it.
      case missing(inOld: Bool)
      case types(TensorType, TensorType)
      case difference(TensorDifference)
    }

    let name: String
    let comparison: Comparison

    init(_ name: String, _ old: HostTensor?, _ new: HostTensor?, _ agreement: Agreement) {
      self.name = name
      guard let old, let new else {
        comparison = .missing(inOld: old == nil)
        return
      }
      comparison =
        old.type == new.type
        ? .difference(TensorDifference(new, old, within: agreement)) : .types(old.type, new.type)
    }

    var isEqual: Bool {
      if case .difference(let difference) = comparison { difference.isAgreement } else { false }
    }
  }

  let old: String
  let new: String
  /// nil if it was not asked for.
  var structure: GraphDifference?
  /// nil without data.
  var values: [Value]?

  init(old: String, new: String) { (self.old, self.new) = (old, new) }

  /// Whether nothing that was compared differs.
  var isEqual: Bool { structure?.isEmpty ?? true && values?.allSatisfy(\.isEqual) ?? true }

  // MARK: Text

  var text: String {
    var lines: [String] = []
    if let structure { lines += text(structure) }
    if let values { lines += (lines.isEmpty ? [] : [""]) + text(values) }
    return lines.joined(separator: "\n")
  }

  private func text(_ structure: GraphDifference) -> [String] {
    if structure.isEmpty { return ["same structure: \(structure.matchedNodes) nodes"] }
    let counts = [GraphDifference.Kind.added, .removed, .changed].map { kind in
      "\(structure.entries.count { $0.kind == kind }) \(kind.rawValue)"
    }
    var lines = ["\(structure.matchedNodes) nodes match; \(counts.joined(separator: ", "))"]
    for entry in structure.entries {
      lines.append(
        "\(entry.kind.sign) \(entry.part.rawValue) \(entry.name)\(entry.text.isEmpty ? "" : ": \(entry.text)")")
      for change in entry.changes {
        let (old, new) = (change.old.isEmpty ? "none" : change.old, change.new.isEmpty ? "none" : change.new)
        lines.append("    \(change.aspect): \(old) -> \(new)")
      }
    }
    return lines
  }

  private func text(_ values: [Value]) -> [String] {
    var table = TextTable([.left, .right, .right, .left])
    table.add("value", "max abs", "max rel", "")
    for value in values {
      switch value.comparison {
      case .missing(let inOld): table.add(value.name, "", "", "only in \(inOld ? new : old)")
      case .types(let a, let b): table.add(value.name, "", "", "\(a) -> \(b)")
      case .difference(let difference):
        let verdict = difference.isAgreement ? "equal" : "\(difference.beyond) of \(difference.count) elements differ"
        table.add(value.name, NumberText.short(difference.absolute), NumberText.short(difference.relative), verdict)
      }
    }
    return table.lines()
  }

  // MARK: JSON

  /// The form that docs/profiling.md describes.
  var json: JSONValue {
    var fields: [(String, JSONValue)] = [
      ("format", "jacquard.diff"), ("version", 1), ("old", JSONValue(old)), ("new", JSONValue(new)),
      ("equal", JSONValue(isEqual)),
    ]
    if let structure {
      fields += [
        ("matched_nodes", JSONValue(structure.matchedNodes)),
        ("differences", JSONValue(structure.entries.map { $0.json })),
      ]
    }
    if let values { fields.append(("values", JSONValue(values.map { $0.json }))) }
    return JSONValue(fields: fields)
  }
}

extension GraphDifference.Kind {
  fileprivate var sign: String {
    switch self {
    case .added: "+"
    case .removed: "-"
    case .changed: "~"
    }
  }
}

extension GraphDifference.Entry {
  fileprivate var json: JSONValue {
    let changes = changes.map { change in
      JSONValue(fields: [
        ("aspect", JSONValue(change.aspect)), ("old", JSONValue(change.old)), ("new", JSONValue(change.new)),
      ])
    }
    return JSONValue(fields: [
      ("kind", JSONValue(kind.rawValue)), ("part", JSONValue(part.rawValue)), ("name", JSONValue(name)),
      ("text", JSONValue(text)), ("changes", JSONValue(changes)),
    ])
  }
}

extension GraphDiffReport.Value {
  fileprivate var json: JSONValue {
    let head: [(String, JSONValue)] = [("name", JSONValue(name)), ("equal", JSONValue(isEqual))]
    switch comparison {
    case .missing(let inOld): return JSONValue(fields: head + [("only_in", JSONValue(inOld ? "new" : "old"))])
    case .types(let old, let new):
      return JSONValue(
        fields: head + [("old_type", JSONValue(old.description)), ("new_type", JSONValue(new.description))])
    case .difference(let difference): return JSONValue(fields: head + difference.fields)
    }
  }
}
