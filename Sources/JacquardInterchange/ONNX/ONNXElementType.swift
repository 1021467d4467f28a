import JacquardCore

/// The numbers by which ONNX calls element types.
enum ONNXElementType {
  private static let types: [Int32: DType] = [
    1: .f32, 2: .u8, 3: .i8, 4: .u16, 5: .i16, 6: .i32, 7: .i64, 9: .bool, 10: .f16, 11: .f64, 12: .u32, 13: .u64,
    16: .bf16,
  ]

  private static let foreign: [Int32: String] = [
    8: "string", 14: "complex64", 15: "complex128", 17: "float8e4m3fn", 18: "float8e4m3fnuz", 19: "float8e5m2",
    20: "float8e5m2fnuz", 21: "uint4", 22: "int4", 23: "float4e2m1", 24: "float8e8m0", 25: "uint2", 26: "int2",
    27: "float6e2m3", 28: "float6e3m2",
  ]

  /// - Throws: `Diagnostic` for a number that stands for nothing, or for a type that Jacquard does not have.
  static func dtype(_ number: Int32) throws(Diagnostic) -> DType {
    if let type = types[number] { return type }
    throw Diagnostic(foreign[number].map { "unsupported element type: \($0)" } ?? "\(number) is no element type")
  }

  /// The number of an element type.
  static func number(_ dtype: DType) -> Int32 { numbers[dtype] ?? 0 }

  private static let numbers = Dictionary(uniqueKeysWithValues: types.map { ($0.value, $0.key) })
}
