import JacquardCore

/// Arrays of bytes in the IDX format of the MNIST data sets, plain or gzipped.
public enum IDX {
  /// Most bytes that an array may have unless told otherwise.
  public static let defaultLimit = 1 << 32

  /// Reads a `u8` array of any rank.
  ///
  /// - Parameter limit: Most bytes to accept, after inflating.
  /// - Throws: `Diagnostic` if the file is no IDX file, holds another element type, is truncated, damaged,
  ///   larger than the limit or followed by other bytes.
  public static func read(_ path: String, limit: Int = defaultLimit) throws(Diagnostic) -> HostTensor {
    let stream = try Gzip.open(path, limit: limit)
    let sizes = try header(stream)
    let tensor = try stream.tensor(.u8, sizes, "the array \(Shape(sizes))")
    try stream.expectEnd(after: "the array")
    return tensor
  }

  /// Reads images, `u8[count,height,width]`. - Throws: see ``read(_:limit:)``; also if the rank is not 3.
  public static func images(_ path: String, limit: Int = defaultLimit) throws(Diagnostic) -> HostTensor {
    let tensor = try read(path, limit: limit)
    if tensor.sizes.count == 3 { return tensor }
    throw Diagnostic("holds \(tensor.shape), not images [count,height,width]", place: path)
  }

  /// Reads labels, `u8[count]`.
  ///
  /// - Parameter classes: If given, every label must be below it.
  /// - Throws: see ``read(_:limit:)``; also if the rank is not 1 or a label is out of range.
  public static func labels(
    _ path: String, classes: Int? = nil, limit: Int = defaultLimit
  ) throws(Diagnostic) -> HostTensor {
    let tensor = try read(path, limit: limit)
    if tensor.sizes.count != 1 { throw Diagnostic("holds \(tensor.shape), not labels [count]", place: path) }
    guard let classes else { return tensor }
    let bad = tensor.withUnsafeBytes { bytes in
      bytes.enumerated().first { Int($0.element) >= classes }
    }
    guard let bad else { return tensor }
    throw Diagnostic("label \(bad.element) at \(bad.offset) is not below \(classes)", place: path)
  }

  /// Reads images and their labels. - Throws: as the single readers do; also if the counts differ.
  public static func pair(
    images: String, labels: String, classes: Int? = nil, limit: Int = defaultLimit
  ) throws(Diagnostic) -> (images: HostTensor, labels: HostTensor) {
    let pictures = try self.images(images, limit: limit)
    let classLabels = try self.labels(labels, classes: classes, limit: limit)
    if pictures.sizes[0] == classLabels.count { return (pictures, classLabels) }
    let message = "holds \(classLabels.count) labels for the \(pictures.sizes[0]) images of \(quoted(images))"
    throw Diagnostic(message, place: labels)
  }

  /// Two zeros, the element type, the rank; then each size as a big-endian 32-bit number.
  private static func header(_ stream: any ByteStream) throws(Diagnostic) -> [Int] {
    let start = try stream.bytes(4, "the IDX header")
    if start[0] != 0 || start[1] != 0 { throw stream.wrong("is not an IDX file (its first bytes differ)") }
    if start[2] != 8 {
      let type = "0x" + String(start[2], radix: 16)
      throw stream.wrong("has IDX element type \(type); only unsigned bytes (0x8) are read")
    }
    let rank = Int(start[3])
    let bytes = try stream.bytes(4 * rank, "the IDX header")
    return (0..<rank).map { axis in bytes[4 * axis..<4 * axis + 4].reduce(0) { $0 << 8 | Int($1) } }
  }
}
