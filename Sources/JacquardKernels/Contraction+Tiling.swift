import JacquardCore

extension Contraction {
  /// What is wrong with its provider or tiles, in a clause; nil if executors take them. Operands must be sound.
  public var tilingComplaint: String? {
    let isDefined = tiling.provider == Tiling.Provider(dtype) || (tiling.provider == .winograd && fitsWinograd)
    if !isDefined { return "a product of \(dtype) by \(tiling.provider.rawValue) is not defined" }
    let possible = 1..<1 << 31
    if !possible.contains(tiling.rows) || !possible.contains(tiling.columns) { return "impossible tiles" }
    if rows != nil && !fillsVectors { return "a product's tiles do not fill lanes" }
    if lhs.windows != nil && !(n % MatrixOperand.vector == 0 && fillsVectors) {
      return "a product's columns do not fill vectors"
    }
    return nil
  }

  /// Whether every tile begins with a whole vector of columns, and so with the first lane of a reduction along its rows.
  public var fillsVectors: Bool { tiling.columns >= n || tiling.columns % MatrixOperand.vector == 0 }

  /// What of a product decides how long its tiles take: operands in buffers 0 and 1, the result as it is to buffer 2. Products of one form
  /// differ in where their operands come from and what is done with their results.
  public var form: Contraction {
    var form = self
    form.lhs.buffer = BufferID(0)
    form.rhs.buffer = BufferID(1)
    form.epilogue = [Instruction(.accumulator, dtype)]
    form.stores = [Store(Access(BufferID(2), extents.indices.map { .axis($0) }), 0)]
    (form.rows, form.beside) = (nil, nil)
    return form
  }
}
