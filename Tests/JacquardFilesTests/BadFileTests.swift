import JacquardCore
import JacquardFiles
import Testing

/// A file that must be refused, and a part of the one line that says why.
struct BadFile: Sendable, CustomStringConvertible {
  enum Format: Sendable { case npy, npz, safetensors, json, idx, gzip, png }

  let format: Format
  let bytes: [UInt8]
  let reason: String
  var description: String { "\(format): \(reason)" }

  init(_ format: Format, _ bytes: [UInt8], _ reason: String) {
    (self.format, self.bytes, self.reason) = (format, bytes, reason)
  }

  init(_ text: String, _ reason: String) { self.init(.json, Array(text.utf8), reason) }

  func open(_ path: String) throws {
    switch format {
    case .npy: _ = try Npy.read(path)
    case .npz: _ = try NpzFile(path).tensors()
    case .safetensors: _ = try SafetensorsFile(path).tensors()
    case .json: _ = try JSONValue.read(path)
    case .idx: _ = try IDX.read(path, limit: 1 << 30)
    case .gzip: _ = try FileBytes.read(path, limit: 1 << 20, inflating: true)
    case .png: _ = try PNG.read(path)
    }
  }
}

struct BadFileTests {
  /// One line that names the file; never a trap, never nothing.
  @Test(arguments: Self.npy + Self.npz + Self.safetensors + Self.json + Self.idx + Self.gzip + Self.png)
  func isRefused(file: BadFile) throws {
    let folder = try TemporaryFolder()
    let path = try folder.file("bad", file.bytes)
    let line = message { try file.open(path) }
    #expect(line?.hasPrefix(path) == true && line?.contains(file.reason) == true, "\(line ?? "was accepted")")
    #expect(line?.contains("\n") == false)
  }

  @Test func thereAreEnough() {
    let count = [Self.npy, Self.npz, Self.safetensors, Self.json, Self.idx, Self.gzip, Self.png].joined()
      .count
    #expect(count >= 100)
  }
}

// MARK: - npy and npz

private func header(_ type: String, _ shape: String) -> String {
  "{'descr': '\(type)', 'fortran_order': False, 'shape': \(shape), }"
}

private func bytes(_ name: String) -> [UInt8] { (try? fixtureBytes(name)) ?? [] }

extension BadFileTests {
  static let npy: [BadFile] =
    [
      (bytes("bad_big_endian.npy"), "big-endian"), (bytes("bad_object.npy"), "pickled"),
      (bytes("bad_structured.npy"), "records"), (bytes("bad_text.npy"), "element type '<U2'"),
      (bytes("bad_complex.npy"), "element type '<c8'"),
      ([], "truncated"),
      (Array("hello world".utf8), "not an npy file"),
      (Array(bytes("f32_2x3.npy").dropLast()), "needs 24 bytes"),
      (bytes("f32_2x3.npy") + [0], "bytes after"), (Array(bytes("f32_2x3.npy")[..<9]), "truncated"),
      (Array(bytes("f32_2x3.npy")[..<60]), "truncated"), (npyFile("", [], version: 4), "version 4.0"),
      (npyFile("{}", []), "needs the keys"), (npyFile("", []), "expected '{'"),
      (npyFile("{'descr': '<f4'", []), "expected '}'"), (npyFile("{'descr': '<f4}", []), "a string"),
      (npyFile(header("<f4", "(2)"), []), "expected ','"), (npyFile(header("<f4", "(-1,)"), []), "a size"),
      (npyFile(header("<f4", "(1.5,)"), []), "expected"), (npyFile(header("<f4", "3"), []), "expected '('"),
      (npyFile(header("<f4", "(1,)") + "x", [0, 0, 0, 0]), "the end"),
      (npyFile(header("<f4", "(1,), 'x': 1"), []), "unexpected key 'x'"),
      (npyFile(header("<f4", "(1,), 'descr': '<f4'"), []), "unexpected key 'descr'"),
      (npyFile(header("<f4", "(99999999999999999999,)"), []), "out of range"),
      (npyFile(header("<f4", "(4611686018427387904, 4)"), []), "out of range"),
      (npyFile(header("<f8", "(0, 4611686018427387904, 4)"), []), "out of range"),
      (npyFile(header("<f4", "(1000000000000,)"), [0, 0, 0, 0]), "truncated"),
      (npyFile(header("<f4", "(\(String(repeating: "1,", count: 17)))"), [0, 0, 0, 0]), "17 axes"),
      (npyFile(header("|b1", "(3,)"), [0, 1, 2]), "bool element 2"),
      (npyFile(header("\\u003cf4", "(1,)"), []), "a plain string"),
      (npyFile("{'descr': '<f4', 'fortran_order': Maybe, 'shape': ()}", []), "True or False"),
      ([0x93] + Array("NUMPY".utf8) + [2, 0, 255, 255, 255, 255], "header of 4294967295 bytes"),
    ].map { BadFile(.npy, $0.0, $0.1) }

  static let npz: [BadFile] = {
    let (stored, deflated) = (bytes("stored.npz"), bytes("deflated.npz"))
    return [
      ([], "not a zip archive"), (Array(stored.dropLast()), "not a zip archive"),
      (stored + [1], "not a zip archive"),
      (replaced(stored, -12, little(0xFFFF, 2)), "damaged directory"),
      (replaced(stored, -8, [1]), "directory outside"),
      (replaced(stored, -6, [255]), "directory"),
      (replaced(stored, -14, [9]), "split"), (replaced(stored, -14, [9, 0, 9]), "damaged directory"),
      (replaced(stored, 200, [77]), "check sum"), (replaced(deflated, 120, [0, 0, 0, 0]), "'weight.npy'"),
      (replaced(stored, 0, [0]), "differs from the directory"),
      (replaced(stored, 30, [0x58]), "differs from"),
      (replacedInDirectory(stored, 8, [1]), "encrypted"),
      (replacedInDirectory(stored, 10, [12]), "method 12"),
      (replacedInDirectory(stored, 24, [0, 0, 0, 1]), "sizes that cannot be right"),
      (replacedInDirectory(stored, 24, [255, 255, 255, 255]), "lacks its 64-bit sizes"),
      (replacedInDirectory(deflated, 24, [0, 0, 0, 1]), "'weight.npy'"),
      (replacedInDirectory(stored, 46, [0xFF]), "damaged directory"),
      (replacedInDirectory(stored, 28, [255]), "damaged directory"),
    ].map { BadFile(.npz, $0.0, $0.1) }
  }()

  private static func replaced(_ bytes: [UInt8], _ position: Int, _ part: [UInt8]) -> [UInt8] {
    var copy = bytes
    let start = position < 0 ? bytes.count + position : position
    if start >= 0, start + part.count <= copy.count {
      copy.replaceSubrange(start..<start + part.count, with: part)
    }
    return copy
  }

  /// Changes the first entry of a zip archive's directory.
  private static func replacedInDirectory(_ bytes: [UInt8], _ offset: Int, _ part: [UInt8]) -> [UInt8] {
    guard let start = bytes.firstRange(of: [0x50, 0x4B, 1, 2])?.lowerBound else { return bytes }
    return replaced(bytes, start + offset, part)
  }
}

// MARK: - safetensors

private func safetensorsFile(_ header: String, _ data: Int) -> [UInt8] {
  little(header.utf8.count, 8) + Array(header.utf8) + [UInt8](repeating: 0, count: data)
}

private func entry(_ name: String, _ type: String, _ shape: String, _ start: Int, _ end: Int) -> String {
  "\"\(name)\":{\"dtype\":\"\(type)\",\"shape\":\(shape),\"data_offsets\":[\(start),\(end)]}"
}

extension BadFileTests {
  static let safetensors: [BadFile] = {
    let a = entry("a", "F32", "[2]", 0, 8)
    let made = { (header: String, data: Int) in safetensorsFile(header, data) }
    return [
      ([], "truncated"), ([1, 0, 0], "truncated"), (little(-1, 8), "claims a header"),
      (little(100_000_001, 8), "claims a header of 100000001"), (little(100, 8) + [123], "truncated"),
      (little(0, 8), "header:1:1: expected a value"), (made("[]", 0), "expected an object"),
      (made("{\(a)", 8), "expected ',' or '}'"),
      (made("{\(a),\(a)}", 8), "key 'a' stands here for the second time"),
      (made("{\(a)}", 7), "not in 0...7"), (made("{\(a)}", 9), "1 bytes after"),
      (made("{\(a),\(entry("b", "F32", "[2]", 4, 12))}", 12), "'b' overlaps"),
      (made("{\(a),\(entry("b", "F32", "[1]", 12, 16))}", 16), "'b' leaves a gap"),
      (made("{\(entry("a", "F32", "[1]", 4, 8))}", 8), "'a' leaves a gap"),
      (made("{\(entry("a", "F32", "[3]", 0, 8))}", 8), "needs other offsets"),
      (made("{\(entry("a", "F32", "[2]", 8, 0))}", 8), "data_offsets"),
      (made("{\(entry("a", "F32", "[-2]", 0, 8))}", 8), "not in 0..."),
      (made("{\(entry("a", "F32", "[2.0]", 0, 8))}", 8), "expected an integer"),
      (made("{\(entry("a", "F32", "2", 0, 8))}", 8), "expected an array"),
      (made("{\(entry("a", "F7", "[2]", 0, 8))}", 8), "unknown element type 'F7'"),
      (made("{\(entry("a", "F64", "[4611686018427387904,4]", 0, 8))}", 8), "out of range"),
      (made("{\(entry("a", "F64", "[1152921504606846976]", 0, 8))}", 8), "size overflows"),
      (made("{\"a\":{\"dtype\":\"F32\",\"shape\":[]}}", 4), "key 'data_offsets' is missing"),
      (made("{\"a\":{\"dtype\":\"F32\",\"shape\":[],\"x\":1}}", 4), "unknown key 'x'"),
      (made("{\"__metadata__\":{\"a\":1}}", 0), "expected a string"),
      (made("{\"__metadata__\":[]}", 0), "an object"),
      (made("{\"a\":[[[[[]]]]]}", 0), "nested too deeply"), (made("{} x", 0), "expected the end"),
      (made("{\(entry("m", "BOOL", "[2]", 0, 2))}", 0) + [1, 7], "bool element 1"),
      (made("{\(entry("h", "F8_E4M3", "[4]", 0, 4))}", 4), "element type F8_E4M3"),
    ].map { BadFile(.safetensors, $0.0, $0.1) }
  }()
}

// MARK: - JSON

extension BadFileTests {
  static let json: [BadFile] =
    [
      ("", "1:1: expected a value, found the end"), ("\u{FEFF}{}", "byte-order mark"),
      ("[1,]", "1:4: expected a value"),
      ("[1 2]", "1:4: expected ',' or ']', found '2'"), ("{\"a\" 1}", "1:6: expected ':'"),
      ("{\"a\":1,}", "1:8: expected a key in quotes"), ("{a:1}", "1:2: expected a key in quotes"),
      ("[", "the end"),
      ("\n\n  nul", "3:3: expected a value"), ("01", "1:2: expected the end"),
      ("1.", "1:3: expected a digit"),
      ("-", "1:2: expected a digit"), (".5", "1:1: expected a value"), ("+1", "1:1: expected a value"),
      ("1e", "1:3: expected a digit"), ("1e+", "1:4: expected a digit"), ("NaN", "1:1: expected a value"),
      ("9223372036854775808", "does not fit in 64 bits"), ("-9223372036854775809", "does not fit in 64 bits"),
      ("1e999", "too large"), (String(repeating: "1", count: 2000), "too long"),
      ("\"a", "ends inside a string"),
      ("\"a\nb\"", "1:3: control character"), ("\"\\x\"", "1:3: expected an escape"),
      ("\"\\u12g4\"", "hexadecimal"),
      ("\"\\ud800\"", "1:2: a surrogate"), ("\"\\udc00\"", "surrogate"), ("\"\\ud800\\u0041\"", "surrogate"),
      ("\"\\ud800\\n\"", "surrogate"),
      ("{\"a\":1,\n\"a\":2}", "2:1: key 'a' stands here for the second time"),
      ("{\"\\u0061\":1,\"a\":2}", "second time"), ("[1] []", "1:5: expected the end"),
      ("/* */ 1", "expected a value"),
      ("'a'", "expected a value"), ("[\u{A0}1]", "found byte 0xc2"), ("[1\u{0}]", "found byte 0x0"),
      ("{\((0..<20).map { "\"k\($0)\":0," }.joined())\"k3\":0}", "key 'k3'"),
    ].map { BadFile($0.0, $0.1) } + [
      BadFile(.json, [34, 0xFF, 34], "1:1: the string is not valid UTF-8"),
      BadFile(.json, [34, 0xED, 0xA0, 0x80, 34], "not valid UTF-8"),
      BadFile(.json, [34, 0xC0, 0x80, 34], "UTF-8"),
    ]
}

// MARK: - Data files

extension BadFileTests {
  private static func idx(_ type: UInt8, _ sizes: [[UInt8]], _ data: Int) -> [UInt8] {
    [0, 0, type, UInt8(sizes.count)] + sizes.joined() + [UInt8](repeating: 0, count: data)
  }

  static let idx: [BadFile] = {
    let packed = bytes("images.idx3.gz")
    let huge: [UInt8] = [255, 255, 255, 255]
    return [
      ([], "truncated"), ([0, 0, 8], "truncated"), ([1, 0, 8, 1, 0, 0, 0, 0], "not an IDX file"),
      (Self.idx(13, [[0, 0, 0, 1]], 4), "element type 0xd"),
      (Self.idx(8, [[0, 0, 0, 2]], 1), "needs 2 bytes"),
      (Self.idx(8, [[0, 0, 0, 2]], 3), "bytes after"), (Self.idx(8, [huge, huge], 3), "out of range"),
      (Self.idx(8, [huge], 3), "truncated"), (Self.idx(8, [[0, 0, 0, 1], [0, 0]], 0), "truncated"),
      (Self.idx(8, [[UInt8]](repeating: [0, 0, 0, 1], count: 17), 1), "17 axes"),
      (Array(packed.dropLast(9)), "truncated"), (packed + [0], "truncated"),
      (packed + [1, 2, 3, 4], "not validly"),
    ].map { BadFile(.idx, $0.0, $0.1) }
  }()

  static let gzip: [BadFile] = {
    let packed = bytes("two_members.gz")
    var damaged = packed
    if damaged.count > 20 { damaged[20] ^= 0xFF }
    return [
      (Array(packed.dropLast()), "truncated"), (Array(packed[..<12]), "truncated"),
      ([0x1F, 0x8B], "truncated"),
      ([0x1F, 0x8B, 7, 0, 0, 0], "not validly compressed"), (damaged, "not validly compressed"),
    ].map { BadFile(.gzip, $0.0, $0.1) }
  }()

  static let png: [BadFile] = {
    let image = bytes("rgb.png")
    var damaged = image
    if damaged.count > 50 { damaged[50] ^= 0x55 }
    var wide = image
    if wide.count > 20 { wide.replaceSubrange(16..<20, with: [0, 15, 0, 0]) }
    return [
      ([], "not a valid PNG"), (Array("GIF89a, not a PNG file".utf8), "not a valid PNG"),
      (Array(image[..<30]), "not a valid PNG"), (Array(image[..<50]), "not a valid PNG"),
      (damaged, "not a valid PNG"),
      (wide, "not a valid PNG"),
    ].map { BadFile(.png, $0.0, $0.1) }
  }()
}
