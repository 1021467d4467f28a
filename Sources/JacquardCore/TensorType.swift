/// The static type of a value: element type and shape, written `f32[N,784]`.
public struct TensorType: Hashable, Sendable {
  /// The type of each element.
  public var dtype: DType
  /// The dimensions, outermost first; they may mention symbols.
  public var shape: Shape

  /// Highest number of axes that a tensor may have.
  public static let maximumRank = 16
  /// Most bytes of a tensor (64 TiB), axes of size 0 not counted: no stride and no number of elements is out of bounds.
  public static let mostBytes = 1 << 46

  /// A type of any rank and size: the limits above are checked where types enter a graph.
  public init(_ dtype: DType, _ shape: Shape) {
    self.dtype = dtype
    self.shape = shape
  }

  /// Bytes of a dense array of this type, or nil if the shape mentions a symbol.
  /// - Throws: `Diagnostic` on overflow.
  public func byteCount() throws(Diagnostic) -> Int? {
    guard let sizes = shape.sizes else { return nil }
    var total = dtype.byteSize
    for size in sizes { total = try Overflow.multiply(total, size) }
    return total
  }

  /// The type with symbols replaced by their numbers; those without a number stay.
  /// - Throws: `Diagnostic` if a dimension overflows.
  public func bound(_ bindings: [String: Int]) throws(Diagnostic) -> TensorType {
    TensorType(dtype, try shape.bound(bindings))
  }
}

extension TensorType: CustomStringConvertible {
  public var description: String { dtype.rawValue + shape.description }

  /// Reads `f32[N,784]`.
  ///
  /// - Throws: `Diagnostic` if the text is malformed, a size is negative, or the size in bytes overflows.
  public init(parsing text: String) throws(Diagnostic) {
    guard let open = text.firstIndex(of: "["), text.last == "]" else {
      throw Diagnostic("'\(text)' is not a type (such as f32[N,784])")
    }
    guard let dtype = DType(rawValue: String(text[..<open])) else {
      throw Diagnostic("unknown element type '\(text[..<open])' in '\(text)'")
    }
    let inner = text[text.index(after: open)...].dropLast()
    var dims: [Dim] = []
    if !inner.isEmpty {
      for part in inner.split(separator: ",", omittingEmptySubsequences: false) {
        dims.append(try Dim(parsing: String(part)))
      }
    }
    self.init(dtype, Shape(dims))
    try validate()
  }

  /// Checks rank, signs and size. A tensor without elements must not be too large along its other axes either.
  /// - Throws: `Diagnostic` that says which limit is exceeded.
  public func validate() throws(Diagnostic) {
    if shape.rank > TensorType.maximumRank {
      throw Diagnostic("type \(self) has \(shape.rank) axes; at most \(TensorType.maximumRank)")
    }
    for dim in shape.dims where dim.value.map({ $0 < 0 }) ?? false {
      throw Diagnostic("type \(self) has a negative dimension")
    }
    // Symbols are at least 1: what overflows without them overflows with them.
    var total = dtype.byteSize
    for dim in shape.dims {
      if let size = dim.value, size > 0 { total = try Overflow.multiply(total, size) }
    }
    if total > TensorType.mostBytes { throw Diagnostic("type \(self) has more than \(TensorType.mostBytes) bytes") }
  }
}

extension TensorType: Codable {
  public init(from decoder: any Decoder) throws {
    let container = try decoder.singleValueContainer()
    try self.init(parsing: container.decode(String.self))
  }

  public func encode(to encoder: any Encoder) throws {
    var container = encoder.singleValueContainer()
    try container.encode(description)
  }
}

extension TensorType: ExpressibleByStringLiteral {
  /// A type written in the program's own source: `"f32[3,4]"`. A malformed literal is a programmer's error.
  public init(stringLiteral text: String) {
    do {
      try self.init(parsing: text)
    } catch {
      preconditionFailure(error.description)
    }
  }
}
