import CJacquard
import JacquardCore
import JacquardKernels
import JacquardPlanner

/// The programs of a plan in the order in which they were encoded, and the memory of their constants.
final class ProgramNumbers {
  private(set) var plans: [Plan]
  private var constants: [TensorStorage] = []

  init(_ plan: Plan) { plans = [plan] }

  func add(_ plan: Plan) -> Int {
    plans.append(plan)
    return plans.count - 1
  }

  /// The address of a constant's contents, for as long as this object lives.
  func place(_ constant: PlanConstant) throws -> UnsafeRawPointer {
    let storage = try TensorStorage(constant.tensor)
    constants.append(storage)
    return UnsafeRawPointer(storage.bytes)
  }
}

/// Turns a control kernel and the plans that it runs into the tile machine's form.
struct ControlEncoder {
  let plan: Plan
  let control: Control
  let arrays: CArrays
  let numbers: ProgramNumbers
  let natives: NativeNests?
  let isOutermost: Bool

  /// - Parameter scratch: bytes of a thread's scratch: tables of addresses, then what nested kernels need.
  func encoded(scratch: inout Int) throws -> jq_control {
    var result = jq_control()
    result.kind = Int32(code.rawValue)
    result.predicate = Int32(control.predicate?.index ?? -1)
    result.trips = Int64(control.trips)
    result.starts = arrays.array(
      control.starts.map { start in
        jq_start(
          from: Int32(start.from.index), to: Int32(start.to.index), bytes: Int64(plan.program[start.to].byteCount))
      })
    result.start_count = Int32(control.starts.count)
    // Decided for the outermost loop only: threads count the kernels of nested ones together.
    result.alone = isOutermost && control.tripCost < PlanRunner.smallPlan ? 1 : 0
    var most = 0
    result.nested = arrays.array(try control.branches.map { try encoded($0, &scratch, &most) })
    result.nested_count = Int32(control.branches.count)
    result.scratch_offset = Int64(scratch)
    scratch += most
    return result
  }

  private var code: jq_control_kind {
    switch control.kind {
    case .cond: JQ_CONTROL_COND
    case .whileLoop: JQ_CONTROL_WHILE
    case .scan: JQ_CONTROL_SCAN
    }
  }

  private func encoded(_ branch: Control.Branch, _ scratch: inout Int, _ most: inout Int) throws -> jq_nested {
    let nested = plan.programs[branch.program]
    var result = jq_nested()
    result.number = Int32(numbers.add(nested))
    let encoder = try ProgramEncoder(nested, arrays, numbers, natives, isOutermost: false)
    most = max(most, encoder.scratchBytes)
    result.kernels = arrays.array(encoder.kernels)
    result.kernel_count = Int32(encoder.kernels.count)
    let places = try nested.program.buffers.indices.map { try place($0, nested, branch) }
    result.places = arrays.array(places)
    result.place_count = Int32(places.count)
    let moving = places.indices.filter { places[$0].step != 0 }
    result.moving = arrays.array(moving.map { Int32($0) })
    result.moving_count = Int32(moving.count)
    result.table_offset = Int64(scratch)
    scratch += (places.count * 8 + 63) & ~63
    result.counters = arrays.variables([Int64](repeating: 0, count: 2 * encoder.kernels.count))
    return result
  }

  private func place(_ buffer: Int, _ nested: Plan, _ branch: Control.Branch) throws -> jq_place {
    var result = jq_place()
    result.buffer = -1
    switch nested.storage[buffer] {
    case .unused, .scratch: break
    case .constant(let number): result.constant = try numbers.place(nested.constants[number])
    case .arena(let offset):
      // Without a workspace the arena is empty, and so is the buffer.
      result.buffer = Int32(control.workspace?.index ?? -1)
      result.offset = Int64(offset)
    case .input(let number):
      let binding = branch.bindings[number]
      result.buffer = Int32(binding.buffer.index)
      if binding.isStepped { setStep(&result, bytes: nested.program.buffers[buffer].byteCount) }
    }
    return result
  }

  private func setStep(_ place: inout jq_place, bytes: Int) {
    if case .scan(let length, isReversed: true) = control.kind {
      place.offset = Int64(max(length - 1, 0) * bytes)
      place.step = Int64(-bytes)
    } else {
      place.step = Int64(bytes)
    }
  }
}
