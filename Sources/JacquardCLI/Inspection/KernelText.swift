import JacquardCore
import JacquardKernels
import JacquardPlanner

/// A kernel as loops that people can read.
struct KernelText {
  let plan: Plan
  let kernel: Kernel

  /// One line a loop, a value used more than once, a reduction, a store.
  var lines: [String] {
    switch kernel.kind {
    case .loops(let nests):
      return lines(nests)
    case .contraction(let product): return lines(product) + (product.beside.map { ["beside it"] + lines($0) } ?? [])
    case .scatter(let scatter): return lines(scatter)
    case .library(let call): return [text(call)]
    case .control(let control): return ControlText(plan: plan, control: control).lines
    }
  }

  // MARK: Kinds

  private func lines(_ nests: [LoopNest]) -> [String] {
    nests.enumerated().flatMap { index, nest in
      (nests.count > 1 ? ["nest \(index + 1) of \(nests.count)"] : []) + lines(nest)
    }
  }

  private func lines(_ nest: LoopNest) -> [String] {
    let axes = nest.outer.indices.map { "i\($0)" }
    var result = loop(axes, nest.outer, note: "dealt to threads")
    let indent = result.isEmpty ? "" : "  "
    var row = 0
    for stage in nest.stages {
      let inner = stage.inner.indices.map { "r\($0)" }
      let isReducing = !stage.reductions.isEmpty
      let order = isReducing ? (nest.order == .lanes ? "in lanes" : "in order") : ""
      let head = loop(inner, stage.inner, note: order)
      var body = BodyText(plan: plan, body: stage.body, axes: axes + inner)
      body.prepare(stage.stores, stage.reductions.map(\.value) + stage.localStores.map(\.value))
      var block = body.definitions
      for reduction in stage.reductions {
        let names = (0..<reduction.combiner.resultCount).map { "s\(row + $0)" }
        row += names.count
        let left = names.count == 1 ? names[0] : "(\(names.joined(separator: ", ")))"
        block.append("\(left) = \(reduction.combiner.rawValue)(\(body.bare(reduction.value)))")
      }
      block += stage.localStores.map { "row\($0.local) = \(body.bare($0.value))" }
      block += stage.stores.map { body.text($0) }
      result += (head + block.map { head.isEmpty ? $0 : "  \($0)" }).map { indent + $0 }
    }
    return result
  }

  private func lines(_ product: Contraction) -> [String] {
    let batch = product.batch.indices.map { "b\($0)" }
    let provider = product.tiling.provider == .openBLAS ? "OpenBLAS" : product.tiling.provider.rawValue
    let tiles = "tiles of \(product.tiling.rows) x \(product.tiling.columns) by \(provider)"
    let choice = product.tiling.wasMeasured == true ? ", measured" : ""
    var result = loop(batch + ["m", "n"], product.extents, note: "\(tiles)\(choice), dealt to threads")
    let left = operand(product.lhs, batch, "m", "k")
    let right = operand(product.rhs, batch, "k", "n")
    result.append("  acc = sum over k in 0..<\(product.k) of \(left) * \(right)")
    var body = BodyText(plan: plan, body: product.epilogue, axes: batch + ["m", "n"])
    body.prepare(product.stores, product.rows?.reductions.map(\.value) ?? [])
    result += (body.definitions + product.stores.map { body.text($0) }).map { "  " + $0 }
    return result + (product.rows.map { lines($0, body, batch + ["m"]) } ?? [])
  }

  /// What a product's rows are reduced to, and what is done with that.
  private func lines(_ rows: Contraction.Rows, _ elements: BodyText, _ axes: [String]) -> [String] {
    var row = 0
    let sums = rows.reductions.map { reduction in
      let names = (0..<reduction.combiner.resultCount).map { "s\(row + $0)" }
      row += names.count
      return
        "  \(names.joined(separator: ", ")) = \(reduction.combiner.rawValue) over n of \(elements.bare(reduction.value))"
    }
    var body = BodyText(plan: plan, body: rows.body, axes: axes)
    body.prepare(rows.stores, [])
    return sums + (body.definitions + rows.stores.map { body.text($0) }).map { "  " + $0 }
  }

  private func lines(_ scatter: Scatter) -> [String] {
    let axes = scatter.space.indices.map { "i\($0)" }
    let target = plan.shortName(scatter.target.buffer)
    var result = ["\(target) = \(plan.shortName(scatter.base))"] + loop(axes, scatter.space, note: "in order")
    var body = BodyText(plan: plan, body: scatter.body, axes: axes)
    let store = Store(scatter.target, scatter.value)
    body.prepare([store], [])
    let value = body.bare(scatter.value)
    let combined = scatter.combiner.map { "\($0.rawValue)(itself, \(value))" } ?? value
    let combine = "\(body.text(scatter.target)) = \(combined)"
    result += (body.definitions + [combine]).map { "  " + $0 }
    return result
  }

  private func text(_ call: LibraryCall) -> String {
    let results = call.results.map { plan.shortName($0) }.joined(separator: ", ")
    let operands = call.operands.map { plan.shortName($0) }.joined(separator: ", ")
    return "\(results) = \(call.function.rawValue)(\(operands); \(call.parameters))"
  }

  // MARK: Parts

  private func loop(_ axes: [String], _ extents: [Int], note: String = "") -> [String] {
    if axes.isEmpty { return [] }
    let ranges = zip(axes, extents).map { "\($0) in 0..<\($1)" }.joined(separator: ", ")
    return ["for \(ranges)" + (note.isEmpty ? "" : "   # \(note)")]
  }

  private func operand(_ operand: MatrixOperand, _ batch: [String], _ row: String, _ column: String) -> String {
    var terms: [String] = operand.offset == 0 ? [] : ["\(operand.offset)"]
    var (names, strides) = (batch + [row, column], operand.batchStrides + [operand.rowStride, operand.columnStride])
    if let windows = operand.windows {
      (names, strides) = (batch, operand.batchStrides)
      for (name, group) in [(row, windows.rows), (column, windows.columns)] {
        names += group.extents.indices.map { group.extents.count == 1 ? name : "\(name)\($0)" }
        strides += group.strides
      }
    } else if let group = operand.terms {
      names[names.count - 1] = "\(column)\(group.extents.count)"
      names += group.extents.indices.map { "\(column)\($0)" }
      strides += group.strides
    }
    for (name, stride) in zip(names, strides) where stride != 0 {
      terms.append(stride == 1 ? name : "\(stride)*\(name)")
    }
    let position = terms.isEmpty ? "0" : terms.joined(separator: " + ")
    return "\(plan.shortName(operand.buffer)){\(position)}"
  }
}

/// The instructions of a body as expressions. A value used once stands where it is used, unless it is long.
struct BodyText {
  let plan: Plan
  let body: [Instruction]
  let axes: [String]
  /// `t3 = exp(...)`, in order.
  private(set) var definitions: [String] = []
  private var texts: [String] = []

  private static let longest = 72

  init(plan: Plan, body: [Instruction], axes: [String]) {
    self.plan = plan
    self.body = body
    self.axes = axes
  }

  /// Writes all instructions out.
  ///
  /// - Parameter results: Values that are used beside those that are stored.
  mutating func prepare(_ stores: [Store], _ results: [Int]) {
    var uses = [Int](repeating: 0, count: body.count)
    let stored = stores.map(\.value) + stores.flatMap { $0.access.indices.flatMap(\.values) }
    for operand in body.flatMap(\.operands) + results + stored where uses.indices.contains(operand) {
      uses[operand] += 1
    }
    for (index, instruction) in body.enumerated() {
      let text = write(instruction)
      let isSimple = instruction.operands.isEmpty && text.count < 40
      if uses[index] == 0 || isSimple || (uses[index] == 1 && text.count <= BodyText.longest) {
        texts.append(text)
      } else {
        definitions.append("t\(index) = \(BodyText.unwrapped(text))")
        texts.append("t\(index)")
      }
    }
  }

  func text(_ value: Int) -> String { texts.indices.contains(value) ? texts[value] : "t\(value)" }
  /// Without brackets around the whole.
  func bare(_ value: Int) -> String { BodyText.unwrapped(text(value)) }
  func text(_ store: Store) -> String { "\(text(store.access)) = \(bare(store.value))" }

  private static func unwrapped(_ text: String) -> String {
    guard text.hasPrefix("("), text.hasSuffix(")") else { return text }
    let inner = text.dropFirst().dropLast()
    var depth = 0
    for character in inner {
      if character == "(" { depth += 1 }
      if character == ")" { depth -= 1 }
      if depth < 0 { return text }
    }
    return String(inner)
  }

  func text(_ access: Access) -> String {
    let indices = access.indices.map { text($0) }.joined(separator: ",")
    let buffer = plan.shortName(access.buffer)
    let name = access.indices.isEmpty ? buffer : "\(buffer)[\(indices)]"
    return access.fill.map { "(\(name) if inside, else \(text($0)))" } ?? name
  }

  private func text(_ scalar: Scalar) -> String {
    switch scalar {
    case .float(let value): value == value.rounded() && abs(value) < 1e6 ? "\(Int(value))" : "\(value)"
    case .int(let value): "\(value)"
    case .unsigned(let value): "\(value)"
    case .bool(let value): "\(value)"
    }
  }

  /// An f32 in the digits that it needs.
  private func constant(_ scalar: Scalar, _ dtype: DType) -> String {
    if dtype == .f32, case .float(let value) = scalar, value != value.rounded() { return "\(Float(value))" }
    return text(scalar)
  }

  private func write(_ instruction: Instruction) -> String {
    switch instruction.operation {
    case .constant(let scalar): constant(scalar, instruction.dtype)
    case .index(let expression): expression.singleAxis == nil ? "(\(text(expression)))" : text(expression)
    case .load(let access): text(access)
    case .apply(let function, let operands): apply(function, operands.map { text($0) })
    case .cast(let operand): "\(instruction.dtype.rawValue)(\(text(operand)))"
    case .bits(let operand): "\(instruction.dtype.rawValue) bits(\(text(operand)))"
    case .rowValue(let row): "s\(row)"
    case .local(let local): "row\(local)"
    case .accumulator: "acc"
    case .random(let kind, let key, let element):
      "\(kind.rawValue)(\(plan.shortName(key)), at \(text(element)))"
    }
  }

  private static let infix: [ScalarFunction: String] = [
    .add: "+", .subtract: "-", .multiply: "*", .divide: "/", .equal: "==", .notEqual: "!=", .less: "<",
    .lessEqual: "<=", .greater: ">", .greaterEqual: ">=", .logicalAnd: "and", .logicalOr: "or", .logicalXor: "xor",
  ]

  private func apply(_ function: ScalarFunction, _ x: [String]) -> String {
    if x.count == 2, let sign = BodyText.infix[function] { return "(\(x[0]) \(sign) \(x[1]))" }
    if x.count == 3, function == .select { return "(\(x[0]) ? \(x[1]) : \(x[2]))" }
    return "\(function.rawValue)(\(x.joined(separator: ", ")))"
  }

  // MARK: Index expressions

  private func text(_ expression: IndexExpression) -> String {
    var terms = expression.terms.map { term in
      let atom = text(term.atom)
      return term.coefficient == 1 ? atom : "\(term.coefficient)*\(atom)"
    }
    if expression.constant != 0 || terms.isEmpty { terms.append("\(expression.constant)") }
    return terms.dropFirst().reduce(terms[0]) { $1.hasPrefix("-") ? "\($0)\($1)" : "\($0)+\($1)" }
  }

  private func text(_ atom: IndexExpression.Atom) -> String {
    switch atom {
    case .axis(let axis): axes.indices.contains(axis) ? axes[axis] : "axis\(axis)"
    case .floorDiv(let inner, let divisor): "floor((\(text(inner)))/\(divisor))"
    case .remainder(let inner, let divisor): "((\(text(inner))) mod \(divisor))"
    case .value(let value): text(value)
    }
  }
}

extension Plan {
  /// The name of a buffer without the operation that computes it: `%3` for `maximum %3`.
  func shortName(_ buffer: BufferID) -> String {
    let name = program[buffer].name
    return name.contains(" %") ? name.split(separator: " ").last.map(String.init) ?? name : name
  }
}
