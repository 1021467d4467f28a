import JacquardCore

/// Control flow over nested programs. Each is a plan of its own (by its number among the outer plan's `programs`), and
/// one trip is a step of it: what it computes are updates of its inputs, which lie in buffers of the outer program.
public struct Control: Hashable, Codable, Sendable {
  /// How often the branches run, and which.
  public enum Kind: Hashable, Codable, Sendable {
    /// Branches: then, else. Which one runs, the predicate says.
    case cond
    /// Branches: condition, body. The condition writes the predicate; while it holds, and at most `limit` times, the body
    /// runs.
    case whileLoop(limit: Int)
    /// One branch, which runs `length` times; backwards if it is reversed.
    case scan(length: Int, isReversed: Bool)
  }

  /// Where an input of a nested program lies.
  public struct Binding: Hashable, Codable, Sendable {
    /// The buffer of the outer program.
    public var buffer: BufferID
    /// It is one element of the buffer's first axis, and the next one in the next trip.
    public var isStepped: Bool
    /// The nested program updates it.
    public var isWritten: Bool

    /// An input that is the whole of a buffer and is only read, unless said otherwise.
    public init(_ buffer: BufferID, isStepped: Bool = false, isWritten: Bool = false) {
      self.buffer = buffer
      self.isStepped = isStepped
      self.isWritten = isWritten
    }
  }

  /// A nested program, and where its inputs lie.
  public struct Branch: Hashable, Codable, Sendable {
    /// Its number among the outer plan's `programs`.
    public var program: Int
    /// One an input of the nested program.
    public var bindings: [Binding]

    /// A nested program by its number, with a binding for each of its inputs.
    public init(program: Int, bindings: [Binding]) {
      self.program = program
      self.bindings = bindings
    }
  }

  /// What a carried buffer holds before the first trip.
  public struct Start: Hashable, Codable, Sendable {
    /// The initial value.
    public var from: BufferID
    /// The carried buffer, which gets a copy.
    public var to: BufferID

    /// Copies one buffer to another before the first trip.
    public init(from: BufferID, to: BufferID) {
      self.from = from
      self.to = to
    }
  }

  /// How often the branches run, and which.
  public var kind: Kind
  /// Of `cond` and `whileLoop`: the `bool` that decides.
  public var predicate: BufferID?
  /// The copies made before the first trip.
  public var starts: [Start]
  /// As many as the kind says, in its order.
  public var branches: [Branch]
  /// The arenas of the nested programs, of which one runs at a time.
  public var workspace: BufferID?
  /// Whether a nested kernel checks indices.
  public var canFail = false
  /// Estimated nanoseconds of one trip on one thread.
  public var tripCost = 0

  /// Control flow without workspace, which the memory plan adds.
  public init(kind: Kind, predicate: BufferID? = nil, starts: [Start] = [], branches: [Branch]) {
    self.kind = kind
    self.predicate = predicate
    self.starts = starts
    self.branches = branches
  }

  /// The most trips that it may take.
  public var trips: Int {
    switch kind {
    case .cond: 1
    case .whileLoop(let limit): limit
    case .scan(let length, _): length
    }
  }

  /// The buffers read and not written, in order of appearance.
  public var reads: [BufferID] {
    let written = Set(writes)
    let bound = branches.flatMap(\.bindings).map(\.buffer).filter { !written.contains($0) }
    return (predicate.map { [$0] } ?? []).filter { !written.contains($0) } + starts.map(\.from) + bound
  }

  /// The buffers that are written: carried ones, those that nested programs update, and the workspace.
  public var writes: [BufferID] {
    starts.map(\.to) + branches.flatMap(\.bindings).filter(\.isWritten).map(\.buffer) + (workspace.map { [$0] } ?? [])
  }
}
