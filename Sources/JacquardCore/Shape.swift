/// The dimensions of a tensor, outermost first.
public struct Shape: Hashable, Sendable {
  /// One an axis.
  public var dims: [Dim]

  /// A shape with these dimensions, outermost first.
  public init(_ dims: [Dim]) { self.dims = dims }
  /// A shape of numbers, outermost first.
  public init(_ sizes: [Int]) { self.dims = sizes.map { Dim($0) } }

  /// The shape of a single element: no axes.
  public static let scalar = Shape([Dim]())
  /// The number of axes.
  public var rank: Int { dims.count }
  /// The dimension of an axis, counted from the outermost; traps unless `0 <= axis < rank`.
  public subscript(axis: Int) -> Dim { dims[axis] }

  /// Every dimension as a number, or nil if one mentions a symbol.
  public var sizes: [Int]? {
    var result: [Int] = []
    result.reserveCapacity(dims.count)
    for dim in dims {
      guard let value = dim.value else { return nil }
      result.append(value)
    }
    return result
  }

  /// Every symbol that a dimension mentions.
  public var symbols: Set<String> { dims.reduce(into: []) { $0.formUnion($1.symbols) } }

  /// The number of elements. - Throws: `Diagnostic` on overflow.
  public func elementCount() throws(Diagnostic) -> Dim {
    var count = Dim(1)
    for dim in dims { count = try count.times(dim) }
    return count
  }

  /// The shape with symbols replaced by their numbers; those without a number stay.
  /// - Throws: `Diagnostic` if a dimension overflows.
  public func bound(_ bindings: [String: Int]) throws(Diagnostic) -> Shape {
    var result: [Dim] = []
    for dim in dims { result.append(try dim.bound(bindings)) }
    return Shape(result)
  }

  /// NumPy's broadcast of two shapes, aligned at the last axis; nil if they do not fit.
  /// A symbol is at least 1 and fits only itself and the number 1.
  public func broadcast(with other: Shape) -> Shape? {
    let rank = Swift.max(rank, other.rank)
    var result: [Dim] = []
    for axis in 0..<rank {
      let a = aligned(axis, rank)
      let b = other.aligned(axis, rank)
      if a == b || b.isOne {
        result.append(a)
      } else if a.isOne {
        result.append(b)
      } else {
        return nil
      }
    }
    return Shape(result)
  }

  private func aligned(_ axis: Int, _ rank: Int) -> Dim {
    let index = axis - (rank - self.rank)
    return index < 0 ? 1 : dims[index]
  }
}

extension Shape: ExpressibleByArrayLiteral {
  public init(arrayLiteral elements: Dim...) { self.init(elements) }
}

extension Shape: CustomStringConvertible {
  /// `[N,784]`
  public var description: String { "[\(dims.map(\.description).joined(separator: ","))]" }
}

extension Shape: Codable {
  /// A list of dimensions.
  public init(from decoder: any Decoder) throws {
    var container = try decoder.unkeyedContainer()
    dims = []
    while !container.isAtEnd { dims.append(try container.decode(Dim.self)) }
  }

  public func encode(to encoder: any Encoder) throws {
    var container = encoder.unkeyedContainer()
    for dim in dims { try container.encode(dim) }
  }
}
