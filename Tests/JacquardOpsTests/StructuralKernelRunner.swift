import JacquardCore
import JacquardIR
import JacquardKernels
import JacquardOps

/// Runs kernels the slow and obvious way, to test what operations emit. Every access is checked against its buffer.
struct StructuralKernelRunner {
  let program: KernelProgram
  var memory: [HostTensor] = []
  /// Elements stored so far, by buffer.
  var written: [Set<Int>] = []

  /// Lowers one operation, runs it, and gives its results.
  /// - Throws: `Diagnostic` if an access leaves its buffer, or a result is not written exactly once.
  static func run(
    _ operation: any Operation, _ inputs: [HostTensor], graphs: [Graph] = []
  ) throws -> (results: [HostTensor], program: KernelProgram) {
    let types = try operation.inferTypes(TypeContext(inputs.map(\.type), graphs: graphs))
    let context = LoweringContext()
    let operands = inputs.map { context.buffer("x", $0.dtype, $0.sizes) }
    let results = types.map { context.buffer("y", $0.dtype, $0.shape.sizes ?? []) }
    context.begin(NodeID(0), inputs: operands, outputs: results, graphs: graphs)
    try operation.lower(context)
    var runner = StructuralKernelRunner(program: context.program)
    for buffer in context.program.buffers {
      runner.memory.append(try HostTensor(zeros: buffer.dtype, buffer.extents))
      runner.written.append([])
    }
    for (buffer, tensor) in zip(operands, inputs) { runner.memory[buffer.index] = tensor }
    for (buffer, tensor) in context.constants {
      runner.memory[buffer.index] = tensor
      runner.written[buffer.index] = Set(0..<tensor.count)
    }
    for kernel in context.program.kernels { try runner.run(kernel) }
    for buffer in results where runner.written[buffer.index].count != runner.memory[buffer.index].count {
      throw Diagnostic("a result is not written everywhere")
    }
    return (results.map { runner.memory[$0.index] }, context.program)
  }

  private mutating func run(_ kernel: Kernel) throws {
    switch kernel.kind {
    case .loops(let nests): for nest in nests { try run(nest) }
    case .contraction(let product): try run(product)
    case .scatter(let scatter): try run(scatter)
    case .library(let call): try run(call)
    case .control: throw Diagnostic("no control flow here")
    }
  }

  static func points(_ extents: [Int]) -> [[Int]] {
    extents.reduce([[]]) { points, extent in points.flatMap { point in (0..<extent).map { point + [$0] } } }
  }

  // MARK: Loop nests

  private mutating func run(_ nest: LoopNest) throws {
    if nest.outer.contains(0) || nest.stages.contains(where: { $0.inner.contains(0) }) {
      throw Diagnostic("a loop is empty")
    }
    let inner = nest.stages.map { Self.points($0.inner) }
    for outer in Self.points(nest.outer) {
      var rows: [Scalar] = []
      for (stage, points) in zip(nest.stages, inner) { try run(stage, outer, points, &rows) }
    }
  }

  private mutating func run(_ stage: Stage, _ outer: [Int], _ points: [[Int]], _ rows: inout [Scalar]) throws {
    var totals = [[Scalar]](repeating: [], count: stage.reductions.count)
    for point in points {
      let values = try evaluate(stage.body, outer + point, rows: rows)
      for (index, reduction) in stage.reductions.enumerated() { totals[index].append(values[reduction.value]) }
      for store in stage.stores { try write(store.access, values[store.value], outer + point, values) }
    }
    for (reduction, values) in zip(stage.reductions, totals) { rows += combine(reduction, values) }
  }

  private func combine(_ reduction: Reduction, _ values: [Scalar]) -> [Scalar] {
    let dtype = reduction.dtype
    func extreme(_ largest: Bool) -> Int {
      let type = largest ? ReduceMax.evaluate(values, dtype) : ReduceMin.evaluate(values, dtype)
      return values.firstIndex { $0 == type || ($0.asDouble.isNaN && type.asDouble.isNaN) } ?? 0
    }
    switch reduction.combiner {
    case .sum: return [Sum.evaluate(values, dtype).converted(to: dtype)]
    case .product: return [Product.evaluate(values, dtype).converted(to: dtype)]
    case .maximum: return [ReduceMax.evaluate(values, dtype)]
    case .minimum: return [ReduceMin.evaluate(values, dtype)]
    case .any: return [ReduceAny.evaluate(values, dtype)]
    case .all: return [ReduceAll.evaluate(values, dtype)]
    case .argmax, .argmin:
      let place = extreme(reduction.combiner == .argmax)
      return [values[place], .int(Int64(place))]
    }
  }

  // MARK: Products and scatter

  private mutating func run(_ product: Contraction) throws {
    if product.extents.contains(0) || product.k < 1 { throw Diagnostic("a product is empty") }
    let (a, b) = (memory[product.lhs.buffer.index], memory[product.rhs.buffer.index])
    for point in Self.points(product.extents) {
      let (m, n) = (point[point.count - 2], point[point.count - 1])
      var (left, right) = (product.lhs.offset + m * product.lhs.rowStride, product.rhs.offset)
      for (axis, index) in point.dropLast(2).enumerated() {
        left += index * product.lhs.batchStrides[axis]
        right += index * product.rhs.batchStrides[axis]
      }
      let terms = (0..<product.k).map { k -> Scalar in
        let x = a[linear: left + Self.term(product, k)]
        let y = b[linear: right + Self.place(product.rhs, k, n)]
        return product.dtype.isFloat ? .float(x.asDouble * y.asDouble) : .int(x.asInt &* y.asInt)
      }
      let total = Sum.evaluate(terms, product.dtype).converted(to: product.dtype)
      let values = try evaluate(product.epilogue, point, accumulator: total)
      for store in product.stores { try write(store.access, values[store.value], point, values) }
    }
  }

  /// Where term k of the left operand lies from the row's beginning.
  private static func term(_ product: Contraction, _ k: Int) -> Int {
    let last = product.k / (product.lhs.terms?.count ?? 1)
    return k % last * product.lhs.columnStride + (product.lhs.terms.map { place($0, k / last) } ?? 0)
  }

  private static func place(_ operand: MatrixOperand, _ k: Int, _ n: Int) -> Int {
    guard let windows = operand.windows else { return k * operand.rowStride + n * operand.columnStride }
    return place(windows.rows, k) + place(windows.columns, n)
  }

  private static func place(_ group: AxisGroup, _ position: Int) -> Int {
    var (rest, result) = (position, 0)
    for (extent, stride) in zip(group.extents, group.strides).reversed() {
      result += rest % extent * stride
      rest /= extent
    }
    return result
  }

  private mutating func run(_ scatter: Scatter) throws {
    let target = scatter.target.buffer.index
    memory[target] = memory[scatter.base.index]
    written[target] = Set(0..<memory[target].count)
    for point in Self.points(scatter.space) {
      let values = try evaluate(scatter.body, point)
      guard let place = try place(scatter.target, point, values) else { continue }
      let pair = [memory[target][linear: place], values[scatter.value]]
      let combined = scatter.combiner.map { combine(Reduction($0, 0, memory[target].dtype), pair)[0] }
      memory[target][linear: place] = combined ?? pair[1]
    }
  }

  // MARK: Bodies

  private func evaluate(
    _ body: [Instruction], _ point: [Int], rows: [Scalar] = [], accumulator: Scalar? = nil
  ) throws -> [Scalar] {
    var values: [Scalar] = []
    for step in body {
      let value: Scalar
      switch step.operation {
      case .constant(let scalar): value = scalar
      case .index(let expression): value = .int(Int64(index(expression, point, values)))
      case .load(let access):
        if let place = try place(access, point, values) {
          value = memory[access.buffer.index][linear: place]
        } else {
          value = access.fill ?? .bool(false)
        }
      case .apply(let function, let operands): value = try apply(function, operands.map { values[$0] })
      case .cast(let operand): value = values[operand]
      case .bits(let operand):
        value = try HostTensor(body[operand].dtype, [1], [values[operand]]).bits(as: step.dtype)[linear: 0]
      case .rowValue(let row): value = rows[row]
      case .accumulator: value = accumulator ?? .bool(false)
      case .local: throw Diagnostic("no row-local arrays here")
      case .random(let kind, let key, let element):
        value = draw(kind, memory[key.index], index(element, point, values), step.dtype)
      }
      values.append(value.converted(to: step.dtype))
    }
    return values
  }

  private func apply(_ function: ScalarFunction, _ x: [Scalar]) throws -> Scalar {
    switch function {
    case .divide: .float(x[0].asDouble / x[1].asDouble)
    case .equal: .bool(x[0] == x[1])
    case .logicalAnd: .bool(x[0].asBool && x[1].asBool)
    case .minimum: Minimum().evaluate(x)
    case .maximum: Maximum().evaluate(x)
    case .select: x[0].asBool ? x[1] : x[2]
    default: throw Diagnostic("no \(function) here")
    }
  }

  private func draw(_ kind: RandomKind, _ key: HostTensor, _ element: Int, _ dtype: DType) -> Scalar {
    let words = key.elements(Int32.self).map { UInt32(bitPattern: $0) }
    let philox = Philox(words[0], words[1])
    switch kind {
    case .uniform: return .float(philox.uniform(element))
    case .normal:
      let type = TensorType(dtype, [Dim(element + 1)])
      let operation = RandomNormal(shape: type.shape.dims, dtype: dtype)
      let all = try? operation.reference(ReferenceContext([key], outputs: [type]))
      return all?[0][linear: element] ?? .float(.nan)
    case .fold:
      let folded = philox.folded(element >> 1).key
      return .int(Int64(Int32(bitPattern: element % 2 == 0 ? folded.low : folded.high)))
    }
  }

  // MARK: Accesses

  /// The position of an access, or nil where its guard keeps it out.
  private func place(_ access: Access, _ point: [Int], _ values: [Scalar]) throws -> Int? {
    let buffer = program[access.buffer]
    if access.indices.count != buffer.extents.count { throw Diagnostic("an access has the wrong rank") }
    var position = 0
    for (axis, expression) in access.indices.enumerated() {
      let index = index(expression, point, values)
      if index < 0 || index >= buffer.extents[axis] {
        if access.fill == nil { throw Diagnostic("index \(index) leaves axis \(axis) of \(buffer.extents)") }
        return nil
      }
      position += index * buffer.layout.strides[axis]
    }
    return position
  }

  private mutating func write(_ access: Access, _ value: Scalar, _ point: [Int], _ values: [Scalar]) throws {
    guard let place = try place(access, point, values) else { return }
    memory[access.buffer.index][linear: place] = value
    if !written[access.buffer.index].insert(place).inserted { throw Diagnostic("an element is written twice") }
  }

  private func index(_ expression: IndexExpression, _ point: [Int], _ values: [Scalar]) -> Int {
    expression.terms.reduce(expression.constant) { sum, term in
      let atom: Int
      switch term.atom {
      case .axis(let axis): atom = point[axis]
      case .value(let value): atom = Int(values[value].asInt)
      case .floorDiv(let inner, let divisor):
        let value = index(inner, point, values)
        atom = value >= 0 ? value / divisor : -1 - (-1 - value) / divisor
      case .remainder(let inner, let divisor):
        let rest = index(inner, point, values) % divisor
        atom = rest < 0 ? rest + divisor : rest
      }
      return sum + term.coefficient * atom
    }
  }
}
