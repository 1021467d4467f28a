import CJacquard
import JacquardCodegen
import JacquardCore
import JacquardKernels
import JacquardPlanner

/// Turns the body of one stage into instructions of the tile machine. Registers are numbered over the whole nest.
struct StageEncoder {
  let plan: Plan
  let space: Space
  let hasInner: Bool
  let arrays: CArrays
  /// Row registers of the results of earlier reductions.
  let rowValues: [Int]

  struct Register {
    var dtype: DType
    var depth: Depth
    /// Numbers of the instructions that write it and that read it last; registers that live longer have no end.
    var first: Int
    var last: Int
    var isPermanent: Bool
  }

  enum Depth: Int, Comparable {
    case nest, row, point
    static func < (a: Depth, b: Depth) -> Bool { a.rawValue < b.rawValue }
    var code: Int32 { Int32(rawValue) }
  }

  private(set) var registers: [Register] = []
  let firstRegister: Int
  private(set) var instructions: [jq_instruction] = []
  private(set) var expressions: [IndexExpression] = []
  private(set) var accesses: [jq_access] = []
  private(set) var stores: [jq_store] = []
  /// For each instruction that loads: the buffer.
  private var loadedBuffer: [Int: BufferID] = [:]
  private var registerOf: [Int] = []
  private var expanded: [Int: Int] = [:]
  private var asIndex: [Int: Int] = [:]

  init(
    plan: Plan, space: Space, hasInner: Bool, arrays: CArrays, rowValues: [Int], rowTypes: [DType],
    firstRegister: Int
  ) {
    self.plan = plan
    self.space = space
    self.hasInner = hasInner
    self.arrays = arrays
    self.rowValues = rowValues
    self.firstRegister = firstRegister
    rowTypeOf = Dictionary(uniqueKeysWithValues: zip(rowValues, rowTypes))
  }

  private let rowTypeOf: [Int: DType]

  private func info(_ register: Int) -> (dtype: DType, depth: Depth) {
    if let type = rowTypeOf[register] { return (type, .row) }
    let own = registers[register - firstRegister]
    return (own.dtype, own.depth)
  }

  // MARK: Body

  mutating func encode(_ body: [Instruction]) throws {
    for step in body { registerOf.append(try encode(step)) }
  }

  private mutating func encode(_ step: Instruction) throws -> Int {
    switch step.operation {
    case .constant(let scalar):
      return emit(JQ_DO_FILL, step.dtype, .nest) { $0.constant = scalar.bits(step.dtype) }
    case .index(let expression):
      let number = add(expression)
      return emit(JQ_DO_INDEX, step.dtype, depth(expression)) { $0.number = Int32(number) }
    case .load(let access): return try load(access, step.dtype)
    case .apply(let function, let operands): return try apply(function, operands, step.dtype)
    case .cast(let operand):
      let source = registerOf[operand]
      guard let function = jq_cast(info(source).dtype.code, step.dtype.code) else {
        throw undefined("cast", step.dtype)
      }
      return emit(JQ_DO_CALL, step.dtype, info(source).depth, operands: [source]) { $0.function = function }
    case .bits(let operand):
      let source = registerOf[operand]
      // A conversion between integers of that width moves the bits as they are.
      guard let (unsigned, signed) = StageEncoder.integers(info(source).dtype.byteSize),
        let function = jq_cast(unsigned.code, signed.code)
      else { throw undefined("bits", step.dtype) }
      return emit(JQ_DO_CALL, step.dtype, info(source).depth, operands: [source]) { $0.function = function }
    case .rowValue(let row): return rowValues[row]
    case .local(let local): return emit(JQ_DO_LOCAL, step.dtype, .point) { $0.number = Int32(local) }
    case .accumulator: return emit(JQ_DO_ACCUMULATOR, step.dtype, .point)
    case .random(let kind, let key, let element):
      let number = add(element)
      return emit(kind.code, step.dtype, depth(element)) {
        $0.number = Int32(number)
        $0.buffer = Int32(key.index)
      }
    }
  }

  /// The integers of a width in bytes.
  private static func integers(_ width: Int) -> (unsigned: DType, signed: DType)? {
    switch width {
    case 1: (.u8, .i8)
    case 2: (.u16, .i16)
    case 4: (.u32, .i32)
    case 8: (.u64, .i64)
    default: nil
    }
  }

  private func undefined(_ what: String, _ dtype: DType) -> Diagnostic {
    Diagnostic("\(what) is not defined for \(dtype)", kind: .internalError)
  }

  private mutating func emit(
    _ kind: jq_instruction_kind, _ dtype: DType, _ depth: Depth, operands: [Int] = [],
    _ change: (inout jq_instruction) -> Void = { _ in }
  ) -> Int {
    let result = firstRegister + registers.count
    var instruction = jq_instruction()
    instruction.kind = Int32(kind.rawValue)
    instruction.depth = depth.code
    instruction.result = Int32(result)
    instruction.dtype = Int32(dtype.code.rawValue)
    instruction.a = Int32(operands.first ?? result)
    instruction.b = Int32(operands.count > 1 ? operands[1] : operands.first ?? result)
    instruction.c = Int32(operands.count > 2 ? operands[2] : operands.first ?? result)
    change(&instruction)
    for operand in operands { use(operand) }
    let number = instructions.count
    instructions.append(instruction)
    registers.append(
      Register(dtype: dtype, depth: depth, first: number, last: number, isPermanent: depth == .nest))
    return result
  }

  private mutating func use(_ register: Int) {
    if register >= firstRegister { registers[register - firstRegister].last = instructions.count }
  }

  /// The register with a value for each point, where it had one a row.
  mutating func atDepth(_ register: Int, _ depth: Depth) -> Int {
    let (dtype, own) = info(register)
    guard depth == .point, own == .row else { return register }
    if let known = expanded[register] { return known }
    let result = emit(JQ_DO_EXPAND, dtype, .point, operands: [register])
    expanded[register] = result
    return result
  }

  private mutating func apply(_ function: ScalarFunction, _ operands: [Int], _ dtype: DType) throws -> Int {
    let sources = operands.map { registerOf[$0] }
    let depth = sources.map { info($0).depth }.max() ?? .nest
    let ready = sources.map { atDepth($0, depth) }
    let type = info(sources[function == .select ? 1 : 0]).dtype
    guard let code = function.code, let body = jq_tile(code, type.code) else {
      throw undefined(function.rawValue, type)
    }
    return emit(JQ_DO_CALL, dtype, depth, operands: ready) { $0.function = body }
  }

  // MARK: Expressions

  private mutating func add(_ expression: IndexExpression) -> Int {
    expressions.append(space.rewritten(expression))
    return expressions.count - 1
  }

  private func depth(_ expression: IndexExpression) -> Depth {
    let axes = space.rewritten(expression).axes
    let own: Depth = axes.isEmpty ? .nest : axes.contains { $0 >= space.outer.count } ? .point : .row
    return expression.values.reduce(own) { max($0, info(registerOf[$1]).depth) }
  }

  /// An expression of the new axes with value numbers replaced by registers of i64 at a depth.
  private mutating func prepared(_ expression: IndexExpression, _ depth: Depth) -> IndexExpression {
    var replacement: [Int: Int] = [:]
    for value in expression.values {
      let register = asInteger(registerOf[value])
      // A register that does not vary is filled to the size of the largest tile.
      let ready = atDepth(register, depth)
      use(ready)
      replacement[value] = ready
    }
    return expression.mappingValues { replacement[$0] ?? 0 }
  }

  private mutating func asInteger(_ register: Int) -> Int {
    let (dtype, depth) = info(register)
    if dtype == .i64 { return register }
    if let known = asIndex[register] { return known }
    let function = jq_cast(dtype.code, JQ_I64)
    let result = emit(JQ_DO_CALL, .i64, depth, operands: [register]) { $0.function = function }
    asIndex[register] = result
    return result
  }

  // MARK: Accesses

  private mutating func load(_ access: Access, _ dtype: DType) throws -> Int {
    let (number, depth) = encode(access, atLeast: .nest)
    let register = emit(JQ_DO_LOAD, dtype, depth) { $0.number = Int32(number) }
    loadedBuffer[register] = access.buffer
    return register
  }

  /// Adds an access and gives its number and depth.
  mutating func encode(_ access: Access, atLeast: Depth) -> (number: Int, depth: Depth) {
    let buffer = plan.program[access.buffer]
    var result = jq_access()
    result.buffer = Int32(access.buffer.index)
    result.size = Int32(buffer.dtype.byteSize)
    result.node = Int32(access.node?.index ?? -1)
    result.fill = access.fill?.converted(to: buffer.dtype).bits(buffer.dtype) ?? 0
    let depth = access.indices.reduce(atLeast) { max($0, self.depth($1)) }
    if let linear = AccessForm.linear(access, buffer, space), let strides = space.strides(linear) {
      result.offset = Int64(linear.constant)
      result.strides = arrays.array(strides.map { Int64($0) })
      setDensity(&result, strides)
    } else {
      var forms = AccessForm.indices(access, buffer, space)
      for k in forms.indices { forms[k].expression = space.rewritten(forms[k].expression) }
      var own = depth
      if depth == .point, !isColumns, let split = split(forms) {
        (forms, own) = (split.rows, .row)
        result.is_split = 1
        result.strides = arrays.array(split.strides.map { Int64($0) })
        setDensity(&result, split.strides)
      }
      setIndices(&result, forms, own)
    }
    accesses.append(result)
    return (accesses.count - 1, depth)
  }

  private mutating func setIndices(_ access: inout jq_access, _ forms: [AccessForm.Index], _ depth: Depth) {
    var indices: [jq_index] = []
    for form in forms {
      let expression = prepared(form.expression, depth)
      expressions.append(expression)
      indices.append(
        jq_index(
          expression: Int32(expressions.count - 1), bound: Int32(form.bound.code.rawValue), extent: Int64(form.extent),
          stride: Int64(form.stride)))
    }
    // Later indices may have needed instructions: the registers of all must live until the access is made.
    for register in expressions.suffix(forms.count).flatMap(\.values) { use(register) }
    access.indices = arrays.array(indices)
    access.index_count = Int32(indices.count)
  }

  /// The indices of the first point of each row, and the strides along the inner axes: where only the rows lie unevenly. The strides
  /// of outer axes are 0.
  private func split(_ forms: [AccessForm.Index]) -> (rows: [AccessForm.Index], strides: [Int])? {
    let outer = space.outer.count
    var strides = [Int](repeating: 0, count: space.extents.count)
    var rows = forms
    for (k, form) in forms.enumerated() {
      for axis in form.expression.axes where axis >= outer {
        let factor = form.expression.coefficient(ofAxis: axis)
        strides[axis] += factor * form.stride
        rows[k].expression = rows[k].expression - .axis(axis) * factor
        if form.bound != .proved { return nil }
      }
      let left = rows[k].expression
      guard !left.axes.contains(where: { $0 >= outer }),
        left.values.allSatisfy({ info(registerOf[$0]).depth < .point })
      else { return nil }
    }
    return (rows, strides)
  }

  private func setDensity(_ access: inout jq_access, _ strides: [Int]) {
    let outer = space.outer.count
    access.outer_dense = isDense(Array(0..<outer), strides) ? 1 : 0
    access.inner_dense = isDense(Array(outer..<strides.count), strides) ? 1 : 0
    let columns = Array(outer..<strides.count) + Array(0..<outer)
    access.all_dense = isDense(isColumns ? columns : Array(0..<strides.count), strides) ? 1 : 0
  }

  /// Whether registers hold inner-major tiles.
  var isColumns = false

  private func isDense(_ axes: [Int], _ strides: [Int]) -> Bool {
    var expected = 1
    for axis in axes.reversed() {
      if strides[axis] != expected { return false }
      expected *= space.extents[axis]
    }
    return true
  }

  // MARK: Stores

  mutating func encode(_ store: Store) {
    let (number, depth) = encode(store.access, atLeast: .row)
    let register = registerOf[store.value]
    let target = max(depth, info(register).depth)
    let value = atDepth(register, target)
    use(value)
    keep(value)
    stores.append(jq_store(access: Int32(number), value: Int32(value), depth: target.code, direct: -1))
  }

  /// A register at the depth of points, for reductions and row-local arrays.
  mutating func point(_ value: Int) -> Int {
    let register = atDepth(registerOf[value], .point)
    keep(register)
    return register
  }

  /// The register is read after the last instruction.
  private mutating func keep(_ register: Int) {
    if register >= firstRegister { registers[register - firstRegister].last = .max }
  }

  /// Lets stored values be computed straight into memory where nothing that is read later lies there.
  mutating func aim(_ targets: [BufferID]) {
    var taken: Set<Int32> = []
    for (index, target) in targets.enumerated() {
      let store = stores[index]
      let register = Int(store.value)
      guard register >= firstRegister, taken.insert(store.value).inserted else { continue }
      let number = registers[register - firstRegister].first
      let maker = instructions[number]
      guard maker.kind == Int32(JQ_DO_CALL.rawValue), maker.depth == store.depth, isSafe(target, after: number) else {
        continue
      }
      stores[index].direct = Int32(number)
    }
  }

  private func isSafe(_ target: BufferID, after number: Int) -> Bool {
    guard let region = plan.region(target) else { return false }
    for (register, buffer) in loadedBuffer {
      guard let other = plan.region(buffer), other.overlaps(region) else { continue }
      let own = registers[register - firstRegister]
      if own.last > number || own.first > number { return false }
    }
    return true
  }
}
