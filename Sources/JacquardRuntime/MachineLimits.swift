import CJacquard
import JacquardCore

/// What a machine can do at most with a number of threads: what a kernel's speed is held against.
public struct MachineLimits: Hashable, Sendable {
  /// Milliards of f32 operations a second: a multiplication and an addition count two.
  public var gigaflops: Double
  /// Milliards of bytes a second that pass between memory and processor: of a triad a = b + f c, two arrays read and one written.
  public var gigabytes: Double

  /// Limits that are known.
  public init(gigaflops: Double, gigabytes: Double) {
    self.gigaflops = gigaflops
    self.gigabytes = gigabytes
  }

  /// Measures both for about 0.2 seconds.
  ///
  /// - Parameters:
  ///   - threads: 1 to 64.
  ///   - bytes: over which the triad runs, at most 256 MiB and at least 1 MiB: as many as the step touches whose kernels are to be judged,
  ///     so that it uses the same caches.
  /// - Throws: `Diagnostic` if there is no such memory.
  public static func measured(threads: Int, bytes: Int) throws -> MachineLimits {
    let count = min(max(bytes, 1 << 20), 1 << 28) / (3 * 4) / 16 * 16
    let memory = try AlignedMemory(3 * 4 * count)
    var limits = MachineLimits(gigaflops: 0, gigabytes: 0)
    jq_measure_limits(
      Int32(threads), 200_000_000, memory.bytes.bindMemory(to: Float.self, capacity: 3 * count), count,
      &limits.gigaflops, &limits.gigabytes)
    return limits
  }

  /// Nanoseconds that some work takes at least.
  public func nanoseconds(operations: Double, bytes: Double) -> Double {
    max(operations / gigaflops, bytes / gigabytes)
  }
}
