import JacquardCore
import JacquardIR
import JacquardKernels

/// An operation along one axis, each row from one end to the other by a library call. Constraints: c1 the operands are
/// numeric, of one type and shape; c2 the axis is one of theirs.
public protocol RowOperation: BatchableOperation {
  /// Counted from the first.
  var axis: Int { get set }
}

extension RowOperation {
  public func batch(_ context: BatchingContext) throws -> [Batched] {
    var shifted = self
    shifted.axis += 1
    return try context.apply(shifted)
  }

  /// Checks the operands. - Returns: their type.
  func rowType(_ context: TypeContext, _ count: Int) throws -> TensorType {
    try requireOperands(count, context)
    let first = context.inputs[0]
    if !first.dtype.isNumeric || context.inputs.contains(where: { $0 != first }) {
      throw violated(1, "not defined for \(context.inputs.map(\.description).joined(separator: ", "))")
    }
    try requireAxis(axis, rank: first.shape.rank, 2)
    return first
  }

  /// The cotangent of each element is that of the results that stand for it: of those at `positions`, added up.
  func positionsGradient(_ context: GradientContext) throws -> Gradient {
    guard let g = context.cotangents[0] else { return .cotangents([.zero]) }
    let base = try context.builder.fill(0, like: context.inputs[0])
    let sum = try context.builder.scatterElements(base, context.outputs[1], g, axis: axis, .add)
    return .cotangents([.value(sum)])
  }
}

/// Constraints and conventions of operations along one axis.
enum RowRule {
  static let constraints = ["c1: the operand is numeric", "c2: axis is one of the operand's axes"]
  static let reverse = "reverse: from the last element to the first"
  static let exact = "f32 is kept in double precision and rounded once for each element"
}

/// The rows of a reference value, one after the other.
struct RowWalk {
  /// Row-major positions of the elements of each row, in the order in which they are worked on.
  let rows: [[Int]]

  init(_ sizes: [Int], _ axis: Int, isReversed: Bool = false) {
    let groups = ReductionGroups(sizes, [axis])
    let offsets = isReversed ? groups.offsets.reversed() : groups.offsets
    rows = groups.bases.map { base in offsets.map { base + $0 } }
  }
}

extension LoweringContext {
  /// Emits a call of a function of rows: operands and results are those of the node. Types that only memory has go through
  /// a wider one, unless the function only moves values.
  func emitRows(
    _ name: String, _ function: LibraryCall.Function, axis: Int, isReversed: Bool, isExclusive: Bool = false
  ) {
    let extents = extents(outputs[0])
    if extents.contains(0) { return }
    func wide(_ buffer: BufferID) -> DType { function.takes(dtype(buffer)) ? dtype(buffer) : dtype(buffer).computeType }
    let operands = inputs.map { input -> BufferID in
      if wide(input) == dtype(input) { return input }
      let copy = temporary(wide(input), extents)
      emitCopy(name, from: input, to: copy) { axes, _ in axes }
      return copy
    }
    let results = outputs.map { wide($0) == dtype($0) ? $0 : temporary(wide($0), extents) }
    let rows = LibraryCall.Rows(extents, axis: axis, isReversed: isReversed, isExclusive: isExclusive)
    emit(name, .library(LibraryCall(function, operands, to: results, parameters: rows.parameters)))
    for (result, output) in zip(results, outputs) where result != output {
      emitCopy(name, from: result, to: output) { axes, _ in axes }
    }
  }
}

extension GraphBuilder {
  /// The elements moved by one place along an axis, towards the first one or the last; a zero moves in.
  func movedByOne(_ x: ValueID, axis: Int, towardsFirst: Bool) throws -> ValueID {
    let dims = shape(x).dims
    if dims[axis] == 0 { return x }
    let part = try slice(
      x, axis: axis, from: towardsFirst ? 1 : 0, to: towardsFirst ? dims[axis] : dims[axis].minus(1))
    var (low, high) = (dims.map { _ in Dim(0) }, dims.map { _ in Dim(0) })
    if towardsFirst { high[axis] = 1 } else { low[axis] = 1 }
    return try pad(part, low: low, high: high, interior: [])
  }
}

extension Extreme {
  /// The extreme of each beginning of each row, and where it stands.
  static func running(_ x: HostTensor, _ axis: Int, isReversed: Bool, largest: Bool) throws -> [HostTensor] {
    var (values, positions) = (x, try HostTensor(zeros: .i64, x.sizes))
    let stride = Layout.rowMajor(x.sizes).strides[axis]
    for row in RowWalk(x.sizes, axis, isReversed: isReversed).rows {
      var best = row.first ?? 0
      for position in row {
        let pair = [x[linear: best], x[linear: position]]
        if Extreme.position(pair, largest: largest) == 1 { best = position }
        values[linear: position] = x[linear: best]
        positions[linear: position] = .int(Int64(best / stride % x.sizes[axis]))
      }
    }
    return [values, positions]
  }
}
