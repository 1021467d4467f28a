import JacquardCore
import JacquardFiles
import Testing

struct NpzTests {
  static let expected: [(String, DType, [Int])] = [
    ("weight", .f32, [3, 5]), ("a/b", .i64, [2]), ("mask", .bool, [4]), ("fortran", .f64, [2, 3]),
  ]

  @Test(arguments: ["stored.npz", "deflated.npz"])
  func golden(file: String) throws {
    let archive = try NpzFile(fixture(file))
    let read = try archive.tensors()
    for (name, dtype, sizes) in Self.expected {
      let expected = try pattern(dtype, sizes)
      #expect(read[name] == expected)
    }
    #expect(archive.names == Self.expected.map(\.0))
  }

  @Test func roundTrip() throws {
    let folder = try TemporaryFolder()
    var tensors: [String: HostTensor] = [:]
    for (index, dtype) in DType.allCases.enumerated() {
      tensors["t/\(dtype)"] = try pattern(dtype, [index, 3])
      tensors["\(index)\u{E9}"] = try pattern(dtype, [])
    }
    try Npz.write(tensors, to: folder.file("a.npz"))
    try Npz.write(tensors, to: folder.file("b.npz"))
    let (a, b) = (try bytes(folder.file("a.npz")), try bytes(folder.file("b.npz")))
    #expect(try NpzFile(folder.file("a.npz")).tensors() == tensors)
    #expect(a == b)
  }

  private func bytes(_ path: String) throws -> [UInt8] { try FileBytes.read(path, limit: 1 << 20) }

  @Test func emptyArchive() throws {
    let folder = try TemporaryFolder()
    try Npz.write([:], to: folder.file("a.npz"))
    #expect(try NpzFile(folder.file("a.npz")).names.isEmpty)
  }
}

struct SafetensorsTests {
  static let contents: [(String, DType, [Int])] = [
    ("big", .u64, [2]), ("steps", .i64, [2]), ("f64", .f64, []), ("bias", .f32, [3]), ("layer/weight", .f32, [2, 3]),
    ("ids", .u32, [2]), ("labels", .i32, [3]), ("half", .f16, [3]), ("counts", .u16, [2]), ("short", .i16, [2]),
    ("tiny", .i8, [3]), ("image", .u8, [3]), ("mask", .bool, [5]),
  ]

  @Test func golden() throws {
    let file = try SafetensorsFile(fixture("canonical.safetensors"))
    var tensors: [String: HostTensor] = [:]
    for (name, dtype, sizes) in Self.contents { tensors[name] = try pattern(dtype, sizes) }
    let metadata = ["format": "np", "note": "a \"quote\""]
    #expect(try file.tensors() == tensors)
    #expect(file.metadata == metadata && file.entries.map(\.name) == Self.contents.map(\.0))

    let folder = try TemporaryFolder()
    try Safetensors.write(tensors, metadata: metadata, to: folder.file("x"))
    let written = try FileBytes.read(folder.file("x"), limit: 1 << 20)
    #expect(try written == fixtureBytes("canonical.safetensors"))
  }

  /// A foreign element type stops only the tensor that has it.
  @Test func foreignTypes() throws {
    let file = try SafetensorsFile(fixture("unordered.safetensors"))
    let error = message { _ = try file.tensor("b") } ?? ""
    #expect(try file.tensor("a").elements(Float.self) == [1.5])
    #expect(
      file.names == ["a", "b"]
        && error.hasSuffix("'b': element type C64 is not one of F32 F64 I32 I64 U8 BOOL I8 I16 U16 U32 U64 F16 BF16"))
    #expect(message { _ = try file.tensor("c") }?.hasSuffix("has no tensor 'c'") == true)
  }

  @Test func manyThreadsTakeTensors() async throws {
    let file = try SafetensorsFile(fixture("canonical.safetensors"))
    let expected = try pattern(.f32, [2, 3])
    let right = try await withThrowingTaskGroup(of: Bool.self) { group in
      for _ in 0..<64 { group.addTask { try file.tensor("layer/weight") == expected } }
      return try await group.reduce(into: 0) { $0 += $1 ? 1 : 0 }
    }
    #expect(right == 64)
  }

  @Test func emptyAndReserved() throws {
    let folder = try TemporaryFolder()
    try Safetensors.write([:], to: folder.file("x"))
    #expect(try SafetensorsFile(folder.file("x")).entries.isEmpty)
    let error = message {
      try Safetensors.write(["__metadata__": HostTensor(Float(1))], to: folder.file("y"))
    }
    #expect(error?.contains("may not be called") == true && folder.names == ["x"])
  }
}
