import JacquardCore
import JacquardKernels

/// Finds a step of a flow by what it computes. It holds numbers alone, so that copying it with its flow costs little.
struct StepTable: Sendable {
  /// Open addressing, by powers of two: number of a step, or -1.
  private var slots: [Int32] = []
  private var hashes: [UInt64] = []

  /// The step equal to a given one. - Parameter hash: the given step's `StepTable.hash`.
  func find(_ step: Instruction, _ hash: UInt64, in steps: [Instruction]) -> Int? {
    if slots.isEmpty { return nil }
    let mask = slots.count - 1
    var slot = Int(truncatingIfNeeded: hash) & mask
    while slots[slot] >= 0 {
      let index = Int(slots[slot])
      if hashes[index] == hash && steps[index] == step { return index }
      slot = (slot + 1) & mask
    }
    return nil
  }

  /// Adds the next step. It must not be there.
  mutating func append(_ hash: UInt64) {
    hashes.append(hash)
    if hashes.count * 2 > slots.count {
      slots = [Int32](repeating: -1, count: max(16, slots.count * 2))
      for index in hashes.indices { place(index) }
    } else {
      place(hashes.count - 1)
    }
  }

  private mutating func place(_ index: Int) {
    let mask = slots.count - 1
    var slot = Int(truncatingIfNeeded: hashes[index]) & mask
    while slots[slot] >= 0 { slot = (slot + 1) & mask }
    slots[slot] = Int32(index)
  }

  /// Equal steps have equal hashes, but for the zeros of both signs, which are not one step.
  static func hash(_ step: Instruction) -> UInt64 {
    var mix = Mix()
    switch step.operation {
    case .constant(let scalar): mix.add(1, Int(truncatingIfNeeded: scalar.asDouble.bitPattern))
    case .index(let expression): mix.add(2, expression)
    case .load(let access):
      mix.add(3, access.buffer.index)
      for index in access.indices { mix.add(4, index) }
    case .apply(let function, let operands):
      mix.add(5, function.cost)
      for operand in operands { mix.add(6, operand) }
    case .cast(let operand): mix.add(7, operand)
    case .bits(let operand): mix.add(8, operand)
    case .rowValue(let row): mix.add(9, row)
    case .local(let local): mix.add(10, local)
    case .accumulator: mix.add(11, 0)
    case .random(_, let key, let element):
      mix.add(12, key.index)
      mix.add(13, element)
    }
    return mix.finished
  }

  /// Mixes whole numbers, by multiplication with an odd constant (2^64 over the golden ratio) and a shift.
  private struct Mix {
    private var state: UInt64 = 0

    mutating func add(_ kind: UInt64, _ value: Int) {
      state = (state ^ (UInt64(bitPattern: Int64(value)) &* 16 &+ kind)) &* 0x9E37_79B9_7F4A_7C15
      state ^= state >> 29
    }

    mutating func add(_ kind: UInt64, _ expression: IndexExpression) {
      add(kind, expression.constant)
      for term in expression.terms {
        add(14, term.coefficient)
        switch term.atom {
        case .axis(let axis): add(1, axis)
        case .value(let value): add(2, value)
        case .floorDiv(let inner, let divisor):
          add(3, divisor)
          add(3, inner)
        case .remainder(let inner, let divisor):
          add(4, divisor)
          add(4, inner)
        }
      }
    }

    var finished: UInt64 { state }
  }
}
