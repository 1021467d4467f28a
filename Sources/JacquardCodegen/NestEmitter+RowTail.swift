import JacquardCore
import JacquardKernels

extension NestEmitter {
  /// The last stage of rows, if it has no inner loop, enough to do, and reads and writes along the rows: what it makes of the
  /// reductions of sixteen rows is made at once. Nil if it is none of that kind.
  mutating func rowTail(_ index: Int) -> [String]? {
    let stage = nest.stages[index]
    let work = stage.body.count { if case .apply = $0.operation { true } else { false } }
    guard form == .rows, !isPart, index > 0, index == nest.stages.count - 1, stage.inner.isEmpty,
      work >= NestEmitter.leastTail, stage.body.allSatisfy({ $0.isOfRow })
    else { return nil }
    let (before, used) = (self, Set(stage.body.compactMap(\.rowValue)))
    isRowTail = true
    defer { isRowTail = false }
    var keep: [String] = []
    var start = ["const int m = 0, n = (int)(r % 16) + 1;", "const int64_t start = o - r % 16;"]
    for row in used.sorted() {
      guard rowValues[row].dtype == .f32 else { return abandoned(before) }
      let (kept, value) = (name("k"), name("w"))
      lines[.nest, default: []].append("float \(kept)[16] = {0};")
      keep.append("\(kept)[r % 16] = \(rowValues[row].name)[0];")
      start.append("const jqv_f32 \(value) = JQV_LOAD(jqv_f32, \(kept));")
      rowValues[row].name = value
    }
    guard let (body, _) = try? pointStage(index) else { return abandoned(before) }
    return keep + ["if (r % 16 == 15 || r == b->rows - 1) {"] + (start + body).map { "    " + $0 } + ["}"]
  }

  /// Instructions from which on a last stage is worth it.
  private static let leastTail = 3

  private mutating func abandoned(_ before: NestEmitter) -> [String]? {
    self = before
    return nil
  }

  /// Where an access of a row tail leads: along the rows, or the same for all of them.
  func placeAlongRows(_ access: Access) throws(NotEmitted) -> (position: String, step: Int) {
    guard let linear = AccessForm.linear(access, program[access.buffer], space), let strides = space.strides(linear)
    else { throw NotEmitted("a row's place that is not its number") }
    if linear.axes.isEmpty { return (linear.text(axisName), 0) }
    var stride = 1
    for axis in space.outer.indices.reversed() {
      if strides[axis] != stride { throw NotEmitted("a row's place that is not its number") }
      stride *= space.outer[axis]
    }
    return (linear.constant == 0 ? "start" : "start + \(linear.constant)", 1)
  }
}

extension Instruction {
  /// Whether it means the same for each of several rows in lanes.
  fileprivate var isOfRow: Bool {
    switch operation {
    case .constant, .load, .apply, .cast, .bits, .rowValue: true
    case .index, .random, .local, .accumulator: false
    }
  }

  fileprivate var rowValue: Int? { if case .rowValue(let row) = operation { row } else { nil } }
}
