import JacquardCore
import JacquardKernels

extension NestEmitter {
  /// Where an access leads.
  private enum Place {
    /// One expression of the axes; the elements of neighbouring lanes are `step` apart.
    case affine(String, step: Int)
    /// Each element `times` times, from that of the axis's quotient on.
    case repeated(String, times: Int)
    /// The lanes low ..< high of an affine place, the others outside.
    case part(String, low: String, high: String)
    /// Found lane by lane: statements, which may `continue` where a guard fails, and the place.
    case lanes([String], String)
  }

  func axisName(_ axis: Int) -> String { "a\(axis)" }

  // MARK: Loads

  mutating func load(_ access: Access, _ dtype: DType) throws(NotEmitted) -> Value {
    let type = try LaneType(dtype)
    if dtype == .i64 { throw NotEmitted("a load of i64") }
    let (place, level) = try self.place(access, atLeast: .nest, inParts: type.isFloat)
    let memory = pointer(access.buffer)
    let fill = try type.splat(type.constant((access.fill ?? .int(0)).converted(to: dtype)))
    switch place {
    case .affine(let position, let step):
      if !hasLanes(level) || step == 0 {
        var value = add(type.splat("\(memory)[\(position)]"), dtype, level)
        value.isSame = true
        return value
      }
      if step == 1 { return add("jqn_in\(type.suffix)(\(memory) + \(position), m, n)", dtype, level) }
      if step == 2 && type.isFloat { return add("jqn_in_pairs(\(memory) + \(position), m, n)", dtype, level) }
      return add("jqn_in_step\(type.suffix)(\(memory) + \(position), \(step), m, n)", dtype, level)
    case .repeated(let position, let times):
      let axis = laneAxis.map(axisName) ?? "0"
      return add("jqn_in_repeated(\(memory) + \(position), \(axis), \(times), m, n)", dtype, level)
    case .part(let position, let low, let high):
      let (from, to) = (name("g"), name("h"))
      lines[level, default: []] += ["const int \(from) = \(low);", "const int \(to) = jqn_largest(\(high), \(from));"]
      return add("jqn_part(\(memory) + \(position), \(from), \(to), \(fill))", dtype, level)
    case .lanes(let statements, let position):
      let name = self.name("v")
      lines[level, default: []].append("\(type.vector) \(name) = \(fill);")
      let count = hasLanes(level) ? "m, n" : "0, 1"
      lines[level]? +=
        ["JQN_LANES(\(count)) {"] + statements.map { "    " + $0 }
        + ["    \(name)[lane] = \(type.value("\(memory)[\(position)]"));", "}"]
      if !hasLanes(level) { lines[level]?.append("\(name) = \(type.splat(type.lane(name, "0")));") }
      return Value(name: name, dtype: dtype, level: level)
    }
  }

  // MARK: Stores

  mutating func emit(_ store: Store) throws(NotEmitted) {
    let value = values[store.value]
    let type = try LaneType(value.dtype)
    guard program[store.access.buffer].dtype == value.dtype else { throw NotEmitted("a store of another type") }
    let (place, own) = try self.place(store.access, atLeast: form == .points ? .nest : .row, inParts: false)
    let level = max(own, value.level)
    let memory = pointer(store.access.buffer)
    let target = form == .points ? .point : level
    switch place {
    case .affine(let position, let step):
      if !hasLanes(target) || (laneAxis == nil && step == 0) {
        lines[target, default: []].append("\(memory)[\(position)] = \(type.lane(value.name, "0"));")
      } else if own < level || step == 0 {
        throw NotEmitted("a store of many values to one place")
      } else if step == 1 && type.isFloat && streams.contains(store.access.buffer) {
        lines[target, default: []].append("jqn_out_past_caches(\(memory) + \(position), \(value.name), m, n);")
        hasStreamed = true
      } else if step == 1 {
        lines[target, default: []].append("jqn_out\(type.suffix)(\(memory) + \(position), \(value.name), m, n);")
      } else if step == 2 && type.isFloat {
        lines[target, default: []].append("jqn_out_pairs(\(memory) + \(position), \(value.name), m, n);")
      } else {
        lines[target, default: []].append(
          "jqn_out_step\(type.suffix)(\(memory) + \(position), \(step), \(value.name), m, n);")
      }
    case .part, .repeated: break  // not asked for
    case .lanes(let statements, let position):
      let count = hasLanes(target) ? "m, n" : "0, 1"
      lines[target, default: []] +=
        ["JQN_LANES(\(count)) {"] + statements.map { "    " + $0 }
        + ["    \(memory)[\(position)] = \(type.lane(value.name, "lane"));", "}"]
    }
  }

  // MARK: Places

  private mutating func place(
    _ access: Access, atLeast: Level, inParts: Bool
  ) throws(NotEmitted) -> (Place, Level) {
    let buffer = program[access.buffer]
    if isRowTail {
      let (position, step) = try placeAlongRows(access)
      return (.affine(position, step: step), step == 0 ? atLeast : max(atLeast, .row))
    }
    if let linear = AccessForm.linear(access, buffer, space) {
      let level = max(atLeast, level(ofAxes: linear.axes))
      if space.strides(linear) != nil {
        return (.affine(linear.text(axisName), step: laneAxis.map { linear.coefficient(ofAxis: $0) } ?? 0), level)
      }
      if inParts, let repeated = repeated(linear) { return (repeated, level) }
      return (.lanes([], linear.text(laneName)), level)
    }
    var forms = AccessForm.indices(access, buffer, space)
    for k in forms.indices { forms[k].expression = space.rewritten(forms[k].expression) }
    var level = atLeast
    for form in forms {
      level = max(level, self.level(ofAxes: form.expression.axes))
      for value in form.expression.values { level = max(level, values[value].level) }
    }
    if inParts, let part = part(forms) { return (part, level) }
    if let even = even(forms, access) { return (even, level) }
    return try (general(forms, access, level), level)
  }

  /// An expression that moves with the quotient of the lanes' axis alone.
  private func repeated(_ expression: IndexExpression) -> Place? {
    guard let lane = laneAxis else { return nil }
    var times: Int?
    var rest = IndexExpression(expression.constant)
    for term in expression.terms {
      switch term.atom {
      case .axis(let axis) where axis != lane: rest = rest + IndexExpression(term.atom) * term.coefficient
      case .floorDiv(IndexExpression(.axis(lane)), let divisor) where term.coefficient == 1 && times == nil:
        times = divisor
      default: return nil
      }
    }
    return times.map { .repeated(rest.text(axisName), times: $0) }
  }

  /// An axis within a loop over lanes.
  func laneName(_ axis: Int) -> String { axis == laneAxis ? "(a\(axis) + lane)" : "a\(axis)" }

  /// Guards alone, each on an index that stays or moves by one from lane to lane, over elements side by side.
  private func part(_ forms: [AccessForm.Index]) -> Place? {
    guard let lane = laneAxis else { return nil }
    var position: [String] = []
    var lows = ["m"]
    var highs = ["n"]
    var holds: [String] = []
    var step = 0
    for form in forms {
      guard form.bound != .checked, space.strides(form.expression) != nil else { return nil }
      let factor = form.expression.coefficient(ofAxis: lane)
      step += factor * form.stride
      let text = form.expression.text(axisName)
      position.append(form.stride == 1 ? "(\(text))" : "(\(text)) * \(form.stride)")
      if form.bound == .proved { continue }
      switch factor {
      case 0: holds.append("(\(text)) >= 0 && (\(text)) < \(form.extent)")
      case 1:
        lows.append("-(\(text))")
        highs.append("\(form.extent) - (\(text))")
      default: return nil
      }
    }
    guard step == 1 else { return nil }
    let low = lows.dropFirst().reduce("m") { "jqn_largest(\($0), \($1))" }
    let high = highs.dropFirst().reduce("n") { "jqn_least(\($0), \($1))" }
    let all = holds.isEmpty ? high : "(\(holds.joined(separator: " && "))) ? \(high) : 0"
    return .part(position.joined(separator: " + "), low: "jqn_least(\(low), n)", high: all)
  }

  /// Indices that are the same for all lanes, or move evenly from lane to lane: those that must be checked are, once.
  private mutating func even(_ forms: [AccessForm.Index], _ access: Access) -> Place? {
    var step = 0
    for form in forms {
      let isSame = form.expression.values.allSatisfy {
        (values[$0].isSame || !hasLanes(values[$0].level)) && values[$0].dtype != .f32
      }
      guard isSame, form.bound != .guarded, let factor = stepOfLanes(form.expression) else { return nil }
      if form.bound == .checked && factor != 0 { return nil }
      step += factor * form.stride
    }
    let known = values
    var parts: [String] = []
    for form in forms {
      var index = "(\(form.expression.text(axisName) { "(int64_t)\(known[$0].name)[0]" }))"
      if form.bound == .checked {
        let axes = form.expression.axes
        let level = form.expression.values.reduce(self.level(ofAxes: axes)) { max($0, known[$1].level) }
        let node = access.node?.index ?? -1
        let name = self.name("i")
        lines[level, default: []].append(
          "const int64_t \(name) = jqn_check(b, \(index), \(form.extent), \(node), \(firstPoint(level)));")
        index = name
      }
      parts.append(form.stride == 1 ? index : "\(index) * \(form.stride)")
    }
    return .affine(parts.isEmpty ? "0" : parts.joined(separator: " + "), step: step)
  }

  /// How far an expression moves from lane to lane, if it does so evenly.
  private func stepOfLanes(_ expression: IndexExpression) -> Int? {
    guard let lane = laneAxis else { return 0 }
    for term in expression.terms {
      switch term.atom {
      case .axis, .value: continue
      case .floorDiv, .remainder: if IndexExpression(term.atom).axes.contains(lane) { return nil }
      }
    }
    return expression.coefficient(ofAxis: lane)
  }

  /// Lane by lane.
  private mutating func general(
    _ forms: [AccessForm.Index], _ access: Access, _ level: Level
  ) throws(NotEmitted) -> Place {
    var statements: [String] = []
    var parts: [String] = []
    for form in forms {
      for value in form.expression.values where values[value].dtype == .f32 {
        throw NotEmitted("an index that is a float")
      }
      let known = values
      let text = form.expression.text(hasLanes(level) ? laneName : axisName) { "(int64_t)\(known[$0].name)[lane]" }
      let index = name("i")
      switch form.bound {
      case .proved: statements.append("const int64_t \(index) = \(text);")
      case .guarded:
        statements += [
          "const int64_t \(index) = \(text);", "if (\(index) < 0 || \(index) >= \(form.extent)) continue;",
        ]
      case .checked:
        let node = access.node?.index ?? -1
        statements.append("const int64_t \(index) = jqn_check(b, \(text), \(form.extent), \(node), \(point(level)));")
      }
      parts.append(form.stride == 1 ? index : "\(index) * \(form.stride)")
    }
    return .lanes(statements, parts.isEmpty ? "0" : parts.joined(separator: " + "))
  }

  /// Where the first of the lanes at hand lies in the row-major order of the nest's space.
  private func firstPoint(_ level: Level) -> String {
    if level == .nest { return "0" }
    switch (form, level) {
    case (.rows, .point): return "o * \(space.innerCount) + f + m"
    case (.points, .point): return "o"
    case (.points, _): return "q"
    case (.columns, .point): return "o * \(space.innerCount) + \(innerPoint)"
    case (.rows, _), (.columns, _): return "o * \(space.innerCount)"
    }
  }

  /// Where a lane lies in the row-major order of the nest's space.
  private func point(_ level: Level) -> String {
    if level == .nest { return "0" }
    switch (form, level) {
    case (.rows, .point): return "o * \(space.innerCount) + f + lane"
    case (.rows, _): return "o * \(space.innerCount)"
    case (.points, .point): return "o + lane"
    case (.points, _): return "q"
    case (.columns, _):
      let row = "(o + lane) * \(space.innerCount)"
      return level < .point ? row : "\(row) + \(innerPoint)"
    }
  }
}
