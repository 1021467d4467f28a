import JacquardCore

/// Tensors in NumPy's `.npy` format, versions 1 to 3
/// (https://numpy.org/doc/stable/reference/generated/numpy.lib.format.html).
public enum Npy {
  /// Reads a file of `<f4 <f8 <i4 <i8 |u1 |b1` elements, of any shape; Fortran order is turned into C order.
  ///
  /// - Throws: `Diagnostic` if the file is damaged, truncated or followed by other bytes, is big-endian, holds
  ///   Python objects, records or another element type. Nothing is allocated that the file cannot fill.
  public static func read(_ path: String) throws(Diagnostic) -> HostTensor {
    try read(FileStream(try OpenFile(path)))
  }

  /// Reads a tensor from bytes in memory. - Parameter name: What messages call the bytes.
  /// - Throws: `Diagnostic`, as for a file.
  public static func read(_ bytes: [UInt8], name: String) throws(Diagnostic) -> HostTensor {
    try read(MemoryStream(bytes, name: name))
  }

  /// Writes a file that is byte for byte what `numpy.save` writes, whole or not at all.
  /// - Throws: `Diagnostic` if the file cannot be written.
  public static func write(_ tensor: HostTensor, to path: String) throws(Diagnostic) {
    try AtomicFile.write(to: path) { (writer) throws(Diagnostic) in
      try writer.write(NpyHeader(tensor).encoded())
      try writer.write(tensor)
    }
  }

  static func read(_ stream: some ByteStream) throws(Diagnostic) -> HostTensor {
    let header = try NpyHeader(stream)
    let isReversed = header.fortranOrder && header.sizes.count > 1
    let sizes = isReversed ? header.sizes.reversed() : header.sizes
    let tensor = try stream.tensor(header.dtype, sizes, "the array \(Shape(header.sizes))")
    try stream.expectEnd(after: "the array")
    return isReversed ? try tensor.axesReversed() : tensor
  }
}

extension HostTensor {
  /// The transpose: axis i of the result is axis rank - 1 - i of this tensor.
  func axesReversed() throws(Diagnostic) -> HostTensor {
    var result = try HostTensor(zeros: dtype, sizes.reversed())
    if count == 0 { return result }
    withUnsafeBytes { source in
      result.withUnsafeMutableBytes { target in
        switch dtype.byteSize {
        case 8: Self.reverse(source.bindMemory(to: UInt64.self), target.bindMemory(to: UInt64.self), sizes)
        case 4: Self.reverse(source.bindMemory(to: UInt32.self), target.bindMemory(to: UInt32.self), sizes)
        default: Self.reverse(source.bindMemory(to: UInt8.self), target.bindMemory(to: UInt8.self), sizes)
        }
      }
    }
    return result
  }

  /// Walks the target in order; the source position moves by the stride of the axis that counts up.
  private static func reverse<T>(
    _ source: UnsafeBufferPointer<T>, _ target: UnsafeMutableBufferPointer<T>, _ sizes: [Int]
  ) {
    var strides = [Int](repeating: 1, count: sizes.count)
    for axis in sizes.indices.dropLast().reversed() { strides[axis] = strides[axis + 1] * sizes[axis + 1] }
    let (inner, innerStride) = (sizes[0], strides[0])
    var counters = [Int](repeating: 0, count: sizes.count)
    var from = 0
    for start in stride(from: 0, to: target.count, by: inner) {
      for index in 0..<inner { target[start + index] = source[from + index * innerStride] }
      for axis in sizes.indices.dropFirst() {
        from += strides[axis]
        counters[axis] += 1
        if counters[axis] < sizes[axis] { break }
        from -= strides[axis] * sizes[axis]
        counters[axis] = 0
      }
    }
  }
}
