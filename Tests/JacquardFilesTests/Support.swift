import Foundation
import JacquardCore
import JacquardFiles

/// The path of a committed file.
func fixture(_ name: String) -> String {
  let folder = #filePath.split(separator: "/", omittingEmptySubsequences: false).dropLast()
  return folder.joined(separator: "/") + "/Fixtures/" + name
}

func fixtureBytes(_ name: String) throws -> [UInt8] { try FileBytes.read(fixture(name), limit: 1 << 20) }

/// A folder that is removed, with all in it, when the test ends.
final class TemporaryFolder {
  let path: String

  init() throws {
    let url = FileManager.default.temporaryDirectory.appendingPathComponent(UUID().uuidString)
    try FileManager.default.createDirectory(at: url, withIntermediateDirectories: true)
    path = url.path
  }

  deinit { try? FileManager.default.removeItem(atPath: path) }

  func file(_ name: String) -> String { "\(path)/\(name)" }

  /// A file with that content, written without care for disks.
  func file(_ name: String, _ bytes: [UInt8]) throws -> String {
    try Data(bytes).write(to: URL(fileURLWithPath: file(name)))
    return file(name)
  }

  var names: [String] { (try? FileManager.default.contentsOfDirectory(atPath: path).sorted()) ?? [] }
}

/// The one line that a wrong call throws, or nil if it throws nothing.
func message(_ body: () throws -> Void) -> String? {
  do { try body() } catch { return (error as? Diagnostic)?.description ?? "not a Diagnostic: \(error)" }
  return nil
}

/// The pattern of `make.py`: what stands at each position in C order.
func pattern(_ dtype: DType, _ sizes: [Int]) throws -> HostTensor {
  let count = sizes.reduce(1, *)
  let scalars = (0..<count).map { index -> Scalar in
    switch dtype {
    case .f32, .f64, .f16, .bf16: .float(Double(index) * 0.5 - 1)
    case .i8, .i16, .i32, .i64: .int(Int64(index) * 3 - 1)
    case .u8, .u16, .u32, .u64: .int(Int64(UInt8(truncatingIfNeeded: index * 7)))
    case .bool: .bool(index % 3 == 0)
    }
  }
  return try HostTensor(dtype, sizes, scalars)
}

/// The processor time of this thread, which other processes do not lengthen.
func threadSeconds() -> Double {
  var time = timespec()
  clock_gettime(CLOCK_THREAD_CPUTIME_ID, &time)
  return Double(time.tv_sec) + Double(time.tv_nsec) * 1e-9
}

/// Little-endian bytes.
func little(_ value: Int, _ count: Int) -> [UInt8] {
  (0..<count).map { UInt8(truncatingIfNeeded: value >> (8 * $0)) }
}

/// SplitMix64: the same numbers on every machine.
struct SeededGenerator: RandomNumberGenerator {
  var state: UInt64

  mutating func next() -> UInt64 {
    state &+= 0x9E37_79B9_7F4A_7C15
    var z = state
    z = (z ^ (z >> 30)) &* 0xBF58_476D_1CE4_E5B9
    z = (z ^ (z >> 27)) &* 0x94D0_49BB_1331_11EB
    return z ^ (z >> 31)
  }
}
