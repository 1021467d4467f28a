import JacquardCore

/// How a reduction puts values together. Accumulation is in the type of the value.
public enum Combiner: String, CaseIterable, Hashable, Codable, Sendable {
  /// Numbers by the first four, `bool` by the last two; a NaN stays.
  case sum, product, minimum, maximum, any, all
  /// Two results: the extreme value, and the position of its first occurrence in the flattened inner space (i64).
  case argmax, argmin

  /// How many values it gives: the position is a second one.
  public var resultCount: Int { self == .argmax || self == .argmin ? 2 : 1 }
}

/// One reduction over the inner space of a stage.
public struct Reduction: Hashable, Codable, Sendable {
  /// How values are put together.
  public var combiner: Combiner
  /// The number of the instruction whose values are reduced.
  public var value: Int
  /// The type of those values, and of the result.
  public var dtype: DType

  /// A reduction of the values of an instruction, which are of a type.
  public init(_ combiner: Combiner, _ value: Int, _ dtype: DType) {
    self.combiner = combiner
    self.value = value
    self.dtype = dtype
  }

  /// The types of its results.
  public var resultTypes: [DType] { combiner.resultCount == 2 ? [dtype, .i64] : [dtype] }
}

/// One pass over the inner loops for each point of the outer space: computes a body, stores, reduces.
public struct Stage: Hashable, Codable, Sendable {
  /// Extents of the inner loops; empty for a stage that runs once an outer point.
  public var inner: [Int]
  /// Computed at each point; later instructions use earlier ones by number.
  public var body: [Instruction]
  /// Over the inner loops; later stages read the results with `rowValue`.
  public var reductions: [Reduction]
  /// What is written to buffers at each point.
  public var stores: [Store]
  /// Row-local arrays written: number of the array, value.
  public var localStores: [LocalStore]

  /// Writes a value of the body to a row-local array, at the point of the inner loops.
  public struct LocalStore: Hashable, Codable, Sendable {
    /// The number of the array among the nest's `locals`.
    public var local: Int
    /// The number of the instruction whose value it gets.
    public var value: Int

    /// Writes the value of an instruction to an array.
    public init(local: Int, value: Int) {
      self.local = local
      self.value = value
    }
  }

  /// A stage that runs once an outer point, unless it has inner loops.
  public init(
    inner: [Int] = [], body: [Instruction], reductions: [Reduction] = [], stores: [Store] = [],
    localStores: [LocalStore] = []
  ) {
    self.inner = inner
    self.body = body
    self.reductions = reductions
    self.stores = stores
    self.localStores = localStores
  }
}

/// Loops over a shared outer space whose points are independent, with a sequence of stages at each point.
public struct LoopNest: Hashable, Codable, Sendable {
  /// The order in which a reduction adds, part of the arithmetic and fixed by the lowering of the operation.
  public enum Order: String, Hashable, Codable, Sendable {
    /// Element i of the flattened inner space goes to lane i mod L (L = 16 for 4-byte and smaller types, 8 for 8-byte types);
    /// lanes are combined as a tree: l with l + L/2, then l + L/4, and so on.
    case lanes
    /// One accumulator, in the order of the flattened inner space.
    case sequential
  }

  /// Extents of the outer loops, dealt to threads.
  public var outer: [Int]
  /// What is done at each outer point, in order.
  public var stages: [Stage]
  /// How its reductions add.
  public var order: Order
  /// Element types of row-local arrays, each as large as the inner space of the stages that use it.
  public var locals: [DType]

  /// A nest whose reductions add in lanes, unless told otherwise.
  public init(outer: [Int], stages: [Stage], order: Order = .lanes, locals: [DType] = []) {
    self.outer = outer
    self.stages = stages
    self.order = order
    self.locals = locals
  }

  /// Extents of all axes that a stage's expressions number: outer ones, then its own.
  public func extents(of stage: Stage) -> [Int] { outer + stage.inner }
}
