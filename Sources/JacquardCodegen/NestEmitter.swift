import JacquardCore
import JacquardFiles
import JacquardKernels

/// A loop nest as a C function on blocks of its points.
package struct NestSource {
  /// Follows from the text: nests that do the same have the same.
  package let symbol: String
  package let text: String
  /// Buffers of the program, in the order in which the function knows them.
  package let operands: [BufferID]

  /// - Parameters:
  ///   - nest: as `splittingAxes` and `inRows` leave it.
  ///   - isEpilogue: whether it runs on tiles of a product: a part of the inner points, and with reductions piece by piece.
  ///   - streams: buffers that are stored past the caches, as nothing in the step reads them.
  package init(
    _ nest: LoopNest, _ program: KernelProgram, isEpilogue: Bool = false, streams: Set<BufferID> = []
  ) throws(NotEmitted) {
    var emitter = try NestEmitter(nest, program, isPart: isEpilogue)
    emitter.streams = streams
    try self.init(emitter)
  }

  /// - Parameter nest: the scatter's body, with the last axis of the updates as inner loop.
  package init(_ scatter: Scatter, _ nest: LoopNest, _ program: KernelProgram) throws(NotEmitted) {
    try self.init(NestEmitter(nest, program, isPart: true, scatter))
  }

  private init(_ emitter: NestEmitter) throws(NotEmitted) {
    var emitter = emitter
    let body = try emitter.function()
    symbol = "jqk_" + SHA256.short(body)
    text = "void \(symbol)(const jq_native_block *b) {\n\(body)}\n"
    operands = emitter.operands
  }
}

/// Writes the function. Sixteen points at once are the lanes of vectors.
struct NestEmitter {
  /// What the lanes of a vector run over.
  enum Form {
    /// The last inner axis.
    case rows
    /// The last outer axis; there are no inner ones.
    case points
    /// The last outer axis, with loops over the inner ones within.
    case columns
  }

  /// How a value varies: not at all; with what the loops outside give; with what is done most often.
  enum Level: Int, Comparable {
    case nest, row, point
    static func < (a: Level, b: Level) -> Bool { a.rawValue < b.rawValue }
  }

  struct Value {
    var name: String
    var dtype: DType
    var level: Level
    /// Of whole numbers that are known to fit into 32 bits: what they may be.
    var range: ClosedRange<Int>?
    /// Whether it is known to be the same in all lanes.
    var isSame = false
  }

  let nest: LoopNest
  let program: KernelProgram
  let space: Space
  let form: Form
  /// Whether a block has a part of the inner points.
  let isPart: Bool
  /// What is done with a value of the only stage, in the order of the points.
  let scatter: Scatter?
  var operands: [BufferID] = []
  /// Buffers that are stored past the caches.
  var streams: Set<BufferID> = []
  /// Whether any was.
  var hasStreamed = false
  /// Lines before all loops, and those of the stage at hand by level.
  var lines: [Level: [String]] = [:]
  /// Of the stage at hand.
  var values: [Value] = []
  var rowValues: [Value] = []
  var names = 0
  /// Whether the lanes are rows: in a last stage that runs once for sixteen of them.
  var isRowTail = false

  init(
    _ nest: LoopNest, _ program: KernelProgram, isPart: Bool, _ scatter: Scatter? = nil
  ) throws(NotEmitted) {
    self.nest = nest
    self.program = program
    self.isPart = isPart
    self.scatter = scatter
    space = Space(nest, program, extra: scatter?.target, joinsRepeated: true)
    if nest.isColumns {
      form = .columns
    } else {
      form = nest.stages.contains { !$0.inner.isEmpty } ? .rows : .points
    }
    if form == .columns && (!nest.locals.isEmpty || isPart) { throw NotEmitted("columns with row-local arrays") }
    if nest.stages.reduce(0, { $0 + $1.body.count }) > 400 { throw NotEmitted("a very long body") }
  }

  /// The axis that the lanes run over; nil where there is one point.
  var laneAxis: Int? {
    switch form {
    case .rows: space.inner.isEmpty ? nil : space.extents.count - 1
    case .points, .columns: space.outer.isEmpty ? nil : space.outer.count - 1
    }
  }

  func level(ofAxes axes: Set<Int>) -> Level {
    if axes.isEmpty { return .nest }
    switch form {
    case .rows, .columns: return axes.contains { $0 >= space.outer.count } ? .point : .row
    case .points: return laneAxis.map(axes.contains) ?? false ? .point : .row
    }
  }

  /// Whether values of a level differ from lane to lane.
  func hasLanes(_ level: Level) -> Bool { level == .point || (level == .row && (form == .columns || isRowTail)) }

  mutating func name(_ letter: String) -> String {
    names += 1
    return "\(letter)\(names)"
  }

  mutating func pointer(_ buffer: BufferID) -> String {
    if let known = operands.firstIndex(of: buffer) { return "p\(known)" }
    operands.append(buffer)
    return "p\(operands.count - 1)"
  }

  // MARK: The function

  mutating func function() throws(NotEmitted) -> String {
    var blocks: [String] = []
    if isPart && !nest.stages[0].reductions.isEmpty {
      blocks = try pieces()
    } else {
      blocks = try whole()
    }
    var head: [String] = []
    for (index, operand) in operands.enumerated() {
      let element = try LaneType(program[operand].dtype).element
      head.append("\(element) *const p\(index) = b->buffers[b->operands[\(index)]];")
    }
    // Other threads see such stores only then.
    let tail = hasStreamed ? ["jqn_end_past_caches();"] : []
    return (head + (lines[.nest] ?? []) + blocks + tail).map { "    \($0)\n" }.joined()
  }

  /// All stages, at each point of the block.
  private mutating func whole() throws(NotEmitted) -> [String] {
    var run: [String] = []
    var body: [String] = []
    for stage in nest.stages.indices {
      if form == .points {
        let (before, vector) = try pointStage(stage)
        run += before
        body += vector
      } else if let tail = rowTail(stage) {
        body += tail
      } else {
        body += try self.stage(stage)
      }
    }
    return form == .rows ? try rowLoop(body) : laneLoop(run, body)
  }

  /// The first stage's reductions are kept in memory from piece to piece; the other stages follow the last one.
  private mutating func pieces() throws(NotEmitted) -> [String] {
    let first = nest.stages[0]
    var start: [String] = []
    var add: [String] = []
    var keep: [String] = []
    var end: [String] = []
    let stage = try pointStage(0)
    for (k, reduction) in first.reductions.enumerated() {
      let (function, identity) = try reduction.combiner.function(reduction.dtype)
      let place = "b->scratch + b->states[\(k)] + (b->first + r) * 64"
      start.append("JQV_STORE(jqv_f32, \(place), jqv_splat(\(identity)));")
      add.append("jqv_f32 r\(k) = JQV_LOAD(jqv_f32, \(place));")
      keep.append("JQV_STORE(jqv_f32, \(place), r\(k));")
      let name = self.name("w")
      end.append("const jqv_f32 \(name) = \(function)_fold(JQV_LOAD(jqv_f32, \(place)));")
      rowValues.append(Value(name: name, dtype: .f32, level: .row))
    }
    for other in nest.stages.indices.dropFirst() { end += try self.stage(other) }
    let piece = stage.before + add + innerLoop(stage.body, isAligned: true) + keep
    return try ["if (b->part == JQ_BEGIN_ROWS) {"] + indented(rowLoop(start))
      + ["} else if (b->part == JQ_ADD_TO_ROWS) {"] + indented(rowLoop(piece))
      + ["} else {"] + indented(rowLoop(end)) + ["}"]
  }

  // MARK: Stages

  /// What a stage does before its inner loops, and in them.
  mutating func pointStage(_ index: Int) throws(NotEmitted) -> (before: [String], body: [String]) {
    let stage = nest.stages[index]
    values = []
    lines[.row] = []
    lines[.point] = []
    for step in stage.body { values.append(try emit(step)) }
    for store in stage.stores { try emit(store) }
    if let scatter { try emit(scatter) }
    for local in stage.localStores {
      let value = values[local.value]
      let type = try LaneType(value.dtype)
      lines[.point]?.append("jqn_out\(type.suffix)(l\(local.local) + f, \(value.name), m, n);")
    }
    for (k, reduction) in stage.reductions.enumerated() {
      let value = values[reduction.value].name
      if reduction.combiner.resultCount == 2 {
        let (place, better) = (innerPoint, reduction.combiner == .argmax ? "jqn_above" : "jqn_below")
        lines[.point]? += [
          "const jqv_i32 t\(k) = \(better)(\(value), r\(k));", "r\(k) = jqv_select(t\(k), \(value), r\(k));",
          "x\(k) = jqv_select_i32(t\(k), jqv_splat_i32((int)(\(place))), x\(k));",
        ]
        continue
      }
      let (function, identity) = try reduction.combiner.function(reduction.dtype)
      let kept = form == .rows ? "jqn_kept(\(value), m, n, \(identity))" : value
      lines[.point]?.append("r\(k) = \(function)(r\(k), \(kept));")
    }
    return (lines[.row] ?? [], lines[.point] ?? [])
  }

  private mutating func stage(_ index: Int) throws(NotEmitted) -> [String] {
    let stage = nest.stages[index]
    let (before, body) = try pointStage(index)
    if stage.inner.isEmpty { return before }
    var start: [String] = []
    var end: [String] = []
    var declared: [String] = []
    for (k, reduction) in stage.reductions.enumerated() {
      let name = self.name("w")
      declared.append("jqv_f32 \(name);")
      rowValues.append(Value(name: name, dtype: .f32, level: .row))
      if reduction.combiner.resultCount == 2 {
        guard form == .columns, reduction.dtype == .f32, space.innerCount <= Int(Int32.max) else {
          throw NotEmitted("\(reduction.combiner.rawValue) along rows")
        }
        let position = self.name("x")
        declared.append("jqv_i32 \(position);")
        rowValues.append(Value(name: position, dtype: .i64, level: .row, range: 0...max(space.innerCount - 1, 0)))
        let worst = reduction.combiner == .argmax ? "-__builtin_inff()" : "__builtin_inff()"
        start += ["jqv_f32 r\(k) = jqv_splat(\(worst));", "jqv_i32 x\(k) = {0};"]
        end += ["\(name) = r\(k);", "\(position) = x\(k);"]
        continue
      }
      let (function, identity) = try reduction.combiner.function(reduction.dtype)
      start.append("jqv_f32 r\(k) = jqv_splat(\(identity));")
      end.append("\(name) = \(form == .rows ? "\(function)_fold(r\(k))" : "r\(k)");")
    }
    let loop = innerLoop(body, isAligned: !stage.reductions.isEmpty)
    return before + declared + ["{"] + indented(start + loop + end) + ["}"]
  }

  /// Which inner point a loop over columns is at.
  var innerPoint: String { flat(space.outer.count..<space.extents.count, times: 1) }

  // MARK: Loops

  private func indented(_ lines: [String]) -> [String] { lines.map { "    " + $0 } }

  /// The axes of a range from their row-major number.
  private func axes(_ range: Range<Int>, of flat: String) -> [String] {
    var result: [String] = []
    var divisor = 1
    for axis in range.reversed() {
      let extent = space.extents[axis]
      let shifted = divisor == 1 ? flat : "\(flat) / \(divisor)"
      result.append("const int64_t a\(axis) = \(axis == range.lowerBound ? shifted : "\(shifted) % \(extent)");")
      divisor *= extent
    }
    return result
  }

  private func rowLoop(_ body: [String]) throws(NotEmitted) -> [String] {
    let outer = axes(0..<space.outer.count, of: "o")
    var locals: [String] = []
    for (index, dtype) in nest.locals.enumerated() {
      let element = try LaneType(dtype).element
      locals.append("\(element) *const l\(index) = (void *)(b->scratch + b->locals[\(index)]);")
    }
    return ["for (int64_t r = 0; r < b->rows; r++) {"]
      + indented(["const int64_t o = b->o + r;"] + outer + locals + body) + ["}"]
  }

  /// Runs of points along the last outer axis: what is done once a run, and for each vector of it.
  private func laneLoop(_ ofRun: [String], _ ofVector: [String]) -> [String] {
    guard let lane = laneAxis else {
      return ["{"] + indented(["const int m = 0, n = 1;", "const int64_t o = 0;"] + ofRun + ofVector) + ["}"]
    }
    let extent = space.extents[lane]
    var run = ["const int64_t first = q % \(extent), end = jqn_end(first, b->o + b->rows - q, \(extent));"]
    if lane > 0 { run = ["const int64_t row = q / \(extent);"] + run + axes(0..<lane, of: "row") }
    let loop =
      ["for (int64_t a\(lane) = first; a\(lane) < end; a\(lane) += 16) {"]
      + indented(
        ["const int m = 0, n = jqn_least(end - a\(lane), 16);", "const int64_t o = q + a\(lane) - first;"] + ofVector)
      + ["}"]
    return ["for (int64_t q = b->o; q < b->o + b->rows;) {"]
      + indented(run + ofRun + loop + ["q += end - first;"]) + ["}"]
  }

  /// - Parameter isAligned: Whether element i of the flattened inner space must be in lane i mod 16, as reductions want it.
  private func innerLoop(_ body: [String], isAligned: Bool) -> [String] {
    if form == .columns { return pointLoops(space.outer.count..<space.extents.count, body) }
    guard let lane = laneAxis else {
      return ["{", "    const int m = 0, n = 1;", "    const int64_t f = 0;"] + indented(body) + ["}"]
    }
    let extent = space.extents[lane]
    if isPart {
      let start =
        [
          "const int64_t first = q % \(extent), end = jqn_end(first, b->to - q, \(extent));",
          "const int64_t row = q / \(extent);",
        ]
        + axes(space.outer.count..<lane, of: "row")
      return ["for (int64_t q = b->from; q < b->to;) {"]
        + indented(start + vectors(body, "q", isAligned: isAligned) + ["q += end - first;"]) + ["}"]
    }
    let before = space.outer.count..<lane
    let isWhole = !isAligned || before.isEmpty || extent % 16 == 0
    let row =
      ["enum { first = 0, end = \(extent) };", "const int64_t q = \(flat(before, times: extent));"]
      + vectors(body, "q", isAligned: !isWhole)
    return ["{"] + indented(pointLoops(before, row)) + ["}"]
  }

  /// The row-major number of some axes, times a factor.
  private func flat(_ axes: Range<Int>, times factor: Int) -> String {
    var parts: [String] = []
    var stride = factor
    for axis in axes.reversed() {
      parts.append(stride == 1 ? "a\(axis)" : "a\(axis) * \(stride)")
      stride *= space.extents[axis]
    }
    return parts.isEmpty ? "0" : parts.joined(separator: " + ")
  }

  /// The points first ..< end of the last inner axis, in vectors; `flat` is the number of the first one.
  private func vectors(_ body: [String], _ flat: String, isAligned: Bool) -> [String] {
    guard let lane = laneAxis else { return body }
    let axis = "a\(lane)"
    let extent = space.extents[lane]
    let isFull = !isPart && !isAligned && extent % 16 == 0
    let low = isAligned ? "jqn_largest(first - \(axis), 0)" : "0"
    let high = isFull ? "16" : "jqn_least(end - \(axis), 16)"
    return ["for (int64_t \(axis) = \(isAligned ? "first - \(flat) % 16" : "first"); \(axis) < end; \(axis) += 16) {"]
      + indented(["const int m = \(low), n = \(high);", "const int64_t f = \(flat) + \(axis) - first;"] + body) + ["}"]
  }

  /// Loops over axes, a point at a time.
  private func pointLoops(_ axes: Range<Int>, _ body: [String]) -> [String] {
    var result = body
    for axis in axes.reversed() {
      result =
        ["for (int64_t a\(axis) = 0; a\(axis) < \(space.extents[axis]); a\(axis)++) {"] + indented(result) + ["}"]
    }
    return result
  }
}
