import JacquardCore

/// A file of named tensors in the safetensors format (https://github.com/huggingface/safetensors).
///
/// Opening reads and checks the header only; a tensor's bytes are read when it is taken, straight into its
/// memory. Several threads may take tensors at once.
public struct SafetensorsFile: Sendable {
  /// What the header says of one tensor.
  public struct Entry: Sendable, Hashable {
    /// The tensor's name.
    public let name: String
    /// The element type in the format's spelling: `F32`, `BF16`, ...
    public let elementType: String
    /// The sizes of its axes, outermost first.
    public let sizes: [Int]
    /// Where the elements are in the file.
    public let byteRange: Range<Int>

    /// The element type, or nil if Jacquard has none like it.
    public var dtype: DType? { SafetensorsFormat.dtype(elementType) }
  }

  /// The path as it was given.
  public let path: String
  /// In the order of their bytes.
  public let entries: [Entry]
  /// The texts under `__metadata__`.
  public let metadata: [String: String]
  private let positions: [String: Int]
  private let file: OpenFile

  /// Opens a file and checks its whole header.
  ///
  /// - Throws: `Diagnostic` if the header is damaged or too long, names a tensor twice, has unknown element
  ///   types, or if the tensors overlap, leave gaps or do not fill the file exactly.
  public init(_ path: String) throws(Diagnostic) {
    file = try OpenFile(path)
    self.path = path
    let header = try SafetensorsHeader(file)
    entries = header.entries
    metadata = header.metadata
    positions = Dictionary(uniqueKeysWithValues: entries.enumerated().map { ($1.name, $0) })
  }

  /// The names of all tensors, sorted.
  public var names: [String] { positions.keys.sorted(by: SafetensorsFormat.precedes) }

  /// What the header says of a tensor, or nil if there is none of that name.
  public subscript(name: String) -> Entry? { positions[name].map { entries[$0] } }

  /// Reads a tensor.
  ///
  /// - Throws: `Diagnostic` if there is none of that name, or its element type is not one of Jacquard's.
  public func tensor(_ name: String) throws(Diagnostic) -> HostTensor {
    guard let entry = self[name] else { throw Diagnostic("has no tensor \(quoted(name))", place: path) }
    let place = "\(path): tensor \(quoted(name))"
    guard let dtype = entry.dtype else {
      throw Diagnostic(
        "element type \(entry.elementType) is not one of \(SafetensorsFormat.list)", place: place)
    }
    return try FileStream(file, entry.byteRange, name: place).tensor(dtype, entry.sizes, "the tensor")
  }

  /// Reads all tensors.
  /// - Throws: `Diagnostic` if the element type of one is not one of Jacquard's.
  public func tensors() throws(Diagnostic) -> [String: HostTensor] {
    var result: [String: HostTensor] = [:]
    for entry in entries { result[entry.name] = try tensor(entry.name) }
    return result
  }
}

/// What reader and writer share.
enum SafetensorsFormat {
  static let metadataKey = "__metadata__"
  /// The limit of the format's own library.
  static let longestHeader = 100_000_000

  private static let names: [(DType, String)] = [
    (.f32, "F32"), (.f64, "F64"), (.i32, "I32"), (.i64, "I64"), (.u8, "U8"), (.bool, "BOOL"), (.i8, "I8"),
    (.i16, "I16"), (.u16, "U16"), (.u32, "U32"), (.u64, "U64"), (.f16, "F16"), (.bf16, "BF16"),
  ]

  /// All names, for messages.
  static var list: String { names.map(\.1).joined(separator: " ") }

  /// Bytes an element of each type of the format takes, also of those that Jacquard does not have.
  static let byteSizes: [String: Int] = [
    "BOOL": 1, "U8": 1, "I8": 1, "F8_E5M2": 1, "F8_E4M3": 1, "F8_E8M0": 1, "I16": 2, "U16": 2, "F16": 2,
    "BF16": 2, "I32": 4, "U32": 4, "F32": 4, "F64": 8, "I64": 8, "U64": 8, "C64": 8,
  ]

  static func dtype(_ text: String) -> DType? { names.first { $0.1 == text }?.0 }

  static func text(_ dtype: DType) -> String { names.first { $0.0 == dtype }?.1 ?? "" }

  /// The order of names: by bytes, the same on every machine.
  static func precedes(_ a: String, _ b: String) -> Bool { a.utf8.lexicographicallyPrecedes(b.utf8) }
}
