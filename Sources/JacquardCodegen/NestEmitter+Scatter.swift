import JacquardCore
import JacquardKernels

extension NestEmitter {
  /// Puts values together with elements of the target, in the order of the points.
  mutating func emit(_ scatter: Scatter) throws(NotEmitted) {
    let value = values[scatter.value]
    let buffer = program[scatter.target.buffer]
    guard form == .rows, buffer.dtype == value.dtype else { throw NotEmitted("a scatter of another form") }
    var forms = AccessForm.indices(scatter.target, buffer, space)
    for k in forms.indices { forms[k].expression = space.rewritten(forms[k].expression) }
    for number in forms.flatMap(\.expression.values) where !values[number].dtype.isInteger {
      throw NotEmitted("an index of \(values[number].dtype)")
    }
    if movesAlongLanes(forms) {
      try update(scatter, value, forms)
    } else {
      try updateByLanes(scatter, value, forms)
    }
  }

  /// Whether neighbouring lanes are neighbours in the target, and only the row's place is known when it runs.
  private func movesAlongLanes(_ forms: [AccessForm.Index]) -> Bool {
    guard let lane = laneAxis else { return false }
    var step = 0
    for form in forms {
      if form.expression.values.contains(where: { values[$0].level == .point }) { return false }
      if level(ofAxes: form.expression.axes) < .point { continue }
      guard form.bound == .proved, space.strides(form.expression) != nil else { return false }
      step += form.expression.coefficient(ofAxis: lane) * form.stride
    }
    return step == 1
  }

  private mutating func update(_ scatter: Scatter, _ value: Value, _ forms: [AccessForm.Index]) throws(NotEmitted) {
    let type = try LaneType(value.dtype)
    var parts: [String] = []
    for form in forms {
      let isOfRow = level(ofAxes: form.expression.axes) < .point
      let known = values
      let text = form.expression.text(axisName, { "(int64_t)\(known[$0].name)[0]" })
      let index = name("i")
      lines[isOfRow ? .row : .point, default: []] +=
        ["const int64_t \(index) = \(text);"]
        + check(form, index, scatter.target, at: "o * \(space.innerCount) + b->from")
      parts.append(form.stride == 1 ? index : "\(index) * \(form.stride)")
    }
    let place = "\(pointer(scatter.target.buffer)) + \(parts.joined(separator: " + "))"
    let new = try combined(scatter.combiner, value, "jqn_in\(type.suffix)(\(place), m, n)")
    lines[.point, default: []].append("jqn_out\(type.suffix)(\(place), \(new), m, n);")
  }

  /// One element after the other: two lanes may meet in one.
  private mutating func updateByLanes(
    _ scatter: Scatter, _ value: Value, _ forms: [AccessForm.Index]
  ) throws(NotEmitted) {
    let type = try LaneType(value.dtype)
    guard scatter.combiner == nil || scatter.combiner == .sum, type.suffix == "" || scatter.combiner == nil else {
      throw NotEmitted("a scatter by single elements")
    }
    var statements: [String] = []
    var parts: [String] = []
    for form in forms {
      let known = values
      let text = form.expression.text(laneName) { "(int64_t)\(known[$0].name)[lane]" }
      let index = name("i")
      statements +=
        ["const int64_t \(index) = \(text);"]
        + check(form, index, scatter.target, at: "o * \(space.innerCount) + f + lane")
      parts.append(form.stride == 1 ? index : "\(index) * \(form.stride)")
    }
    let element = "\(pointer(scatter.target.buffer))[\(parts.joined(separator: " + "))]"
    let operation = scatter.combiner == nil ? "=" : "+="
    lines[.point, default: []] +=
      ["JQN_LANES(m, n) {"] + statements.map { "    " + $0 }
      + ["    \(element) \(operation) \(type.lane(value.name, "lane"));", "}"]
  }

  /// What passes over a place outside.
  private func check(_ form: AccessForm.Index, _ index: String, _ target: Access, at position: String) -> [String] {
    switch form.bound {
    case .proved: []
    case .guarded: ["if (\(index) < 0 || \(index) >= \(form.extent)) continue;"]
    case .checked:
      ["if (jqn_outside(b, \(index), \(form.extent), \(target.node?.index ?? -1), \(position))) continue;"]
    }
  }

  private func combined(_ combiner: Combiner?, _ value: Value, _ old: String) throws(NotEmitted) -> String {
    guard let combiner else { return value.name }
    if value.dtype == .i32 && combiner == .sum { return "jqn_add_i32(\(old), \(value.name))" }
    return "\(try combiner.function(value.dtype).name)(\(old), \(value.name))"
  }
}
