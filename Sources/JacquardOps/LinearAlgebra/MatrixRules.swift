import JacquardCore
import JacquardIR
import JacquardKernels

/// What operations on the matrices of the last two axes share; axes before them are batch axes.
enum MatrixRule {
  static let floatDoc = "c1: the operands are f32 or f64, of one type"
  static let squareDoc = "c2: the last two axes are a square matrix"
  static let matrixDoc = "c2: the last two axes are a matrix"
  static let sizeDoc = "c3: its rows and columns are 1 to \(LibraryCall.Matrices.largest)"
  static let square = [floatDoc, squareDoc, sizeDoc]
  static let doubles = "computed in double precision by LAPACK, f32 rounded once at the end; O(n^3) for each matrix"
  static let undefined = "a matrix with an element that is not finite gives NaN"
  static let symmetric = "of the symmetric part, (A + A^T) / 2: the gradient is symmetric"

  /// A sample's matrices: well away from being singular, symmetric or not.
  static func matrices(_ sizes: [Int], diagonal: Double = 0) -> OperationSample.Input {
    let random = Philox(seed: sizes.reduce(3) { $0 * 7 + $1 })
    let count = sizes.reduce(1, *)
    let (rows, columns) = (sizes[sizes.count - 2], sizes[sizes.count - 1])
    let elements = (0..<count).map { (index: Int) -> Float in
      let isDiagonal = index / columns % rows == index % columns
      let noise = 2 * random.uniform(index) - 1
      return Float(noise + (isDiagonal ? diagonal : 0))
    }
    return .values((try? HostTensor(elements, sizes)) ?? HostTensor(0 as Float))
  }
}

extension Operation {
  /// Checks constraint c1, and c2 and c3 of one operand. - Returns: its rows and columns.
  @discardableResult
  func matrix(_ context: TypeContext, _ index: Int = 0, isSquare: Bool) throws -> (rows: Dim, columns: Dim) {
    let types = context.inputs
    if types.contains(where: { $0.dtype != types[0].dtype || ($0.dtype != .f32 && $0.dtype != .f64) }) {
      throw violated(1, "not defined for \(types.map(\.description).joined(separator: ", "))")
    }
    let type = types[index]
    let rank = type.shape.rank
    if rank < 2 { throw violated(2, "\(type) has no rows and columns") }
    let (rows, columns) = (type.shape[rank - 2], type.shape[rank - 1])
    if isSquare && rows != columns { throw violated(2, "the matrices of \(type) are not square") }
    for dim in [rows, columns] {
      let isPossible = dim.value.map { (1...LibraryCall.Matrices.largest).contains($0) } ?? !dim.isCertainlyNegative
      if !isPossible { throw violated(3, "a matrix of \(rows) rows and \(columns) columns") }
    }
    return (rows, columns)
  }

  /// The smaller of two dimensions. - Throws: constraint `number` if that depends on symbols.
  func smaller(_ a: Dim, _ b: Dim, _ number: Int) throws -> Dim {
    if try a.minus(b).lowerBound.map({ $0 >= 0 }) ?? false { return b }
    if try b.minus(a).lowerBound.map({ $0 >= 0 }) ?? false { return a }
    let symbols = Set(a.symbols).union(b.symbols).sorted().joined(separator: ", ")
    throw violated(number, "which of \(a) rows and \(b) columns is fewer depends on symbols; bind \(symbols)")
  }

  /// Checks that two operands have the same axes but for the last one.
  func requireSameLeads(_ context: TypeContext, _ number: Int) throws {
    let (a, b) = (context.inputs[0].shape, context.inputs[1].shape)
    if b.rank != a.rank || a.dims.dropLast() != b.dims.dropLast() {
      throw violated(number, "\(context.inputs[0]) and \(context.inputs[1]) differ in more than the last axis")
    }
  }
}

extension Shape {
  /// The shape with other last axes in the place of the last two.
  func replacingMatrix(_ dims: Dim...) -> Shape { Shape(Array(self.dims.dropLast(2)) + dims) }
}

extension LoweringContext {
  /// Emits a call of a function of matrices: operands and results are those of the node, the last operand tells the sizes.
  func emitMatrices(
    _ name: String, _ function: LibraryCall.Function, isLower: Bool = false, isTransposed: Bool = false,
    hasUnitDiagonal: Bool = false
  ) {
    let extents = extents(inputs[inputs.count - 1])
    if extents.contains(0) { return }
    let matrices = LibraryCall.Matrices(
      extents.dropLast(2).reduce(1, &*), rows: extents[extents.count - 2], columns: extents[extents.count - 1],
      isLower: isLower, isTransposed: isTransposed, hasUnitDiagonal: hasUnitDiagonal)
    emit(name, .library(LibraryCall(function, inputs, to: outputs, parameters: matrices.parameters, node: node)))
  }
}

extension GraphBuilder {
  /// Each matrix of the last two axes transposed.
  func transposedMatrix(_ x: ValueID) throws -> ValueID {
    let rank = shape(x).rank
    return try transpose(x, Array(0..<rank - 2) + [rank - 1, rank - 2])
  }

  /// The mean of each matrix and its transposed one.
  func symmetricPart(_ x: ValueID) throws -> ValueID {
    try multiply(add(x, transposedMatrix(x)), scalar(0.5, for: x))
  }

  /// Where the row is the column, in matrices of the sizes of `x`.
  func isOnDiagonal(_ x: ValueID) throws -> ValueID {
    let matrix = Shape(Array(shape(x).dims.suffix(2)))
    return try equal(iota(matrix, axis: 0, .i64), iota(matrix, axis: 1, .i64))
  }

  /// The elements on the diagonal of each square matrix.
  func diagonal(_ x: ValueID) throws -> ValueID {
    try sum(select(isOnDiagonal(x), x, scalar(0, for: x)), axes: [-1])
  }

  /// Matrices with these elements on the diagonal.
  func diagonalMatrix(_ x: ValueID) throws -> ValueID {
    let dims = shape(x).dims
    let spread = try broadcast(expandDims(x, axis: dims.count - 1), to: Shape(dims + [dims[dims.count - 1]]))
    return try select(isOnDiagonal(spread), spread, scalar(0, for: x))
  }

  /// The difference of elements j and i of each row of `x` at (i, j), and 1 on the diagonal.
  func differences(_ x: ValueID) throws -> ValueID {
    let rank = shape(x).rank
    let all = try subtract(expandDims(x, axis: rank - 1), expandDims(x, axis: rank))
    return try select(isOnDiagonal(all), scalar(1, for: x), all)
  }

  /// The rows of each matrix in another order: row i of the result is row `order[i]`.
  func takeRows(_ x: ValueID, _ order: ValueID) throws -> ValueID {
    let shape = shape(x)
    let indices = try broadcast(expandDims(order, axis: shape.rank - 1), to: shape)
    return try takeAlongAxis(x, indices, axis: shape.rank - 2)
  }
}

extension GradientContext {
  /// The cotangent of a result, zeros where it has none.
  func cotangentOrZeros(_ result: Int) throws -> ValueID {
    try cotangents[result] ?? builder.fill(0, like: outputs[result])
  }
}
