import JacquardCore

/// Several axes of an array as one, the last one fastest. Strides in elements.
public struct AxisGroup: Hashable, Codable, Sendable {
  /// Elements along each axis.
  public var extents: [Int]
  /// One an axis.
  public var strides: [Int]

  /// The axes in the fewest possible: without those of one element, neighbours joined where they lie evenly.
  public init(_ extents: [Int], _ strides: [Int]) {
    (self.extents, self.strides) = ([], [])
    for (extent, stride) in zip(extents, strides) where extent != 1 {
      if let last = self.strides.last, last == stride &* extent {
        self.extents[self.extents.count - 1] *= extent
        self.strides[self.strides.count - 1] = stride
      } else {
        self.extents.append(extent)
        self.strides.append(stride)
      }
    }
  }

  /// Most axes that a group may have.
  public static let maximumRank = 8

  /// The number of elements.
  public var count: Int { extents.reduce(1, *) }
  /// The one stride; 0 for a single element; nil where there are several axes.
  public var stride: Int? { strides.count > 1 ? nil : strides.first ?? 0 }
}

/// An operand of a matrix product: a matrix an element of the batch space, read by strides (in elements).
public struct MatrixOperand: Hashable, Codable, Sendable {
  /// Rows and columns of an operand that each run over several axes: the windows of a convolution.
  public struct Windows: Hashable, Codable, Sendable {
    /// The axes that run along the matrix's rows: M of a left operand, K of a right one.
    public var rows: AxisGroup
    /// The axes that run along its columns: K of a left operand, N of a right one.
    public var columns: AxisGroup

    /// Windows whose element (row, column) lies at the sum of the two positions.
    public init(rows: AxisGroup, columns: AxisGroup) {
      self.rows = rows
      self.columns = columns
    }
  }

  /// Where its elements lie.
  public var buffer: BufferID
  /// Position of the first element.
  public var offset: Int
  /// One stride a batch axis.
  public var batchStrides: [Int]
  /// Stride along M (left operand) or K (right operand).
  public var rowStride: Int
  /// Stride along K (left operand) or N (right operand).
  public var columnStride: Int
  /// Of one operand in f32: where it lies instead. On the left only beside whole vectors of `vector` columns.
  public var windows: Windows?
  /// Columns of a vector.
  public static let vector = 16
  /// Of the operand beside windows: axes before K's last one, for which one stride is not enough. Their terms are added in order.
  public var terms: AxisGroup?

  /// An operand that lies evenly.
  public init(_ buffer: BufferID, offset: Int = 0, batchStrides: [Int], rowStride: Int, columnStride: Int) {
    self.buffer = buffer
    self.offset = offset
    self.batchStrides = batchStrides
    self.rowStride = rowStride
    self.columnStride = columnStride
  }

  /// An operand that lies as windows.
  public init(_ buffer: BufferID, batchStrides: [Int], windows: Windows) {
    self.init(buffer, batchStrides: batchStrides, rowStride: windows.columns.count, columnStride: 1)
    self.windows = windows
  }
}

/// How a product is cut into tiles: from its shape alone, unless it was measured when the plan was made. A long K is cut by the
/// lowering: a batch axis of partial products that a second kernel adds in index order.
public struct Tiling: Hashable, Codable, Sendable {
  /// Who computes a tile, and in which arithmetic.
  public enum Provider: String, Hashable, Codable, Sendable {
    /// f32: the runtime's own product, one fma a term in index order.
    case blocks
    /// f32, the right operand the windows of a 3 x 3 kernel: F(2 x 2, 3 x 3), whose 16 products a square of results are made by
    /// `blocks`. Another arithmetic than that of the windows.
    case winograd
    /// f64.
    case openBLAS
    /// Integers: plain loops in index order.
    case loops

    /// The type that products of elements of a type are made in; whole numbers wrap around, so a wider one serves.
    public static func type(for dtype: DType) -> DType {
      switch dtype {
      case .u8: .i32
      case .u64: .i64
      default: dtype.computeType
      }
    }

    /// Who makes products of a type. - Returns: nil for types without products.
    public init?(_ dtype: DType) {
      switch dtype {
      case .f32: self = .blocks
      case .f64: self = .openBLAS
      case .i32, .i64: self = .loops
      default: return nil
      }
    }
  }

  /// Who computes the tiles.
  public var provider: Provider
  /// Rows of a tile, along M.
  public var rows: Int
  /// Columns of a tile, along N.
  public var columns: Int
  /// `true`: of several that were measured on some machine this one was the fastest.
  public var wasMeasured: Bool?

  /// Tiles that follow from the shape: `wasMeasured` is nil.
  public init(provider: Provider, rows: Int, columns: Int) {
    self.provider = provider
    self.rows = rows
    self.columns = columns
  }
}

extension Contraction {
  /// Whether the provider `winograd` can make it: windows of 3 x 3 that move by single steps over an even number of lines and
  /// columns, the same left operand side by side for the whole batch, tiles of all rows and whole pairs of lines; at most
  /// 1,024 channels on either side, as each thread keeps its own form of the kernels.
  public var fitsWinograd: Bool {
    guard dtype == .f32, let windows = rhs.windows, lhs.windows == nil, lhs.terms == nil, lhs.columnStride == 1,
      lhs.rowStride >= k, lhs.batchStrides.allSatisfy({ $0 == 0 }), windows.rows.extents.count == 3,
      windows.columns.extents.count == 2, m <= 1024, k <= 9 * 1024
    else { return false }
    let (rows, columns) = (windows.rows, windows.columns)
    let line = columns.strides[0]
    return rows.extents[1...] == [3, 3] && rows.strides[1...] == [line, 1] && columns.strides[1] == 1
      && columns.extents.allSatisfy { $0 % 2 == 0 } && tiling.rows >= m
      && (tiling.columns >= n || tiling.columns % (2 * columns.extents[1]) == 0)
  }
}

/// A batched matrix product `C[b..., m, n] = sum over k of A[b..., m, k] * B[b..., k, n]` with an epilogue at each element.
public struct Contraction: Hashable, Codable, Sendable {
  /// What is found from whole rows of the result.
  public struct Rows: Hashable, Codable, Sendable {
    /// Reductions over n, in the order of lanes, of values of the epilogue.
    public var reductions: [Reduction]
    /// Body over the axes (batch..., m); `rowValue` is the result of a reduction.
    public var body: [Instruction]
    /// What the body writes.
    public var stores: [Store]

    /// Reductions of rows, and what is made of their results.
    public init(reductions: [Reduction], body: [Instruction], stores: [Store]) {
      self.reductions = reductions
      self.body = body
      self.stores = stores
    }
  }

  /// Extents of the batch axes b.
  public var batch: [Int]
  /// Rows of the result.
  public var m: Int
  /// Columns of the result.
  public var n: Int
  /// Length of the sums.
  public var k: Int
  /// The type that products and sums are made in, see ``Tiling/Provider/type(for:)``.
  public var dtype: DType
  /// The left operand A.
  public var lhs: MatrixOperand
  /// The right operand B.
  public var rhs: MatrixOperand
  /// How the result is cut into tiles, and who computes them.
  public var tiling: Tiling
  /// Body over the axes (batch..., m, n); `accumulator` is the product.
  public var epilogue: [Instruction]
  /// What the epilogue writes.
  public var stores: [Store]
  /// A row's tiles are then one thread's, from left to right.
  public var rows: Rows?
  /// Loops that are dealt to the threads with its tiles: what fills the borders of a padded array that results go to.
  public var beside: [LoopNest]?

  /// A product from which nothing is found by whole rows.
  public init(
    batch: [Int], m: Int, n: Int, k: Int, dtype: DType, lhs: MatrixOperand, rhs: MatrixOperand, tiling: Tiling,
    epilogue: [Instruction], stores: [Store]
  ) {
    self.batch = batch
    self.m = m
    self.n = n
    self.k = k
    self.dtype = dtype
    self.lhs = lhs
    self.rhs = rhs
    self.tiling = tiling
    self.epilogue = epilogue
    self.stores = stores
  }

  /// Extents of the axes that the epilogue's expressions number.
  public var extents: [Int] { batch + [m, n] }

  /// What is done with the product, as loops over its elements.
  public var nest: LoopNest {
    let elements = Stage(inner: [n], body: epilogue, reductions: rows?.reductions ?? [], stores: stores)
    let whole = rows.map { [Stage(body: $0.body, stores: $0.stores)] } ?? []
    return LoopNest(outer: batch + [m], stages: [elements] + whole)
  }

  /// All its loops but those of the product itself.
  public var nests: [LoopNest] { [nest] + (beside ?? []) }
}

/// Combines values into a buffer at run-time positions, in the order of the update space for each element of the target.
public struct Scatter: Hashable, Codable, Sendable {
  /// Extents of the update space.
  public var space: [Int]
  /// Computes updates, and positions where they are run-time values, over the axes of the update space.
  public var body: [Instruction]
  /// Where to; its indices may be run-time values, which are checked.
  public var target: Access
  /// The number of the instruction that is the update.
  public var value: Int
  /// How an update is put together with what is there; without one it replaces it, so that the last one stays.
  public var combiner: Combiner?
  /// Copied to the target first.
  public var base: BufferID

  /// A scatter of one update a point of `space`.
  public init(
    space: [Int], body: [Instruction], target: Access, value: Int, combiner: Combiner?, base: BufferID
  ) {
    self.space = space
    self.body = body
    self.target = target
    self.value = value
    self.combiner = combiner
    self.base = base
  }
}

/// One unit of scheduling: no barrier inside, one between kernels where data crosses threads.
public struct Kernel: Hashable, Codable, Sendable {
  /// What a kernel is made of.
  public enum Kind: Hashable, Codable, Sendable {
    /// Independent loop nests, dealt to threads together.
    case loops([LoopNest])
    /// A matrix product with its epilogue.
    case contraction(Contraction)
    /// Writes at run-time positions.
    case scatter(Scatter)
    /// A function of the runtime over whole buffers.
    case library(LibraryCall)
    /// Control flow over nested programs.
    case control(Control)
  }

  /// For people: what profiles and reports call it.
  public var name: String
  /// The graph nodes that it computes.
  public var nodes: [NodeID]
  /// What it is made of.
  public var kind: Kind

  /// A kernel that computes these nodes.
  public init(name: String, nodes: [NodeID], kind: Kind) {
    self.name = name
    self.nodes = nodes
    self.kind = kind
  }
}

/// Buffers and the kernels that fill them, in order of execution.
public struct KernelProgram: Hashable, Codable, Sendable {
  /// All buffers, by their numbers.
  public var buffers: [Buffer]
  /// In order of execution.
  public var kernels: [Kernel]
  /// Buffers filled before the program runs, in order.
  public var parameters: [BufferID]
  /// Buffers to keep after it ran, in order.
  public var results: [BufferID]
  /// Kernels that run block by block, in order; nil for none.
  public var sections: [Section]?

  /// A program, empty unless told otherwise.
  public init(
    buffers: [Buffer] = [], kernels: [Kernel] = [], parameters: [BufferID] = [], results: [BufferID] = []
  ) {
    self.buffers = buffers
    self.kernels = kernels
    self.parameters = parameters
    self.results = results
  }

  /// The buffer of a number, which must be one of this program's.
  public subscript(buffer: BufferID) -> Buffer {
    get { buffers[buffer.index] }
    set { buffers[buffer.index] = newValue }
  }
}
