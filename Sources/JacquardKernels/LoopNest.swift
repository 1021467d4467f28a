import JacquardCore

/// How a reduction puts values together. Accumulation is in the type of the value.
public enum Combiner: String, CaseIterable, Hashable, Codable, Sendable {
  case sum, product, minimum, maximum, any, all
  /// Two results: the extreme value, and the position of its first occurrence in the flattened inner space (i64).
  case argmax, argmin

  public var resultCount: Int { self == .argmax || self == .argmin ? 2 : 1 }
}

/// One reduction over the inner space of a stage.
public struct Reduction: Hashable, Codable, Sendable {
  public var combiner: Combiner
  public var value: Int
  public var dtype: DType

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
  public var body: [Instruction]
  public var reductions: [Reduction]
  public var stores: [Store]
  /// Row-local arrays written: number of the array, value.
  public var localStores: [LocalStore]

  public struct LocalStore: Hashable, Codable, Sendable {
    public var local: Int
    public var value: Int

    public init(local: Int, value: Int) {
      self.local = local
      self.value = value
    }
  }

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
  public var stages: [Stage]
  public var order: Order
  /// Element types of row-local arrays, each as large as the inner space of the stages that use it.
  public var locals: [DType]

  public init(outer: [Int], stages: [Stage], order: Order = .lanes, locals: [DType] = []) {
    self.outer = outer
    self.stages = stages
    self.order = order
    self.locals = locals
  }

  /// Extents of all axes that a stage's expressions number: outer ones, then its own.
  public func extents(of stage: Stage) -> [Int] { outer + stage.inner }
}
