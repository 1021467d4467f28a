import CJacquard
import JacquardCodegen
import JacquardCore
import JacquardKernels
import JacquardPlanner

/// Turns a loop nest into the tile machine's form: joined axes, registers with places in scratch, tile sizes.
struct NestEncoder {
  let plan: Plan
  let arrays: CArrays
  let nest: LoopNest
  private let space: Space
  private var stages: [StageEncoder] = []
  private var reductions: [[jq_reduction]] = []
  private var localStores: [[jq_local_store]] = []
  private var rowRegisters: [Int] = []
  private var rowTypes: [DType] = []
  private var registerCount = 0
  /// Bytes of an accumulator of one row (or column), for each reduction.
  private var stateSizes: [Int] = []

  /// - Parameter extra: an access that the nest's owner encodes itself (the target of a scatter).
  init(_ nest: LoopNest, plan: Plan, arrays: CArrays, extra: Access? = nil) throws {
    self.plan = plan
    self.arrays = arrays
    let nest = nest.inRows()
    self.nest = nest
    space = Space(nest, plan.program, extra: extra)
    for stage in nest.stages { try encode(stage) }
    if registerCount > 4096 { throw Diagnostic("a kernel needs \(registerCount) registers", kind: .unsupported) }
  }

  private mutating func encode(_ stage: Stage) throws {
    var encoder = StageEncoder(
      plan: plan, space: space, hasInner: !stage.inner.isEmpty, arrays: arrays, rowValues: rowRegisters,
      rowTypes: rowTypes, firstRegister: registerCount)
    encoder.isColumns = nest.isColumns
    try encoder.encode(stage.body)
    for store in stage.stores { encoder.encode(store) }
    var own: [(Reduction, Int)] = []
    for reduction in stage.reductions { own.append((reduction, encoder.point(reduction.value))) }
    localStores.append(
      stage.localStores.map { store in
        jq_local_store(
          local: Int32(store.local), value: Int32(encoder.point(store.value)),
          size: Int32(nest.locals[store.local].byteSize))
      })
    encoder.aim(stage.stores.map(\.access.buffer))
    registerCount += encoder.registers.count
    stages.append(encoder)
    reductions.append(try own.map { try encode($0.0, value: $0.1) })
  }

  private mutating func encode(_ reduction: Reduction, value: Int) throws -> jq_reduction {
    guard let reducer = jq_reduce(reduction.combiner.code, reduction.dtype.code) else {
      throw Diagnostic("\(reduction.combiner.rawValue) is not defined for \(reduction.dtype)", kind: .internalError)
    }
    var numbers: [Int] = []
    for type in reduction.resultTypes {
      numbers.append(registerCount)
      rowRegisters.append(registerCount)
      rowTypes.append(type)
      registerCount += 1
    }
    stateSizes.append(max(reducer.pointee.accumulator_size, reduction.dtype.byteSize + 8))
    return jq_reduction(
      reducer: reducer, value: Int32(value), result: Int32(numbers[0]),
      position: numbers.count > 1 ? Int32(numbers[1]) : -1, state: Int32(stateSizes.count - 1),
      size: Int32(reduction.dtype.byteSize))
  }

  // MARK: Sizes

  struct Tile {
    var rows: Int
    var chunk: Int
    var points: Int { rows * chunk }
  }

  /// Points of a tile: as many as keep the registers of a stage in the first-level cache.
  private func tilePoints() -> Int {
    let widths = stages.map { stage in
      stage.registers.reduce(0) { $0 + ($1.isPermanent ? 0 : $1.dtype.byteSize) }
    }
    // Liveness lets about half of them share memory.
    let bytes = max(widths.max() ?? 8, 8) / 2 + 4
    return min(max(24576 / bytes & ~15, 128), 1024)
  }

  private func tile() -> Tile {
    let points = tilePoints()
    let (outer, inner) = (max(space.outerCount, 1), max(space.innerCount, 1))
    // At least this many tiles, if the space has as many points, so that 16 threads find work.
    func share(_ most: Int, _ step: Int) -> Int {
      let wanted = (outer + 31) / 32
      return min(most, max((wanted + step - 1) / step * step, step))
    }
    guard nest.stages.contains(where: { !$0.inner.isEmpty }) else { return Tile(rows: share(points, 64), chunk: 1) }
    if nest.isColumns {
      let rows = min(max(share(points / 4, 16), 16), outer)
      return Tile(rows: rows, chunk: min(max(points / rows, 1), inner))
    }
    if inner <= points { return Tile(rows: share(max(points / inner, 1), 1), chunk: inner) }
    return Tile(rows: 1, chunk: points)
  }

  // MARK: Result

  /// - Parameters:
  ///   - scratch: bytes of a thread's scratch used so far; grows.
  ///   - fixed: the tile to use instead of the nest's own choice.
  ///   - blockRows: rows that are reduced at once, if more than a tile has points.
  func finished(scratch: inout Int, fixed: Tile? = nil, blockRows: Int = 0) -> jq_nest {
    let tile = fixed ?? tile()
    var result = jq_nest()
    result.outer = arrays.array(space.outer.map { Int64($0) })
    result.inner = arrays.array(space.inner.map { Int64($0) })
    result.outer_rank = Int32(space.outer.count)
    result.inner_rank = Int32(space.inner.count)
    result.outer_count = Int64(space.outerCount)
    result.inner_count = Int64(space.innerCount)
    result.columns = nest.isColumns ? 1 : 0
    result.rows = Int64(tile.rows)
    result.chunk = Int64(tile.chunk)
    result.unit_cost = Int64(max(tile.rows * max(space.innerCount, 1) * (1 + instructionCount) / 16, 1))
    result.stages = arrays.array(stages.indices.map(finishedStage))
    result.stage_count = Int32(stages.count)
    result.register_count = Int32(registerCount)
    // Registers of a row hold as many elements as a tile has points: an epilogue may run many short rows at once.
    let most = max(tile.points, blockRows)
    result.register_offsets = arrays.array(registerOffsets(most, &scratch))
    result.local_offsets = arrays.array(
      nest.locals.map { dtype in
        place(tile.rows * max(space.innerCount, 1) * dtype.byteSize, &scratch)
      })
    result.state_offsets = arrays.array(stateSizes.map { place(most * $0, &scratch) })
    return result
  }

  private var instructionCount: Int { stages.reduce(0) { $0 + $1.instructions.count } }

  private func place(_ bytes: Int, _ scratch: inout Int) -> Int64 {
    let offset = scratch
    scratch += (bytes + 63) & ~63
    return Int64(offset)
  }

  private func finishedStage(_ index: Int) -> jq_stage {
    let encoder = stages[index]
    var stage = jq_stage()
    stage.has_inner = encoder.hasInner ? 1 : 0
    stage.instructions = arrays.array(encoder.instructions)
    stage.instruction_count = Int32(encoder.instructions.count)
    stage.stores = arrays.array(encoder.stores)
    stage.store_count = Int32(encoder.stores.count)
    stage.reductions = arrays.array(reductions[index])
    stage.reduction_count = Int32(reductions[index].count)
    stage.local_stores = arrays.array(localStores[index])
    stage.local_store_count = Int32(localStores[index].count)
    stage.accesses = arrays.array(encoder.accesses)
    stage.expressions = ExpressionEncoder(arrays).encode(encoder.expressions)
    return stage
  }

  /// Places in scratch. Registers of one stage whose lives do not meet share a place; those of rows in a stage with
  /// inner loops, results of reductions, and registers that do not vary have one to themselves.
  private func registerOffsets(_ points: Int, _ scratch: inout Int) -> [Int64] {
    var offsets = [Int64](repeating: -1, count: registerCount)
    var shared: [(offset: Int64, until: Int)] = []
    let slot = points * 8
    for stage in stages {
      // Every stage may use the shared places anew.
      for index in shared.indices { shared[index].until = -1 }
      for (k, register) in stage.registers.enumerated() {
        let number = stage.firstRegister + k
        if register.isPermanent || (stage.hasInner && register.depth == .row) {
          offsets[number] = place(points * register.dtype.byteSize, &scratch)
        } else if let free = shared.firstIndex(where: { $0.until < register.first }) {
          offsets[number] = shared[free].offset
          shared[free].until = register.last
        } else {
          offsets[number] = place(slot, &scratch)
          shared.append((offsets[number], register.last))
        }
      }
    }
    for number in offsets.indices where offsets[number] < 0 { offsets[number] = place(slot, &scratch) }
    return offsets
  }

  /// The only stage's encoder, for epilogues and scatters.
  var firstStage: StageEncoder { stages[0] }
  var spaceAxes: Space { space }

  /// Changes the first stage, before `finished`.
  mutating func editFirstStage<T>(_ edit: (inout StageEncoder) -> T) -> T {
    let before = stages[0].registers.count
    let result = edit(&stages[0])
    registerCount += stages[0].registers.count - before
    return result
  }
}

/// Flattens nested index expressions into C arrays.
struct ExpressionEncoder {
  private let arrays: CArrays
  init(_ arrays: CArrays) { self.arrays = arrays }

  /// The given expressions come first, in order; nested ones follow.
  func encode(_ roots: [IndexExpression]) -> UnsafePointer<jq_expression> {
    var all = roots
    var encoded: [jq_expression] = []
    var next = 0
    while next < all.count {
      let expression = all[next]
      let terms = expression.terms.map { term -> jq_term in
        switch term.atom {
        case .axis(let axis): return term.encoded(JQ_ATOM_AXIS, axis, 1)
        case .value(let register): return term.encoded(JQ_ATOM_VALUE, register, 1)
        case .floorDiv(let inner, let divisor):
          all.append(inner)
          return term.encoded(JQ_ATOM_FLOOR_DIVISION, all.count - 1, divisor)
        case .remainder(let inner, let divisor):
          all.append(inner)
          return term.encoded(JQ_ATOM_REMAINDER, all.count - 1, divisor)
        }
      }
      encoded.append(
        jq_expression(constant: Int64(expression.constant), terms: arrays.array(terms), count: Int32(terms.count)))
      next += 1
    }
    return arrays.array(encoded)
  }
}

extension IndexExpression.Term {
  fileprivate func encoded(_ atom: jq_atom, _ argument: Int, _ divisor: Int) -> jq_term {
    jq_term(
      atom: Int32(atom.rawValue), argument: Int32(argument), coefficient: Int64(coefficient), divisor: Int64(divisor))
  }
}
