import JacquardCore

/// How the values of a column become those of an input: gathered rows, converted and scaled.
struct RowConversion {
  let source: DType
  let target: DType
  /// Factor, applied to floats only; 1 for none.
  let scale: Double
  /// Elements of one row.
  let width: Int

  /// - Throws: `Diagnostic` if the types do not fit: floats are not cut to integers, integers are not scaled.
  init(_ source: DType, _ target: DType, scale: Double?, width: Int) throws(Diagnostic) {
    if !target.isFloat && source.isFloat { throw Diagnostic("\(source) values do not fit \(target)") }
    if !target.isFloat && (scale ?? 1) != 1 { throw Diagnostic("values of type \(target) cannot be scaled") }
    if target == .bool && source != .bool { throw Diagnostic("\(source) values do not fit \(target)") }
    self.source = source
    self.target = target
    self.scale = scale ?? 1
    self.width = width
  }

  /// Fills `target` with the rows of `source` that `rows` names, in that order.
  func fill(
    _ destination: UnsafeMutableRawPointer, from column: UnsafeRawPointer, rows: UnsafeBufferPointer<Int32>
  ) {
    if source == target && scale == 1 { return copy(destination, column, rows) }
    switch target {
    case .f32: floats(destination.assumingMemoryBound(to: Float.self), column, rows)
    case .f64: floats(destination.assumingMemoryBound(to: Double.self), column, rows)
    case .i32: integers(destination.assumingMemoryBound(to: Int32.self), column, rows)
    case .i64: integers(destination.assumingMemoryBound(to: Int64.self), column, rows)
    case .u8, .bool: integers(destination.assumingMemoryBound(to: UInt8.self), column, rows)
    default: scalars(destination, column, rows)
    }
  }

  /// Any type from any type, element by element.
  private func scalars(
    _ destination: UnsafeMutableRawPointer, _ column: UnsafeRawPointer, _ rows: UnsafeBufferPointer<Int32>
  ) {
    for place in 0..<rows.count {
      for index in 0..<width {
        let value = source.load(column, Int(rows[place]) * width + index)
        let scaled = target.isFloat ? Scalar.float(value.asDouble * scale) : value
        target.store(scaled, destination, place * width + index)
      }
    }
  }

  private func copy(
    _ destination: UnsafeMutableRawPointer, _ column: UnsafeRawPointer, _ rows: UnsafeBufferPointer<Int32>
  ) {
    let bytes = width * source.byteSize
    for (place, row) in rows.enumerated() {
      (destination + place * bytes).copyMemory(from: column + Int(row) * bytes, byteCount: bytes)
    }
  }

  private func floats<T: BinaryFloatingPoint>(
    _ destination: UnsafeMutablePointer<T>, _ column: UnsafeRawPointer, _ rows: UnsafeBufferPointer<Int32>
  ) {
    let factor = T(scale)
    switch source {
    case .u8, .bool: map(destination, column, UInt8.self, rows) { T($0) * factor }
    case .f32: map(destination, column, Float.self, rows) { T($0) * factor }
    case .f64: map(destination, column, Double.self, rows) { T($0) * factor }
    case .i32: map(destination, column, Int32.self, rows) { T($0) * factor }
    case .i64: map(destination, column, Int64.self, rows) { T($0) * factor }
    default: scalars(destination, column, rows)
    }
  }

  private func integers<T: FixedWidthInteger>(
    _ destination: UnsafeMutablePointer<T>, _ column: UnsafeRawPointer, _ rows: UnsafeBufferPointer<Int32>
  ) {
    switch source {
    case .i32: map(destination, column, Int32.self, rows) { T(truncatingIfNeeded: $0) }
    case .i64: map(destination, column, Int64.self, rows) { T(truncatingIfNeeded: $0) }
    case .u8, .bool: map(destination, column, UInt8.self, rows) { T(truncatingIfNeeded: $0) }
    default: scalars(destination, column, rows)
    }
  }

  /// The loop itself; specialised for each pair of types, so that the compiler makes vector code of it.
  @inline(__always)
  private func map<S, T>(
    _ destination: UnsafeMutablePointer<T>, _ column: UnsafeRawPointer, _: S.Type,
    _ rows: UnsafeBufferPointer<Int32>, _ value: (S) -> T
  ) {
    let source = column.assumingMemoryBound(to: S.self)
    let width = width
    for place in 0..<rows.count {
      let from = source + Int(rows[place]) * width
      let to = destination + place * width
      for index in 0..<width { to[index] = value(from[index]) }
    }
  }
}
