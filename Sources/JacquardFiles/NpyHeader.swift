import JacquardCore

/// What stands before the elements of an `.npy` file.
struct NpyHeader {
  private static let magic: [UInt8] = [0x93] + Array("NUMPY".utf8)
  private static let longest = 1 << 16
  private static let types: [(DType, String)] = [
    (.f32, "<f4"), (.f64, "<f8"), (.i32, "<i4"), (.i64, "<i8"), (.u8, "|u1"), (.bool, "|b1"),
    (.i8, "|i1"), (.i16, "<i2"), (.u16, "<u2"), (.u32, "<u4"), (.u64, "<u8"), (.f16, "<f2"),
    // NumPy has no bf16: this is what it writes for ml_dtypes' type, and reads as two opaque bytes.
    (.bf16, "<V2"),
  ]

  let dtype: DType
  let fortranOrder: Bool
  let sizes: [Int]

  init(_ tensor: HostTensor) {
    dtype = tensor.dtype
    fortranOrder = false
    sizes = tensor.sizes
  }

  // MARK: Reading

  init(_ stream: some ByteStream) throws(Diagnostic) {
    let start = try stream.bytes(8, "the npy header")
    if Array(start[..<6]) != Self.magic { throw stream.wrong("is not an npy file (its first bytes differ)") }
    guard (1...3).contains(start[6]), start[7] == 0 else {
      throw stream.wrong("is npy version \(start[6]).\(start[7]); versions 1.0, 2.0 and 3.0 are read")
    }
    let lengthBytes = try stream.bytes(start[6] == 1 ? 2 : 4, "the npy header")
    let length = lengthBytes.reversed().reduce(0) { $0 << 8 | Int($1) }
    if length > Self.longest { throw stream.wrong("has an npy header of \(length) bytes") }
    do throws(Diagnostic) {
      let text = try stream.bytes(length, "the npy header")
      var scanner = PythonScanner(text)
      self = try NpyHeader(&scanner)
    } catch { throw error.place == nil ? error.at(stream.name) : error }
  }

  private init(_ scanner: inout PythonScanner) throws(Diagnostic) {
    var (type, order, shape): (String?, Bool?, [Int]?) = (nil, nil, nil)
    try scanner.dictionary { (key, scanner) throws(Diagnostic) in
      switch key {
      case "descr" where type == nil: type = try Self.typeText(&scanner)
      case "fortran_order" where order == nil: order = try scanner.bool()
      case "shape" where shape == nil: shape = try scanner.tuple()
      default: throw Diagnostic("npy header: unexpected key \(quoted(key))")
      }
    }
    guard let type, let order, let shape else {
      throw Diagnostic("npy header: needs the keys descr, fortran_order and shape")
    }
    dtype = try Self.dtype(type)
    fortranOrder = order
    sizes = shape
  }

  private static func typeText(_ scanner: inout PythonScanner) throws(Diagnostic) -> String {
    if scanner.next == "[" { throw Diagnostic("holds records (a structured array), not a plain array") }
    return try scanner.string()
  }

  private static func dtype(_ text: String) throws(Diagnostic) -> DType {
    if let known = types.first(where: { $0.1 == text || $0.1.replacingBar == text }) { return known.0 }
    if text.hasSuffix("O") || text.contains("O8") {
      throw Diagnostic("holds Python objects (pickled), which are never loaded")
    }
    if text.hasPrefix(">") { throw Diagnostic("is big-endian (\(quoted(text))); save it as little-endian") }
    throw Diagnostic("element type \(quoted(text)) is not one of \(DType.list)")
  }

  // MARK: Writing

  /// The header as `numpy.save` writes it: room for the first axis to grow to 21 digits, then blanks up to a
  /// multiple of 64.
  func encoded() -> [UInt8] {
    let type = Self.types.first { $0.0 == dtype }?.1 ?? ""
    let comma = sizes.count == 1 ? "," : ""
    let shape = "(\(sizes.map(String.init).joined(separator: ", "))\(comma))"
    let order = fortranOrder ? "True" : "False"
    var text = "{'descr': '\(type)', 'fortran_order': \(order), 'shape': \(shape), }"
    if let first = sizes.first { text += String(repeating: " ", count: max(0, 21 - String(first).count)) }
    let length = (10 + text.utf8.count + 1 + 63) / 64 * 64
    text += String(repeating: " ", count: length - 10 - text.utf8.count - 1) + "\n"
    let count = length - 10
    return Self.magic + [1, 0, UInt8(count & 0xFF), UInt8(count >> 8 & 0xFF)] + Array(text.utf8)
  }
}

extension String {
  /// One-byte types are written with `|`, by some programs with `<`.
  fileprivate var replacingBar: String { hasPrefix("|") ? "<" + dropFirst() : self }
}

/// Reads the part of Python's literals that npy headers use.
private struct PythonScanner {
  private let bytes: [UInt8]
  private var index = 0

  init(_ bytes: [UInt8]) { self.bytes = bytes }

  /// The next character that is not a blank, or a zero at the end.
  var next: Unicode.Scalar {
    mutating get {
      while index < bytes.count, bytes[index] == 0x20 || bytes[index] == 0x0A { index += 1 }
      return index < bytes.count ? Unicode.Scalar(bytes[index]) : "\0"
    }
  }

  private mutating func skip(_ character: Unicode.Scalar) -> Bool {
    if next != character { return false }
    index += 1
    return true
  }

  private func malformed(_ expected: String) -> Diagnostic {
    Diagnostic("npy header: expected \(expected) at byte \(index) of the dictionary")
  }

  private mutating func expect(_ character: Unicode.Scalar) throws(Diagnostic) {
    if !skip(character) { throw malformed("'\(character)'") }
  }

  /// A whole dictionary and nothing after it.
  mutating func dictionary(
    _ entry: (String, inout PythonScanner) throws(Diagnostic) -> Void
  ) throws(Diagnostic) {
    try expect("{")
    while !skip("}") {
      let key = try string()
      try expect(":")
      try entry(key, &self)
      if !skip(",") {
        try expect("}")
        break
      }
    }
    _ = next
    if index < bytes.count { throw malformed("the end") }
  }

  mutating func string() throws(Diagnostic) -> String {
    let quote = next
    guard quote == "'" || quote == "\"" else { throw malformed("a string") }
    let start = index + 1
    guard let end = bytes[start...].firstIndex(of: UInt8(ascii: quote)) else { throw malformed("a string") }
    index = end + 1
    guard let text = String(validating: bytes[start..<end], as: UTF8.self), !text.contains("\\") else {
      throw malformed("a plain string")
    }
    return text
  }

  mutating func bool() throws(Diagnostic) -> Bool {
    _ = next
    for (word, value) in [("True", true), ("False", false)] where bytes[index...].starts(with: word.utf8) {
      index += word.utf8.count
      return value
    }
    throw malformed("True or False")
  }

  /// `()`, `(3,)`, `(3, 4)`
  mutating func tuple() throws(Diagnostic) -> [Int] {
    var sizes: [Int] = []
    try expect("(")
    while !skip(")") {
      sizes.append(try size())
      if skip(",") { continue }
      if sizes.count == 1 { throw malformed("','") }
      try expect(")")
      break
    }
    return sizes
  }

  private mutating func size() throws(Diagnostic) -> Int {
    _ = next
    let digits = bytes[index...].prefix { $0 >= UInt8(ascii: "0") && $0 <= UInt8(ascii: "9") }
    if digits.isEmpty { throw malformed("a size") }
    guard let value = Int(String(decoding: digits, as: UTF8.self)) else {
      throw Diagnostic("npy header: a size is out of range")
    }
    index = digits.endIndex
    return value
  }
}
