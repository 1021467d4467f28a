import Benchmark

/// The benchmark tool looks for this name.
let benchmarks: @Sendable () -> Void = {
  Benchmark.defaultConfiguration = .init(
    metrics: [.wallClock], warmupIterations: 3, maxDuration: .seconds(1), maxIterations: 5000)
  Passes.register()
  Kernels.register()
}
