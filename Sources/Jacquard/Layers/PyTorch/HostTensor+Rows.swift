import JacquardCore

extension HostTensor {
  /// A matrix with its axes exchanged; any other tensor stays.
  func matrixTransposed() throws(Diagnostic) -> HostTensor {
    guard sizes.count == 2 else { return self }
    switch dtype.byteSize {
    case 8: return try exchanged(UInt64.self)
    case 4: return try exchanged(UInt32.self)
    case 2: return try exchanged(UInt16.self)
    default: return try exchanged(UInt8.self)
    }
  }

  private func exchanged<Word: FixedWidthInteger>(_: Word.Type) throws(Diagnostic) -> HostTensor {
    let (rows, columns) = (sizes[0], sizes[1])
    var result = try HostTensor(zeros: dtype, [columns, rows])
    result.withUnsafeMutableBytes { target in
      withUnsafeBytes { source in
        let (to, from) = (target.bindMemory(to: Word.self), source.bindMemory(to: Word.self))
        for row in 0..<rows { for column in 0..<columns { to[column * rows + row] = from[row * columns + column] } }
      }
    }
    return result
  }

  /// Tensors one after the other along the first axis. They have one type but for that axis.
  static func joined(_ parts: [HostTensor], _ sizes: [Int]) throws(Diagnostic) -> HostTensor {
    guard let first = parts.first else { throw Diagnostic("there is nothing to join", kind: .internalError) }
    if parts.count == 1 { return first }
    var result = try HostTensor(zeros: first.dtype, sizes)
    var offset = 0
    for part in parts {
      let size = part.byteCount
      result.withUnsafeMutableBytes { target in
        part.withUnsafeBytes {
          UnsafeMutableRawBufferPointer(rebasing: target[offset..<offset + size]).copyBytes(from: $0)
        }
      }
      offset += size
    }
    return result
  }

  /// Elements from a place on, as a tensor of their own.
  func part(from start: Int, _ sizes: [Int]) throws(Diagnostic) -> HostTensor {
    var result = try HostTensor(zeros: dtype, sizes)
    let (offset, size) = (start * dtype.byteSize, result.byteCount)
    result.withUnsafeMutableBytes { target in
      withUnsafeBytes { target.copyBytes(from: $0[offset..<offset + size]) }
    }
    return result
  }

  /// The same values in another element type, rounded where it is narrower.
  func converted(to dtype: DType) throws(Diagnostic) -> HostTensor {
    if dtype == self.dtype { return self }
    return try HostTensor(dtype, sizes, (0..<count).map { self[linear: $0].converted(to: dtype) })
  }
}
