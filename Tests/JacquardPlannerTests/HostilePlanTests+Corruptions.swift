import JacquardCore
import JacquardIR
import JacquardKernels
import JacquardPlanner

extension HostilePlanTests {
  static let corruptions: [Corruption] =
    memory + loops + bodies + products + calls + matrixCalls + lists + controls + sections

  private static let memory: [Corruption] = [
    Corruption(name: "offset outside the arena", plan: .training) {
      $0.storage[arena($0)[0]] = .arena(($0.arenaBytes + 63) & ~63)
    },
    Corruption(name: "negative offset", plan: .training) { $0.storage[arena($0)[0]] = .arena(-64) },
    Corruption(name: "offset that overflows", plan: .training) { $0.storage[arena($0)[0]] = .arena(.max - 63) },
    Corruption(name: "unaligned offset", plan: .training) { $0.storage[arena($0)[0]] = .arena(4) },
    Corruption(name: "all buffers at one place", plan: .training) { plan in
      for buffer in arena(plan) { plan.storage[buffer] = .arena(0) }
    },
    Corruption(name: "arena too small", plan: .training) { $0.arenaBytes = 64 },
    Corruption(name: "negative arena", plan: .training) { $0.arenaBytes = -1 },
    Corruption(name: "huge arena", plan: .training) { $0.arenaBytes = .max },
    Corruption(name: "no barriers", plan: .training) { $0.barriers = $0.barriers.map { _ in false } },
    Corruption(name: "used buffer without memory", plan: .training) { $0.storage[arena($0)[0]] = .unused },
    Corruption(name: "result in a data input", plan: .softmax) { plan in
      plan.storage[plan.outputs[0].buffer.index] = .input(0)
    },
    Corruption(name: "storage in an input that is not there", plan: .softmax) { $0.storage[0] = .input(7) },
    Corruption(name: "storage in a constant that is not there", plan: .softmax) { $0.storage[0] = .constant(0) },
    Corruption(name: "write to a constant", plan: .softmax) { plan in
      let output = plan.outputs[0]
      plan.constants = [PlanConstant(try HostTensor(zeros: .f32, output.type.shape.sizes ?? []))]
      plan.storage[output.buffer.index] = .constant(0)
    },
    Corruption(name: "write to an input without an update", plan: .training) { plan in
      for index in plan.inputs.indices { plan.inputs[index].isUpdated = false }
    },
    Corruption(name: "negative stride", plan: .softmax) { $0.program.buffers[0].layout.strides[0] = -40 },
    Corruption(name: "stride beyond the buffer", plan: .softmax) { $0.program.buffers[0].layout.strides[0] = 41 },
    Corruption(name: "stride that overflows", plan: .softmax) { $0.program.buffers[0].layout.strides[0] = .max },
    Corruption(name: "stride missing", plan: .softmax) { $0.program.buffers[0].layout.strides = [1] },
    Corruption(name: "negative extent of a buffer", plan: .softmax) { $0.program.buffers[0].extents[0] = -6 },
    Corruption(name: "buffer of 2^126 elements", plan: .softmax) {
      $0.program.buffers[0].extents = [1 << 62, 1 << 62]
    },
    Corruption(name: "buffer of another type than its input", plan: .softmax) { $0.program.buffers[0].dtype = .i32 },
    Corruption(name: "arena beyond its limit", plan: .training) {
      $0.memory.limited = .init(limit: $0.arenaBytes - 1, unlimited: $0.arenaBytes, repeated: [])
    },
    Corruption(name: "repeated kernel that does not exist", plan: .training) {
      let run = MemoryReport.Repeat(kernel: $0.program.kernels.count, of: 0)
      $0.memory.limited = .init(limit: $0.arenaBytes, unlimited: $0.arenaBytes, repeated: [run])
    },
    Corruption(name: "first run after the repeated one", plan: .training) {
      let run = MemoryReport.Repeat(kernel: 1, of: 1)
      $0.memory.limited = .init(limit: $0.arenaBytes, unlimited: $0.arenaBytes, repeated: [run])
    },
    Corruption(name: "order of kernels reversed", plan: .training) { $0.program.kernels.reverse() },
  ]

  private static let loops: [Corruption] = [
    Corruption(name: "more rows than the buffer has", plan: .softmax) { try nest(&$0) { $0.outer[0] = 7 } },
    Corruption(name: "loop of no points", plan: .softmax) { try nest(&$0) { $0.outer[0] = 0 } },
    Corruption(name: "loop of negative extent", plan: .softmax) { try nest(&$0) { $0.outer[0] = -1 } },
    Corruption(name: "loops of 2^124 points", plan: .softmax) {
      try nest(&$0) { $0.outer = [1 << 62, 1 << 62] }
    },
    Corruption(name: "a loop that no store uses", plan: .pad) { try nest(&$0) { $0.outer.append(1 << 20) } },
    Corruption(name: "stages of different inner loops", plan: .softmax) {
      try nest(&$0) { nest in
        let last = nest.stages.lastIndex { !$0.inner.isEmpty } ?? 0
        nest.stages[last].inner = [20, 2]
      }
    },
    Corruption(name: "read beyond the end", plan: .softmax) {
      try load(&$0) { $0.indices[0] = $0.indices[0] + IndexExpression(1) }
    },
    Corruption(name: "read before the beginning", plan: .softmax) {
      try load(&$0) { $0.indices[1] = $0.indices[1] - IndexExpression(1) }
    },
    Corruption(name: "index that overflows", plan: .softmax) {
      try load(&$0) { $0.indices[0] = IndexExpression(.axis(0)) * .max + IndexExpression(.max) }
    },
    Corruption(name: "axis that is not there", plan: .softmax) { try load(&$0) { $0.indices[0] = .axis(9) } },
    Corruption(name: "negative axis", plan: .softmax) { try load(&$0) { $0.indices[0] = .axis(-1) } },
    Corruption(name: "division by zero", plan: .softmax) {
      try load(&$0) { $0.indices[0] = IndexExpression(.floorDiv(.axis(0), 0)) }
    },
    Corruption(name: "remainder by zero", plan: .softmax) {
      try load(&$0) { $0.indices[0] = IndexExpression(.remainder(.axis(0), 0)) }
    },
    Corruption(name: "division by a negative number in a checked index", plan: .gather) { plan in
      for index in plan.program.kernels.indices {
        guard case .loops(var nests) = plan.program.kernels[index].kind else { continue }
        for (k, step) in nests[0].stages[0].body.enumerated() {
          guard case .load(var access) = step.operation, access.indices.contains(where: { !$0.values.isEmpty })
          else { continue }
          access.indices[0] = access.indices[0] + IndexExpression(.floorDiv(.axis(0), -3))
          nests[0].stages[0].body[k].operation = .load(access)
        }
        plan.program.kernels[index].kind = .loops(nests)
      }
    },
    Corruption(name: "one axis twice in an expression", plan: .softmax) {
      let twice = try expression(
        #"{"constant":0,"terms":[{"atom":{"axis":{"_0":0}},"coefficient":2},"#
          + #"{"atom":{"axis":{"_0":0}},"coefficient":-1}]}"#
      )
      try load(&$0) { $0.indices[0] = twice }
    },
    Corruption(name: "access of the wrong rank", plan: .softmax) { try load(&$0) { $0.indices.removeLast() } },
    Corruption(name: "buffer that is not there", plan: .softmax) { try load(&$0) { $0.buffer = BufferID(99) } },
    Corruption(name: "negative buffer", plan: .softmax) { try load(&$0) { $0.buffer = BufferID(-1) } },
    Corruption(name: "node that is not there", plan: .softmax) { try load(&$0) { $0.node = NodeID(1 << 40) } },
    Corruption(name: "store beyond the end", plan: .softmax) {
      try store(&$0) { $0.access.indices[0] = $0.access.indices[0] + IndexExpression(1) }
    },
    Corruption(name: "guarded store", plan: .softmax) { try store(&$0) { $0.access.fill = .float(0) } },
    Corruption(name: "every row stored to one place", plan: .softmax) {
      try store(&$0) { $0.access.indices[0] = IndexExpression(0) }
    },
    Corruption(name: "rows stored two by two to one place", plan: .softmax) {
      let half = IndexExpression(.axis(0)).floorDiv(2, in: [6])
      try store(&$0) { $0.access.indices[0] = half }
    },
    Corruption(name: "rows and columns stored to one diagonal", plan: .softmax) {
      try store(&$0) { $0.access.indices = [IndexExpression(0), .axis(0) + .axis(1) * 1 - IndexExpression(0)] }
    },
    Corruption(name: "one buffer stored twice", plan: .softmax) {
      try nest(&$0) { nest in
        for stage in nest.stages.indices where !nest.stages[stage].stores.isEmpty {
          nest.stages[stage].stores.append(nest.stages[stage].stores[0])
        }
      }
    },
    Corruption(name: "parts of a concat that overlap", plan: .concat) { plan in
      try nest(&plan) { $0.stages[0].stores[0].access.indices[0] = .axis(0) + IndexExpression(1) }
    },
    Corruption(name: "rows of 2^45 constant points", plan: .rowSum) { plan in
      try nest(&plan) { nest in
        nest.stages[0].inner = [1 << 45]
        nest.stages[0].body = [Instruction(.constant(.float(1)), .f32)]
        nest.stages[0].reductions = [Reduction(.sum, 0, .f32)]
      }
    },
    Corruption(name: "many stages that each take half an hour", plan: .rowSum) { plan in
      try nest(&plan) { nest in
        nest.stages[0].inner = [1 << 41]
        nest.stages[0].body = [Instruction(.constant(.float(1)), .f32)]
        nest.stages[0].reductions = [Reduction(.sum, 0, .f32)]
        nest.stages.insert(contentsOf: [Stage](repeating: nest.stages[0], count: 40), at: 0)
      }
    },
    Corruption(name: "a nest that stores nothing and takes for ever", plan: .softmax) { plan in
      for index in plan.program.kernels.indices {
        guard case .loops(var nests) = plan.program.kernels[index].kind else { continue }
        nests.append(LoopNest(outer: [1 << 46], stages: [Stage(body: [Instruction(.constant(.float(1)), .f32)])]))
        plan.program.kernels[index].kind = .loops(nests)
      }
    },
    Corruption(name: "guard taken away", plan: .pad) { try load(&$0) { $0.fill = nil } },
  ]

  private static let bodies: [Corruption] = [
    Corruption(name: "load of another type", plan: .softmax) {
      try nest(&$0) { $0.stages[0].body[0].dtype = .f64 }
    },
    Corruption(name: "value used before it is there", plan: .softmax) {
      try nest(&$0) { $0.stages[0].body.insert(Instruction(.apply(.exp, [1]), .f32), at: 0) }
    },
    Corruption(name: "value that uses itself", plan: .softmax) {
      try nest(&$0) { $0.stages[0].body.append(Instruction(.apply(.exp, [$0.stages[0].body.count]), .f32)) }
    },
    Corruption(name: "negative operand", plan: .softmax) {
      try nest(&$0) { $0.stages[0].body.append(Instruction(.apply(.exp, [-1]), .f32)) }
    },
    Corruption(name: "too few operands", plan: .softmax) {
      try nest(&$0) { $0.stages[0].body.append(Instruction(.apply(.add, [0]), .f32)) }
    },
    Corruption(name: "exponential of integers", plan: .softmax) {
      try nest(&$0) {
        $0.stages[0].body.append(Instruction(.constant(.int(1)), .i32))
        $0.stages[0].body.append(Instruction(.apply(.exp, [$0.stages[0].body.count - 1]), .i32))
      }
    },
    Corruption(name: "operands of two types", plan: .softmax) {
      try nest(&$0) {
        $0.stages[0].body.append(Instruction(.constant(.float(1)), .f64))
        $0.stages[0].body.append(Instruction(.apply(.add, [0, $0.stages[0].body.count - 1]), .f32))
      }
    },
    Corruption(name: "constant out of its type", plan: .softmax) {
      try nest(&$0) { $0.stages[0].body.append(Instruction(.constant(.int(300)), .u8)) }
    },
    Corruption(name: "row value before it is there", plan: .softmax) {
      try nest(&$0) { $0.stages[0].body.append(Instruction(.rowValue(0), .f32)) }
    },
    Corruption(name: "row value that no reduction gives", plan: .softmax) {
      try nest(&$0) { $0.stages[$0.stages.count - 1].body.append(Instruction(.rowValue(9), .f32)) }
    },
    Corruption(name: "local array out of range", plan: .softmax) {
      try nest(&$0) { $0.stages[$0.stages.count - 1].body.append(Instruction(.local(5), .f32)) }
    },
    Corruption(name: "local array before it is written", plan: .softmax) {
      try nest(&$0) {
        $0.locals.append(.f32)
        $0.stages[0].body.append(Instruction(.local($0.locals.count - 1), .f32))
      }
    },
    Corruption(name: "write to a local array that is not there", plan: .softmax) {
      try nest(&$0) { $0.stages[0].localStores.append(Stage.LocalStore(local: 3, value: 0)) }
    },
    Corruption(name: "accumulator outside a product", plan: .softmax) {
      try nest(&$0) { $0.stages[0].body.append(Instruction(.accumulator, .f32)) }
    },
    Corruption(name: "reduction of a value that is not there", plan: .softmax) {
      try nest(&$0) { $0.stages[0].reductions = [Reduction(.sum, 99, .f32)] }
    },
    Corruption(name: "reduction of another type", plan: .softmax) {
      try nest(&$0) { $0.stages[0].reductions[0].dtype = .f64 }
    },
    Corruption(name: "any of floats", plan: .softmax) {
      try nest(&$0) { $0.stages[0].reductions[0].combiner = .any }
    },
    Corruption(name: "store of a value that is not there", plan: .softmax) { try store(&$0) { $0.value = 99 } },
    Corruption(name: "random key of the wrong size", plan: .dropout) { plan in
      let other = plan.inputs[0].buffer
      try nest(&plan) { nest in
        for index in nest.stages[0].body.indices {
          guard case .random(let kind, _, let element) = nest.stages[0].body[index].operation else { continue }
          nest.stages[0].body[index].operation = .random(kind, key: other, element: element)
        }
      }
    },
    Corruption(name: "negative random element", plan: .dropout) {
      try nest(&$0) { nest in
        for index in nest.stages[0].body.indices {
          guard case .random(let kind, let key, let element) = nest.stages[0].body[index].operation else { continue }
          nest.stages[0].body[index].operation = .random(kind, key: key, element: element - IndexExpression(1))
        }
      }
    },
    Corruption(name: "index from a float", plan: .gather) {
      try nest(&$0) { nest in
        for stage in nest.stages.indices {
          for index in nest.stages[stage].body.indices {
            if case .load = nest.stages[stage].body[index].operation, nest.stages[stage].body[index].dtype == .i32 {
              nest.stages[stage].body[index] = Instruction(.constant(.float(1)), .f32)
            }
          }
        }
      }
    },
  ]

  private static let products: [Corruption] = [
    Corruption(name: "product of no rows", plan: .training) { try product(&$0) { $0.m = 0 } },
    Corruption(name: "product with a longer K", plan: .training) { try product(&$0) { $0.k += 1 } },
    Corruption(name: "product of 2^62 rows", plan: .training) { try product(&$0) { $0.m = 1 << 62 } },
    Corruption(name: "operand that starts too late", plan: .training) { try product(&$0) { $0.lhs.offset = 1 } },
    Corruption(name: "operand that starts before its buffer", plan: .training) {
      try product(&$0) { $0.lhs.offset = -1 }
    },
    Corruption(name: "operand whose rows overlap", plan: .training) { try product(&$0) { $0.lhs.rowStride = 0 } },
    Corruption(name: "operand with a huge stride", plan: .training) {
      try product(&$0) { $0.rhs.rowStride = .max }
    },
    Corruption(name: "operand with no stride of 1", plan: .training) {
      try product(&$0) { ($0.lhs.rowStride, $0.lhs.columnStride) = (0, 0) }
    },
    Corruption(name: "product by another provider", plan: .training) {
      try product(&$0) { $0.tiling.provider = .loops }
    },
    Corruption(name: "operand with too many batch strides", plan: .training) {
      try product(&$0) { $0.lhs.batchStrides.append(1) }
    },
    Corruption(name: "tiles of no rows", plan: .training) { try product(&$0) { $0.tiling.rows = 0 } },
    Corruption(name: "tiles of negative width", plan: .training) { try product(&$0) { $0.tiling.columns = -4 } },
    Corruption(name: "product of booleans", plan: .training) { try product(&$0) { $0.dtype = .bool } },
    Corruption(name: "product that stores nothing", plan: .training) { try product(&$0) { $0.stores = [] } },
    Corruption(name: "product over its own operand", plan: .training) { plan in
      var operand = BufferID(0)
      try product(&plan) { operand = $0.lhs.buffer }
      try product(&plan) { $0.stores[0].access.buffer = operand }
    },
    Corruption(name: "rows of a product reduced from a value that is not there", plan: .productRows) {
      try product(&$0) { $0.rows?.reductions[0].value = 7 }
    },
    Corruption(name: "rows of a product reduced in another type", plan: .productRows) {
      try product(&$0) { $0.rows?.reductions[0].dtype = .f64 }
    },
    Corruption(name: "a row's result that is not there", plan: .productRows) {
      try product(&$0) { $0.rows?.body[0].operation = .rowValue(5) }
    },
    Corruption(name: "a product's element where rows are whole", plan: .productRows) {
      try product(&$0) { $0.rows?.body[0].operation = .accumulator }
    },
    Corruption(name: "two rows stored to one place", plan: .productRows) {
      try product(&$0) { $0.rows?.stores[0].access.indices[1] = IndexExpression(0) }
    },
    Corruption(name: "rows stored outside their buffer", plan: .productRows) {
      try product(&$0) { $0.rows?.stores[0].access.indices[1] = .axis(1) + IndexExpression(1) }
    },
    Corruption(name: "tiles of rows that begin between lanes", plan: .productRows) {
      try product(&$0) { $0.tiling.columns = 24 }
    },
    Corruption(name: "scatter by position", plan: .scatter) { try scatter(&$0) { $0.combiner = .argmax } },
    Corruption(name: "scatter of a base of another shape", plan: .scatter) { plan in
      let updates = plan.inputs[2].buffer
      try scatter(&plan) { $0.base = updates }
    },
    Corruption(name: "scatter over a space that takes for ever", plan: .scatter) {
      try scatter(&$0) {
        $0.space = [1 << 40]
        $0.body = [Instruction(.constant(.int(0)), .i32), Instruction(.constant(.float(1)), .f32)]
        $0.target.indices = [IndexExpression(.value(0)), IndexExpression(0)]
        $0.value = 1
      }
    },
    Corruption(name: "product of one row with itself for ever", plan: .training) { plan in
      try product(&plan) { $0.batch = [1 << 40] + $0.batch }
    },
    Corruption(name: "scatter over a space of 2^63 points", plan: .scatter) {
      try scatter(&$0) { $0.space = [1 << 33, 1 << 30] }
    },
  ]

  private static let lists: [Corruption] = [
    Corruption(name: "storage missing", plan: .softmax) { $0.storage.removeLast() },
    Corruption(name: "barrier missing", plan: .softmax) { $0.barriers = [] },
    Corruption(name: "negative cost", plan: .softmax) { $0.costs[0] = -1 },
    Corruption(name: "cost that overflows in a sum", plan: .training) { $0.costs = $0.costs.map { _ in .max } },
    Corruption(name: "nodes out of order", plan: .training) { $0.nodes.reverse() },
    Corruption(name: "kernel without loops", plan: .softmax) { $0.program.kernels[0].kind = .loops([]) },
    Corruption(name: "control flow", plan: .softmax) {
      $0.program.kernels[0].kind = .control(Control(kind: .whileLoop(limit: 1), branches: []))
    },
    Corruption(name: "output of another type", plan: .softmax) { $0.outputs[0].type = "f32[6,41]" },
    Corruption(name: "output that is never computed", plan: .softmax) { plan in
      plan.program.kernels = []
      plan.barriers = []
      plan.costs = []
    },
    Corruption(name: "output in a buffer that is not there", plan: .softmax) { $0.outputs[0].buffer = BufferID(50) },
    Corruption(name: "input in a buffer that is not there", plan: .softmax) { $0.inputs[0].buffer = BufferID(50) },
    Corruption(name: "type of rank 17", plan: .softmax) {
      $0.inputs[0].type = TensorType(.f32, Shape([Int](repeating: 1, count: 17)))
    },
  ]
}
