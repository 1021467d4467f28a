import JacquardCore

extension LibraryCall {
  /// The parameters of functions of matrices.
  public struct Matrices: Hashable, Sendable {
    /// Most rows and columns: the library's whole numbers have 32 bits.
    public static let largest = 1 << 15

    /// Number of matrices.
    public var count: Int
    /// Of each matrix.
    public var rows: Int
    /// Of the matrix; of a triangular system the number of right-hand sides, of which there may be any number.
    public var columns: Int
    /// Of a triangular system: which triangle, whether of the transposed matrix, and whether with ones on its diagonal.
    public var isLower: Bool
    /// See `isLower`.
    public var isTransposed: Bool
    /// See `isLower`.
    public var hasUnitDiagonal: Bool

    /// Parameters for `count` matrices of one size.
    public init(
      _ count: Int, rows: Int, columns: Int, isLower: Bool = false, isTransposed: Bool = false,
      hasUnitDiagonal: Bool = false
    ) {
      (self.count, self.rows, self.columns) = (count, rows, columns)
      (self.isLower, self.isTransposed, self.hasUnitDiagonal) = (isLower, isTransposed, hasUnitDiagonal)
    }

    /// - Returns: nil if there are not four numbers, or the last is not one of flags.
    public init?(_ parameters: [Int]) {
      guard parameters.count == 4, (0..<8).contains(parameters[3]) else { return nil }
      (count, rows, columns) = (parameters[0], parameters[1], parameters[2])
      isLower = parameters[3] & 1 != 0
      isTransposed = parameters[3] & 2 != 0
      hasUnitDiagonal = parameters[3] & 4 != 0
    }

    /// The numbers that a call carries: count, rows, columns, flags (1 lower, 2 transposed, 4 ones on the diagonal).
    public var parameters: [Int] {
      [count, rows, columns, (isLower ? 1 : 0) + (isTransposed ? 2 : 0) + (hasUnitDiagonal ? 4 : 0)]
    }
  }

  /// What a buffer holds of each matrix.
  public struct Part: Hashable, Sendable {
    /// Rows that are held of each matrix; 1 for a vector.
    public var rows: Int
    /// Columns that are held of each matrix.
    public var columns: Int
    /// Whether it holds positions (i64), not numbers of the operand's type.
    public var isPositions = false

    /// A part of so many rows and columns a matrix.
    public init(_ rows: Int, _ columns: Int, isPositions: Bool = false) {
      (self.rows, self.columns, self.isPositions) = (rows, columns, isPositions)
    }
  }
}

extension LibraryCall.Function {
  /// Whether its matrices must have as many rows as columns.
  public var isOfSquares: Bool { self == .cholesky || self == .lu || self == .eigh }

  /// What the operands and the results of a function of matrices hold of each.
  public func parts(_ m: LibraryCall.Matrices) -> (operands: [LibraryCall.Part], results: [LibraryCall.Part]) {
    typealias Part = LibraryCall.Part
    let (n, k) = (m.rows, min(m.rows, m.columns))
    let whole = Part(m.rows, m.columns)
    switch self {
    case .triangularSolve: return ([Part(n, n), whole], [whole])
    case .lu: return ([whole], [whole, Part(1, n, isPositions: true), Part(1, 1)])
    case .qr: return ([whole], [Part(n, k), Part(k, m.columns)])
    case .eigh: return ([whole], [Part(1, n), whole])
    case .svd: return ([whole], [Part(n, k), Part(1, k), Part(k, m.columns)])
    default: return ([whole], [whole])
    }
  }
}
