import JacquardCore

/// A call of a function that loops cannot express: it takes whole dense buffers and whole numbers, and fills whole buffers. The
/// runtime has the function under this name; the plan verifier knows what each one asks of its buffers, so that the runtime
/// need not look.
public struct LibraryCall: Hashable, Codable, Sendable {
  /// What the runtime is asked to do.
  public enum Function: String, CaseIterable, Hashable, Codable, Sendable {
    /// The values of rows in order, and the positions (i64) at which they stood; stable; NaN is the largest value.
    case sort
    /// Running totals of rows. Sums and products of f32 are kept in double precision.
    case cumulativeSum, cumulativeProduct
    /// Running extremes of rows, and the positions (i64) of their first occurrences; a NaN stays.
    case cumulativeMaximum, cumulativeMinimum
    /// `y[t] = a[t] * y[t - 1] + b[t]`, y before the first 0. Operands a, b.
    case linearRecurrence
    /// The lower factor of a symmetric matrix, `A = L Lᵀ`.
    case cholesky
    /// The solution of a triangular system. Operands the matrix, the right-hand sides.
    case triangularSolve
    /// The factors of `P A = L U` in one matrix, the order of rows (i64), the sign of that order.
    case lu
    /// The factors of `A = Q R`.
    case qr
    /// Eigenvalues, ascending, and eigenvectors of a symmetric matrix.
    case eigh
    /// The factors of `A = U diag(s) Vᵀ`, s descending.
    case svd

    /// The number of operands, 1 or 2.
    public var operandCount: Int { self == .linearRecurrence || self == .triangularSolve ? 2 : 1 }

    /// Whether it works on whole matrices (its parameters are `Matrices`), not along an axis (`Rows`).
    public var isOfMatrices: Bool {
      switch self {
      case .cholesky, .triangularSolve, .lu, .qr, .eigh, .svd: true
      default: false
      }
    }

    /// What is wrong where it has no result; nil if it always has one.
    public var failure: Failure? {
      switch self {
      case .cholesky: .notPositiveDefinite
      case .triangularSolve: .singular
      case .eigh, .svd: .notConverged
      default: nil
      }
    }

    /// Whether there is a second result, of positions.
    public var hasPositions: Bool {
      switch self {
      case .sort, .cumulativeMaximum, .cumulativeMinimum: true
      default: false
      }
    }

    /// Whether it is defined for a type: values that are only moved may be of any.
    public func takes(_ dtype: DType) -> Bool {
      isOfMatrices ? dtype == .f32 || dtype == .f64 : self == .sort || dtype.isNumeric && dtype.computeType == dtype
    }
  }

  /// Why a matrix has no result.
  public enum Failure: CaseIterable, Sendable {
    /// Of a factorisation; of a triangular system; of an iteration.
    case notPositiveDefinite, singular, notConverged

    /// - Parameter matrix: its number among those of the batch.
    public func message(_ matrix: Int) -> String {
      switch self {
      case .notPositiveDefinite: "matrix \(matrix) is not positive definite"
      case .singular: "matrix \(matrix) is singular: its diagonal has a 0"
      case .notConverged: "the iteration for matrix \(matrix) does not converge"
      }
    }
  }

  /// What the runtime is asked to do.
  public var function: Function
  /// Buffers that are read, `function.operandCount` of them.
  public var operands: [BufferID]
  /// Buffers that are filled.
  public var results: [BufferID]
  /// What they mean depends on the function: see `Rows` and `Matrices`.
  public var parameters: [Int]
  /// The node to name where there is no result.
  public var node: NodeID?

  /// A call that fills `results`; the plan verifier checks that everything fits.
  public init(
    _ function: Function, _ operands: [BufferID], to results: [BufferID], parameters: [Int], node: NodeID? = nil
  ) {
    self.function = function
    self.operands = operands
    self.results = results
    self.parameters = parameters
    self.node = node
  }

  /// The parameters of functions that work along one axis of dense arrays of one shape.
  public struct Rows: Hashable, Sendable {
    /// Elements before, along and after the axis.
    public var before: Int
    /// Elements along the axis.
    public var length: Int
    /// Elements after the axis: the stride along it.
    public var after: Int
    /// Totals run from the last element to the first; sorting puts the largest first.
    public var isReversed: Bool
    /// A total is without the element at its own place.
    public var isExclusive: Bool

    /// Rows along one axis of a dense array with these extents.
    public init(_ extents: [Int], axis: Int, isReversed: Bool = false, isExclusive: Bool = false) {
      before = extents[..<axis].reduce(1, &*)
      length = extents[axis]
      after = extents[(axis + 1)...].reduce(1, &*)
      self.isReversed = isReversed
      self.isExclusive = isExclusive
    }

    /// - Returns: nil if there are not five numbers, or a flag is neither 0 nor 1.
    public init?(_ parameters: [Int]) {
      guard parameters.count == 5, parameters[3...].allSatisfy({ $0 == 0 || $0 == 1 }) else { return nil }
      (before, length, after) = (parameters[0], parameters[1], parameters[2])
      (isReversed, isExclusive) = (parameters[3] == 1, parameters[4] == 1)
    }

    /// The numbers that a call carries: before, length, after, and the two flags as 0 or 1.
    public var parameters: [Int] { [before, length, after, isReversed ? 1 : 0, isExclusive ? 1 : 0] }
  }
}
