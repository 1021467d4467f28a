import JacquardCore
import JacquardFiles
import Testing

struct NpyTests {
  static let goldenFiles: [(file: String, dtype: DType, sizes: [Int])] = [
    ("f32_2x3", .f32, [2, 3]), ("f32_7", .f32, [7]), ("f32_scalar", .f32, []),
    ("f64_3x1x2", .f64, [3, 1, 2]),
    ("f64_scalar", .f64, []), ("i32_5", .i32, [5]), ("i32_0x3", .i32, [0, 3]), ("i64_2x2", .i64, [2, 2]),
    ("u8_2x2x2", .u8, [2, 2, 2]), ("u8_130", .u8, [130]), ("bool_4", .bool, [4]), ("bool_scalar", .bool, []),
    ("i8_5", .i8, [5]), ("i16_3x2", .i16, [3, 2]), ("u16_4", .u16, [4]), ("u32_2x3", .u32, [2, 3]),
    ("u64_3", .u64, [3]),
    ("f16_7", .f16, [7]),
    ("fortran_f32_2x3x4", .f32, [2, 3, 4]), ("fortran_f64_5x4", .f64, [5, 4]),
    ("fortran_u8_3x2", .u8, [3, 2]),
    ("fortran_i64_2x3x4x5", .i64, [2, 3, 4, 5]),
    ("version2_f32_2x3", .f32, [2, 3]), ("version3_i64_4", .i64, [4]),
  ]

  /// What NumPy wrote is read; what is written is what NumPy writes, byte for byte.
  @Test(arguments: goldenFiles)
  func golden(file: String, dtype: DType, sizes: [Int]) throws {
    let expected = try pattern(dtype, sizes)
    let read = try Npy.read(fixture("\(file).npy"))
    let folder = try TemporaryFolder()
    try Npy.write(read, to: folder.file("x.npy"))
    let written = try FileBytes.read(folder.file("x.npy"), limit: 1 << 20)
    let isCanonical = !file.contains("fortran") && !file.contains("version")
    let same = try isCanonical ? fixtureBytes("\(file).npy") == written : true
    #expect(read == expected && same && folder.names == ["x.npy"])
    #expect(try Npy.read(written, name: "memory") == expected)
  }

  /// Header text that programs other than NumPy write.
  @Test(arguments: [
    "{\"descr\": \"<f4\", \"fortran_order\": False, \"shape\": (1,)}",
    "{'shape':(1,),'fortran_order':True,'descr':'<f4'}   \n",
    "{'descr':'<f4','fortran_order':False,'shape':(1,),}",
  ])
  func acceptsHeader(text: String) throws {
    let tensor = try Npy.read(npyFile(text, [0, 0, 128, 63]), name: "x")
    #expect(tensor.elements(Float.self) == [1])
  }
}

/// A version 1 file from its parts.
func npyFile(_ header: String, _ data: [UInt8], version: UInt8 = 1) -> [UInt8] {
  let text = Array(header.utf8)
  return [0x93] + Array("NUMPY".utf8) + [version, 0] + little(text.count, version == 1 ? 2 : 4) + text + data
}
