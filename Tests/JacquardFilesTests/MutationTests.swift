import JacquardCore
import JacquardFiles
import Testing

/// Files changed at random, with a seed: each is read or refused with one line, and nothing traps.
struct MutationTests {
  /// Reads whatever can be read of one format; writes what was read and reads it again.
  enum Format: String, CaseIterable, Sendable {
    case npy, safetensors, json, npz, idx, png, csv

    var seeds: [[UInt8]] {
      get throws {
        switch self {
        case .npy:
          try ["f32_2x3.npy", "fortran_u8_3x2.npy", "bool_4.npy", "f64_scalar.npy"].map(fixtureBytes)
        case .safetensors: try ["canonical.safetensors", "unordered.safetensors"].map(fixtureBytes)
        case .json: [Array(Self.graph.utf8)]
        case .npz: try ["stored.npz", "deflated.npz"].map(fixtureBytes)
        case .idx: try ["images.idx3", "images.idx3.gz"].map(fixtureBytes)
        case .png: try ["rgb.png", "rgba.png", "palette.png", "gray16.png"].map(fixtureBytes)
        case .csv: [Array("a,b,\"c\"\r\n1,2.5,\"x\"\"y\"\n-3,1e4,z\n".utf8)]
        }
      }
    }

    private static let graph = """
      { "format": "jacquard.graph", "version": 1, "name": "mlp\\u00e9\\ud83d\\ude00",
        "inputs": [{"name": "x", "type": "f32[N,784]", "sample": {"kind": "uniform", "low": -0.5, "high": 1e0}}],
        "nodes": [
          {"name": "h", "op": "dot", "inputs": ["x", "hidden/weight"], "attributes": {"axis": [-1, 2], "on": true}},
          {"name": "y", "op": "relu", "inputs": ["h"], "attributes": {}, "type": null}
        ] }
      """

    /// Whether what was read survives being written and read.
    func survives(_ bytes: [UInt8], _ folder: TemporaryFolder) throws -> Bool {
      switch self {
      case .npy: _ = try Npy.read(bytes, name: "x")
      case .json:
        let value = try JSONValue.parse(bytes, file: "x")
        return try JSONValue.parse(value.utf8(.document), file: "x") == value
      case .safetensors: _ = try SafetensorsFile(folder.file("x", bytes)).tensors()
      case .npz: _ = try NpzFile(folder.file("x", bytes)).tensors()
      case .idx: _ = try IDX.read(folder.file("x", bytes), limit: 1 << 24)
      case .png: _ = try PNG.decode(bytes, name: "x", limit: 1 << 24)
      case .csv: _ = try CSVTable.parse(bytes, file: "x")
      }
      return true
    }

    var count: Int { [.npy, .safetensors, .json].contains(self) ? 10_000 : 2_000 }
  }

  @Test(arguments: Format.allCases)
  func neverTraps(format: Format) throws {
    let folder = try TemporaryFolder()
    let seeds = try format.seeds
    var generator = SeededGenerator(state: UInt64(format.rawValue.utf8.reduce(0) { $0 * 31 + Int($1) }))
    var (read, refused, other) = (0, 0, 0)
    for index in 0..<format.count {
      var bytes = seeds[index % seeds.count]
      for _ in 0...Int.random(in: 0...3, using: &generator) { mutate(&bytes, &generator) }
      do { if try format.survives(bytes, folder) { read += 1 } else { other += 1 } } catch let error
        as Diagnostic
      {
        refused += 1
        if error.description.contains("\n") || error.description.utf8.count > 4096 { other += 1 }
      } catch { other += 1 }
    }
    #expect(
      other == 0 && read > 0 && refused > format.count / 4, "\(read) read, \(refused) refused, \(other) wrong"
    )
  }

  /// Flips, replaces, removes, doubles, cuts off, or turns a digit into another.
  private func mutate(_ bytes: inout [UInt8], _ generator: inout SeededGenerator) {
    guard !bytes.isEmpty else { return bytes.append(UInt8.random(in: 0...255, using: &generator)) }
    let start = Int.random(in: 0..<bytes.count, using: &generator)
    let end = min(bytes.count, start + Int.random(in: 1...12, using: &generator))
    switch Int.random(in: 0..<7, using: &generator) {
    case 0: bytes[start] ^= 1 << UInt8.random(in: 0..<8, using: &generator)
    case 1: bytes[start] = [0, 255, 34, 44, 91, 123, 45, 57].randomElement(using: &generator) ?? 0
    case 2: bytes.removeSubrange(start..<end)
    case 3: bytes.insert(contentsOf: bytes[start..<end], at: start)
    case 4: bytes.removeLast(bytes.count - start)
    case 5: bytes.append(contentsOf: bytes[start..<end])
    default:
      let digits = bytes.indices.filter { bytes[$0] >= 48 && bytes[$0] <= 57 }
      if let place = digits.randomElement(using: &generator) {
        bytes[place] = UInt8.random(in: 48...57, using: &generator)
      }
    }
  }
}
