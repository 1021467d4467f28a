import JacquardCore

/// The number of a buffer within one kernel program.
public struct BufferID: Hashable, Codable, Sendable {
  /// Position in the program's `buffers`.
  public var index: Int
  /// The buffer at a position, which is not checked.
  public init(_ index: Int) { self.index = index }
}

/// How the elements of a buffer lie in memory: position = sum of index times stride, in elements.
///
/// A blocked layout (channels in blocks of 16) is a buffer with one axis more, accessed through floor division and remainder.
public struct Layout: Hashable, Codable, Sendable {
  /// One an axis: elements between neighbours.
  public var strides: [Int]

  /// A layout of any strides, one an axis.
  public init(strides: [Int]) { self.strides = strides }

  /// Rows outermost, without gaps. The element count must not overflow.
  public static func rowMajor(_ extents: [Int]) -> Layout {
    var strides = [Int](repeating: 1, count: extents.count)
    for axis in extents.indices.dropLast().reversed() {
      strides[axis] = strides[axis + 1] &* max(extents[axis + 1], 1)
    }
    return Layout(strides: strides)
  }
}

/// Memory that kernels read and write: a typed array of fixed extents.
public struct Buffer: Hashable, Codable, Sendable {
  /// For people: the name of the value or node that it holds.
  public var name: String
  /// The type of an element.
  public var dtype: DType
  /// The number of elements along each axis.
  public var extents: [Int]
  /// Where each element lies.
  public var layout: Layout
  /// The graph node whose result it holds, if it holds one.
  public var node: NodeID?

  /// A buffer, row-major unless a layout is given.
  public init(
    _ name: String, _ dtype: DType, _ extents: [Int], layout: Layout? = nil, node: NodeID? = nil
  ) {
    self.name = name
    self.dtype = dtype
    self.extents = extents
    self.layout = layout ?? .rowMajor(extents)
    self.node = node
  }

  /// Number of elements.
  public var count: Int { extents.reduce(1, &*) }

  /// Bytes from the first to the last element.
  public var byteCount: Int { count &* dtype.byteSize }
}

/// One element of a buffer, by an index expression an axis.
public struct Access: Hashable, Codable, Sendable {
  /// What is read or written.
  public var buffer: BufferID
  /// One an axis of the buffer.
  public var indices: [IndexExpression]
  /// The access is guarded: where an index lies outside its extent, a load gives this value and a store does nothing.
  /// An access without it must be in bounds for every point of the loops, except for indices that are run-time values:
  /// those are checked when the kernel runs, and a bad one is an error.
  public var fill: Scalar?
  /// The node to name when a run-time index is out of range.
  public var node: NodeID?
  /// The step has found the run-time indices in range before. They are checked again, but nothing needs to wait for that.
  public var wasChecked: Bool?

  /// An access to the element at some indices; with `fill` it is guarded.
  public init(_ buffer: BufferID, _ indices: [IndexExpression], fill: Scalar? = nil, node: NodeID? = nil) {
    self.buffer = buffer
    self.indices = indices
    self.fill = fill
    self.node = node
  }

  /// The access with every index mapped.
  public func mapIndices(_ transform: (IndexExpression) -> IndexExpression) -> Access {
    var result = self
    result.indices = indices.map(transform)
    return result
  }

  /// The position in the memory of its buffer, in elements, simplified.
  public func position(in buffer: Buffer) -> IndexExpression {
    zip(indices, buffer.layout.strides).reduce(IndexExpression(0)) { $0 + $1.0 * $1.1 }.recombined()
  }
}
