import JacquardCore

/// The checked header of a safetensors file.
struct SafetensorsHeader {
  private(set) var entries: [SafetensorsFile.Entry] = []
  private(set) var metadata: [String: String] = [:]
  private let dataStart: Int
  private let dataCount: Int

  init(_ file: OpenFile) throws(Diagnostic) {
    let stream = FileStream(file)
    let length = try Self.length(stream)
    let text = try stream.bytes(length, "the header")
    dataStart = 8 + length
    dataCount = file.size - dataStart
    let value = try JSONValue.parse(
      text, file: "\(file.path): header", limits: JSONLimits(bytes: length, depth: 4))
    for field in try value.object().fields { try add(field) }
    entries.sort { a, b in
      (a.byteRange.lowerBound, a.byteRange.upperBound) < (b.byteRange.lowerBound, b.byteRange.upperBound)
    }
    do throws(Diagnostic) { try checkLayout() } catch { throw error.at(file.path) }
  }

  private static func length(_ stream: FileStream) throws(Diagnostic) -> Int {
    let bytes = try stream.bytes(8, "the header's length")
    let length = bytes.reversed().reduce(UInt64(0)) { $0 << 8 | UInt64($1) }
    if length > SafetensorsFormat.longestHeader {
      throw stream.wrong("is not a safetensors file: it claims a header of \(length) bytes")
    }
    return Int(length)
  }

  private mutating func add(_ field: JSONField) throws(Diagnostic) {
    if field.name == SafetensorsFormat.metadataKey {
      for text in try field.value.object().fields { metadata[text.name] = try text.value.string() }
    } else {
      entries.append(try entry(field))
    }
  }

  private func entry(_ field: JSONField) throws(Diagnostic) -> SafetensorsFile.Entry {
    let object = try field.value.object()
    try object.rejectUnknown(["dtype", "shape", "data_offsets"])
    let type = try object.required("dtype")
    let typeText = try type.string()
    guard let byteSize = SafetensorsFormat.byteSizes[typeText] else {
      throw type.fail("unknown element type \(quoted(typeText)) of tensor \(quoted(field.name))")
    }
    let shape = try object.required("shape")
    let sizes = try shape.array { (size) throws(Diagnostic) in try size.int(in: 0...Int.max) }
    let range = try byteRange(object.required("data_offsets"))
    guard try range.count == Self.byteCount(byteSize, sizes, shape) else {
      throw shape.fail("\(typeText)\(Shape(sizes)) of tensor \(quoted(field.name)) needs other offsets")
    }
    return SafetensorsFile.Entry(name: field.name, elementType: typeText, sizes: sizes, byteRange: range)
  }

  private static func byteCount(
    _ byteSize: Int, _ sizes: [Int], _ shape: JSONValue
  ) throws(Diagnostic) -> Int {
    do throws(Diagnostic) {
      // The bytes of u8[sizes..., byteSize]: only the size of an element matters here.
      let count = try TensorLayout.byteCount(.u8, sizes, in: "")
      return try Overflow.multiply(count, byteSize)
    } catch { throw shape.fail(error.message) }
  }

  /// The offsets of the file, not of the data section.
  private func byteRange(_ value: JSONValue) throws(Diagnostic) -> Range<Int> {
    let offsets = try value.array { (offset) throws(Diagnostic) in try offset.int(in: 0...dataCount) }
    guard offsets.count == 2, offsets[0] <= offsets[1] else {
      throw value.fail("data_offsets must be two numbers, the second not below the first")
    }
    return dataStart + offsets[0]..<dataStart + offsets[1]
  }

  /// The tensors must follow one another without gap or overlap, up to the end of the file.
  private func checkLayout() throws(Diagnostic) {
    var end = dataStart
    for entry in entries {
      let start = entry.byteRange.lowerBound
      if start != end {
        throw Diagnostic(
          "tensor \(quoted(entry.name)) \(start < end ? "overlaps" : "leaves a gap after") another")
      }
      end = entry.byteRange.upperBound
    }
    let rest = dataStart + dataCount - end
    if rest != 0 { throw Diagnostic("has \(rest) bytes after the last tensor") }
  }
}
