import JacquardCore
import JacquardKernels

extension NestEmitter {
  /// Adds an instruction to the lines of its level.
  mutating func emit(_ step: Instruction) throws(NotEmitted) -> Value {
    let type = try LaneType(step.dtype)
    switch step.operation {
    case .constant(let scalar):
      let text = type.splat(try type.constant(scalar))
      let known = step.dtype == .i64 ? Int(exactly: scalar.asDouble).map { $0...$0 } : nil
      return add(text, step.dtype, .nest, range: known)
    case .index(let expression): return try index(expression, step.dtype)
    case .load(let access): return try load(access, step.dtype)
    case .apply(let function, let operands):
      let a = operands.map { values[$0] }
      let operand = a[function == .select ? 1 : 0].dtype
      if operand == .i64 { return try smallIntegers(function, a, step.dtype) }
      return add(try function.text(a.map(\.name), operand), step.dtype, a.map(\.level).max() ?? .nest)
    case .cast(let operand):
      let a = values[operand]
      let text = try ScalarFunction.cast(
        a.name, from: a.dtype == .i64 ? .i32 : a.dtype, to: step.dtype == .i64 ? .i32 : step.dtype)
      return add(text, step.dtype, a.level, range: step.dtype == .i64 ? try rangeOfCast(a) : nil)
    case .bits(let operand):
      let a = values[operand]
      guard a.dtype.byteSize == 4 else { throw NotEmitted("the bits of \(a.dtype)") }
      return add("(\(type.vector))\(a.name)", step.dtype, a.level)
    case .rowValue(let number): return rowValues[number]
    case .local(let number): return add("jqn_in\(type.suffix)(l\(number) + f, m, n)", step.dtype, .point)
    case .accumulator:
      guard type.isFloat else { throw NotEmitted("a product of \(step.dtype)") }
      let place = "(const float *)b->accumulator + r * b->accumulator_row + (f - b->from)"
      return add("jqn_in(\(place), m, n)", step.dtype, .point)
    case .random(let kind, let key, let element): return try draw(kind, pointer(key), element, step.dtype)
    }
  }

  /// The values of an i64 made from another type.
  private func rangeOfCast(_ a: Value) throws(NotEmitted) -> ClosedRange<Int> {
    switch a.dtype {
    case .i64: return try small(a.range)
    case .i32: return Int(Int32.min)...Int(Int32.max)
    case .u8: return 0...255
    case .bool: return 0...1
    default: throw NotEmitted("a cast from \(a.dtype) to i64")
    }
  }

  mutating func add(_ text: String, _ dtype: DType, _ level: Level, range: ClosedRange<Int>? = nil) -> Value {
    let value = Value(name: name("v"), dtype: dtype, level: level, range: range)
    let vector = dtype == .f32 ? "jqv_f32" : "jqv_i32"
    lines[level, default: []].append("const \(vector) \(value.name) = \(text);")
    return value
  }

  private mutating func draw(
    _ kind: RandomKind, _ key: String, _ element: IndexExpression, _ dtype: DType
  ) throws(NotEmitted) -> Value {
    let own = space.rewritten(element)
    guard dtype == .f32, kind != .fold, let lane = laneAxis, space.strides(own) != nil,
      own.coefficient(ofAxis: lane) == 1, level(ofAxes: own.axes) == .point
    else { throw NotEmitted("random numbers out of order") }
    let stream = name("d")
    lines[.nest, default: []] += ["jqn_stream \(stream);", "\(stream).first = -((int64_t)1 << 62);"]
    return add("jqn_draw(&\(stream), b->\(kind.rawValue), \(key), \(own.text(axisName)), m, n)", dtype, .point)
  }

  private mutating func index(_ expression: IndexExpression, _ dtype: DType) throws(NotEmitted) -> Value {
    let own = space.rewritten(expression)
    guard own.hasNoValues, dtype == .i32 || dtype == .i64 || dtype == .f32 else {
      throw NotEmitted("an index of \(dtype)")
    }
    let range = try small(own.range(in: space.extents))
    let level = level(ofAxes: own.axes)
    let start = "jqv_splat_i32((int)(\(own.text(axisName))))"
    guard hasLanes(level), let lane = laneAxis, own.axes.contains(lane) else {
      return indexed(start, dtype, level, range)
    }
    if space.strides(own) != nil {
      return indexed(start + " + jqn_numbers() * \(own.coefficient(ofAxis: lane))", dtype, level, range)
    }
    let name = self.name("i")
    lines[level, default: []] += [
      "jqv_i32 \(name) = {0};", "JQN_LANES(m, n) \(name)[lane] = (int)(\(own.text(laneName)));",
    ]
    return indexed(name, dtype, level, range)
  }

  private mutating func indexed(_ text: String, _ dtype: DType, _ level: Level, _ range: ClosedRange<Int>) -> Value {
    add(dtype == .f32 ? "jqn_to_f32(\(text))" : text, dtype, level, range: range)
  }

  /// A range that 32 bits hold.
  func small(_ range: ClosedRange<Int>?) throws(NotEmitted) -> ClosedRange<Int> {
    guard let range, range.lowerBound >= Int(Int32.min), range.upperBound <= Int(Int32.max) else {
      throw NotEmitted("i64 that 32 bits may not hold")
    }
    return range
  }

  /// Arithmetic on whole numbers that are known to be small stays exact.
  private mutating func smallIntegers(
    _ function: ScalarFunction, _ a: [Value], _ dtype: DType
  ) throws(NotEmitted) -> Value {
    let level = a.map(\.level).max() ?? .nest
    var range: ClosedRange<Int>?
    if dtype == .i64 {
      guard function != .select else {
        let (x, y) = (try small(a[1].range), try small(a[2].range))
        range = min(x.lowerBound, y.lowerBound)...max(x.upperBound, y.upperBound)
        return add(try function.text(a.map(\.name), .i32), dtype, level, range: range)
      }
      guard a.count == 2 else { throw NotEmitted("\(function.rawValue) of i64") }
      let (x, y) = (try small(a[0].range), try small(a[1].range))
      switch function {
      case .add: range = x.lowerBound + y.lowerBound...x.upperBound + y.upperBound
      case .subtract: range = x.lowerBound - y.upperBound...x.upperBound - y.lowerBound
      case .minimum, .maximum: range = min(x.lowerBound, y.lowerBound)...max(x.upperBound, y.upperBound)
      case .multiply:
        let corners = [
          x.lowerBound * y.lowerBound, x.lowerBound * y.upperBound, x.upperBound * y.lowerBound,
          x.upperBound * y.upperBound,
        ]
        range = (corners.min() ?? 0)...(corners.max() ?? 0)
      default: throw NotEmitted("\(function.rawValue) of i64")
      }
      range = try small(range)
    }
    return add(try function.text(a.map(\.name), .i32), dtype, level, range: range)
  }
}
