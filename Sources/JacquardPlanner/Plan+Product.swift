import JacquardCore
import JacquardKernels

extension Plan {
  /// A step of one product alone, to measure it: inputs `left`, `right` and `result`, which the step writes.
  ///
  /// - Parameter product: a product's `form`, with the tiles to run it by.
  public init(product: Contraction) {
    let (lhs, rhs) = (product.lhs, product.rhs)
    let left = lhs.reach(product.batch, rows: product.m, columns: product.k / (lhs.terms?.count ?? 1))
    let right = rhs.reach(product.batch, rows: product.k / (rhs.terms?.count ?? 1), columns: product.n)
    let buffers = zip(["left", "right", "result", "result"], [[left], [right], product.extents, product.extents])
      .map { Buffer($0, product.dtype, $1) }
    // What replaces an input has a buffer of its own, in the same memory.
    let inputs = [0, 1, 3].map { index in
      PlanInput(
        name: buffers[index].name, type: TensorType(product.dtype, Shape(buffers[index].extents)),
        role: index == 3 ? .state : .data, buffer: BufferID(index), isUpdated: index == 3)
    }
    let kernel = Kernel(name: "product", nodes: [], kind: .contraction(product))
    self.init(
      name: "product",
      program: KernelProgram(
        buffers: buffers, kernels: [kernel], parameters: inputs.map(\.buffer), results: [BufferID(2)]),
      storage: [.input(0), .input(1), .input(2), .input(2)], barriers: [false],
      costs: [CostModel.nanoseconds(kernel)], inputs: inputs, outputs: [], constants: [], programs: [], nodes: [],
      arenaBytes: 0, memory: MemoryReport(), bindings: [])
  }
}

extension MatrixOperand {
  /// Elements from its buffer's first to the last one that is read.
  fileprivate func reach(_ batch: [Int], rows: Int, columns: Int) -> Int {
    let matrix = Windows(rows: AxisGroup([rows], [rowStride]), columns: AxisGroup([columns], [columnStride]))
    let (windows, terms) = (windows ?? matrix, terms ?? AxisGroup([], []))
    let extents = batch + windows.rows.extents + windows.columns.extents + terms.extents
    let strides = batchStrides + windows.rows.strides + windows.columns.strides + terms.strides
    return zip(extents, strides).reduce(offset + 1) { $0 + ($1.0 - 1) * $1.1 }
  }
}
