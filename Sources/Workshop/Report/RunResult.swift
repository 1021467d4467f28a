import Jacquard

/// What a run came to, as `results.json` says it (docs/workshop.md).
struct RunResult: Sendable {
  let exercise: String
  let title: String
  /// Name of the images that bounds are meant for.
  let dataSet: String
  let settings: RunSettings
  let seconds: Double
  let claims: [Claim]
  let decision: Decision?
  let graphs: [String]
  let weights: [String]

  init(_ run: Run) {
    exercise = run.exercise.id
    title = run.text("title")
    dataSet = run.data.imageSet.title
    settings = run.settings
    seconds = run.seconds
    claims = run.claims
    decision = run.decision
    graphs = run.graphs
    weights = run.weights
  }

  var hasFailed: Bool { claims.contains { $0.status == .fail } }

  var json: JSONValue {
    let decision: JSONValue =
      decision.map { ["action": JSONValue($0.action.rawValue), "reason": JSONValue($0.reason)] } ?? nil
    return JSONValue(fields: [
      ("format", "workshop.results"), ("version", 1), ("exercise", JSONValue(exercise)), ("title", JSONValue(title)),
      ("language", JSONValue(settings.language.rawValue)), ("data_set", JSONValue(dataSet)),
      ("seed", JSONValue(settings.seed)), ("quick", JSONValue(settings.quick)), ("seconds", JSONValue(seconds)),
      ("claims", JSONValue(claims.map(\.json))), ("decision", decision),
      ("graphs", JSONValue(graphs.map { JSONValue($0) })), ("weights", JSONValue(weights.map { JSONValue($0) })),
    ])
  }
}

extension Claim {
  var json: JSONValue {
    var fields: [(name: String, value: JSONValue)] = [("key", JSONValue(key)), ("claim", JSONValue(text))]
    fields.append(("figure", figure.map { JSONValue($0) } ?? nil))
    if let interval {
      fields.append(("interval", JSONValue([JSONValue(interval.lowerBound), JSONValue(interval.upperBound)])))
    }
    fields.append(("bound", test?.json ?? nil))
    fields.append(("status", JSONValue(status.rawValue)))
    fields.append(("reason", reason.map { JSONValue($0) } ?? nil))
    return JSONValue(fields: fields)
  }
}

extension Bound.Test {
  var json: JSONValue {
    switch self {
    case .atLeast(let value): ["kind": "atLeast", "value": JSONValue(value)]
    case .atMost(let value): ["kind": "atMost", "value": JSONValue(value)]
    case .within(let range):
      ["kind": "within", "low": JSONValue(range.lowerBound), "high": JSONValue(range.upperBound)]
    case .equal(let value, let tolerance):
      ["kind": "equal", "value": JSONValue(value), "tolerance": JSONValue(tolerance)]
    case .isTrue: ["kind": "isTrue"]
    }
  }
}
