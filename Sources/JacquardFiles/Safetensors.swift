import JacquardCore

/// Writing of safetensors files.
public enum Safetensors {
  /// Writes named tensors as a file, whole or not at all.
  ///
  /// The form is canonical: the same tensors and texts give the same bytes. Wider element types come first, so
  /// that every tensor is aligned without gaps (which the format forbids), then names in byte order; the data
  /// begin at a multiple of 8.
  ///
  /// - Parameter metadata: Texts kept under `__metadata__`.
  /// - Throws: `Diagnostic` if the file cannot be written, or a tensor is called `__metadata__`.
  public static func write(
    _ tensors: [String: HostTensor], metadata: [String: String] = [:], to path: String
  ) throws(Diagnostic) {
    if tensors[SafetensorsFormat.metadataKey] != nil {
      throw Diagnostic("a tensor may not be called \(SafetensorsFormat.metadataKey)", place: path)
    }
    let sorted = tensors.sorted { a, b in precedes((a.key, a.value.dtype), (b.key, b.value.dtype)) }
    let header = try self.header(sorted, metadata, path)
    try AtomicFile.write(to: path) { (writer) throws(Diagnostic) in
      try writer.write(header)
      for (_, tensor) in sorted { try writer.write(tensor) }
    }
  }

  /// The order of the format's own library: by type, then by name.
  private static func precedes(_ a: (String, DType), _ b: (String, DType)) -> Bool {
    let (left, right) = (rank(a.1), rank(b.1))
    return left == right ? SafetensorsFormat.precedes(a.0, b.0) : left < right
  }

  private static func rank(_ dtype: DType) -> Int {
    switch dtype {
    case .u64: 0
    case .i64: 1
    case .f64: 2
    case .f32: 3
    case .u32: 4
    case .i32: 5
    case .bf16: 6
    case .f16: 7
    case .u16: 8
    case .i16: 9
    case .i8: 10
    case .u8: 11
    case .bool: 12
    }
  }

  /// The length, then JSON with blanks up to a multiple of 8.
  private static func header(
    _ tensors: [(key: String, value: HostTensor)], _ metadata: [String: String], _ path: String
  ) throws(Diagnostic) -> [UInt8] {
    var fields: [(name: String, value: JSONValue)] = []
    if !metadata.isEmpty {
      let texts = metadata.sorted { SafetensorsFormat.precedes($0.key, $1.key) }
      let object = JSONValue(fields: texts.map { (name: $0.key, value: JSONValue($0.value)) })
      fields.append((SafetensorsFormat.metadataKey, object))
    }
    var offset = 0
    for (name, tensor) in tensors {
      let end = try Overflow.add(offset, tensor.byteCount)
      fields.append((name, entry(tensor, offset, end)))
      offset = end
    }
    var text = JSONValue(fields: fields).utf8(.compact)
    text += [UInt8](repeating: UInt8(ascii: " "), count: (8 - text.count % 8) % 8)
    if text.count > SafetensorsFormat.longestHeader {
      throw Diagnostic("the header of \(tensors.count) tensors is too long", place: path)
    }
    return (0..<8).map { UInt8(truncatingIfNeeded: text.count >> (8 * $0)) } + text
  }

  private static func entry(_ tensor: HostTensor, _ start: Int, _ end: Int) -> JSONValue {
    [
      "dtype": JSONValue(SafetensorsFormat.text(tensor.dtype)),
      "shape": JSONValue(tensor.sizes.map { JSONValue($0) }),
      "data_offsets": [JSONValue(start), JSONValue(end)],
    ]
  }
}
