import JacquardCore
import JacquardFiles
import Testing

struct IDXTests {
  @Test(arguments: ["images.idx3", "images.idx3.gz"])
  func golden(file: String) throws {
    let expected = try pattern(.u8, [3, 2, 2])
    let pair = try IDX.pair(images: fixture(file), labels: fixture("labels.idx1"), classes: 10)
    #expect(pair.images == expected && pair.labels.elements(UInt8.self) == [0, 7, 9])
  }

  @Test func limitsAndRanges() throws {
    let folder = try TemporaryFolder()
    let two = try folder.file("two", [0, 0, 8, 1, 0, 0, 0, 2, 1, 1])
    let errors = [
      message { _ = try IDX.labels(fixture("labels.idx1"), classes: 9) },
      message { _ = try IDX.labels(fixture("images.idx3")) }, message { _ = try IDX.images(two) },
      message { _ = try IDX.pair(images: fixture("images.idx3"), labels: two) },
      message { _ = try IDX.read(fixture("images.idx3.gz"), limit: 20) },
    ]
    let parts = [
      "label 9 at 2 is not below 9", "not labels", "not images", "2 labels for the 3 images", "truncated",
    ]
    #expect(zip(errors, parts).allSatisfy { $0?.contains($1) == true }, "\(errors)")
  }
}

struct GzipTests {
  @Test(arguments: [0, 1, 100, 65_536, 1_000_003])
  func roundTrip(count: Int) throws {
    var generator = SeededGenerator(state: UInt64(count))
    let bytes = (0..<count).map { _ in UInt8.random(in: 0...31, using: &generator) }
    let packed = try Gzip.deflate(bytes)
    #expect(try Gzip.inflate(packed, name: "x", limit: count) == bytes)
    #expect(try Gzip.deflate(bytes) == packed)
    if count > 0 {
      #expect(
        message { _ = try Gzip.inflate(packed, name: "x", limit: count - 1) }?.contains("limit") == true)
    }
  }

  @Test func severalMembers() throws {
    let bytes = try FileBytes.read(fixture("two_members.gz"), limit: 100, inflating: true)
    #expect(String(decoding: bytes, as: UTF8.self) == "hello world")
  }

  /// 100 MB of zeros in 100 kB are refused without being made.
  @Test func bomb() throws {
    let bomb = try Gzip.deflate([UInt8](repeating: 0, count: 100_000_000), level: 9)
    #expect(message { _ = try Gzip.inflate(bomb, name: "x", limit: 1_000_000) }?.contains("limit") == true)
  }
}

struct PNGTests {
  @Test(
    arguments: [
      ("gray", [2, 3, 1], [0, 128, 255, 1, 2, 3]), ("gray1", [2, 3, 1], [255, 0, 255, 0, 255, 0]),
      ("gray16", [1, 2, 1], [100, 255]), ("gray_alpha", [1, 2, 1], [10, 20]),
      ("rgb", [1, 2, 3], [1, 2, 3, 250, 251, 252]), ("rgb16", [1, 1, 3], [7, 8, 9]),
      ("rgba", [1, 2, 3], [1, 2, 3, 250, 251, 252]), ("palette", [1, 2, 3], [200, 100, 50, 9, 8, 7]),
      ("palette_alpha", [1, 2, 3], [200, 100, 50, 9, 8, 7]),
    ] as [(String, [Int], [UInt8])])
  func golden(file: String, sizes: [Int], pixels: [UInt8]) throws {
    let image = try PNG.read(fixture("\(file).png"))
    #expect(image.sizes == sizes && image.elements(UInt8.self) == pixels)
  }

  @Test func limit() throws {
    #expect(
      message { _ = try PNG.decode(fixtureBytes("rgb.png"), name: "x", limit: 5) }?.contains("more") == true)
  }
}

struct SHA256Tests {
  /// FIPS 180-4 examples and NIST's byte-oriented short messages.
  @Test(arguments: [
    ("", "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"),
    ("abc", "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"),
    (
      "abcdbcdecdefdefgefghfghighijhijkijkljklmklmnlmnomnopnopq",
      "248d6a61d20638b8e5c026930c3e6039a33ce45964ff2167f6ecedd419db06c1"
    ),
    (
      "abcdefghbcdefghicdefghijdefghijkefghijklfghijklmghijklmnhijklmnoijklmnopjklmnopqklmnopqrlmnopqrsmnopqrstnopqrstu",
      "cf5b16a778af8380036ce59e7b0492370b249b11e8f07a51afac45037afee9d1"
    ),
    (
      String(repeating: "a", count: 1_000_000),
      "cdc76e5c9914fb9281a1c7e284d73e67f1809a48a497200e046d39ccc7112cd0"
    ),
  ])
  func vectors(text: String, hex: String) {
    #expect(SHA256.hex(of: Array(text.utf8)) == hex)
  }

  /// NIST SHA256ShortMsg: 1 and 4 bytes.
  @Test(
    arguments: [
      ([0xD3], "28969cdfa74a12c82f3bad960b0b000aca2ac329deea5c2328ebc6f2ba9802c1"),
      ([0x74, 0xBA, 0x25, 0x21], "b16aa56be3880d18cd41e68384cf1ec8c17680c45a02b1575dc1518923ae8b0e"),
    ] as [([UInt8], String)])
  func shortMessages(bytes: [UInt8], hex: String) {
    #expect(SHA256.hex(of: bytes) == hex)
  }

  /// The same bytes in pieces of every size around a block.
  @Test func pieces() throws {
    let bytes = (0..<1000).map { UInt8(truncatingIfNeeded: $0 &* 37) }
    let whole = SHA256.hex(of: bytes)
    let different = [1, 3, 55, 56, 63, 64, 65, 127, 128, 129, 999].filter { size in
      var hash = SHA256()
      for start in stride(from: 0, to: bytes.count, by: size) {
        hash.update(Array(bytes[start..<min(start + size, bytes.count)]))
      }
      return hash.hexDigest() != whole
    }
    let tensor = try HostTensor(bytes, [10, 100])
    #expect(different == [] && SHA256.hex(of: tensor) == whole)
  }
}
