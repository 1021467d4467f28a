// swift-tools-version: 6.1
import PackageDescription

// A package of its own, so that whoever builds or uses Jacquard does not build benchmarks and what they depend on.
let package = Package(
  name: "JacquardBenchmarks",
  dependencies: [
    .package(name: "Jacquard", path: ".."),
    .package(url: "https://github.com/apple/swift-argument-parser", from: "1.8.2"),
    // Without traits: those count allocations by replacing the process's allocator.
    .package(url: "https://github.com/ordo-one/benchmark", from: "1.38.1", traits: []),
  ],
  targets: [
    // The benchmark plugin runs the executables whose folder lies in one called `Benchmarks`.
    .executableTarget(
      name: "Micro",
      dependencies: [
        .product(name: "Jacquard", package: "Jacquard"), .product(name: "Benchmark", package: "benchmark"),
      ],
      path: "Micro", plugins: [.plugin(name: "BenchmarkPlugin", package: "benchmark")]),
    .target(name: "DrawnShapes", dependencies: [.product(name: "Jacquard", package: "Jacquard")]),
    .executableTarget(
      name: "benchmark-shapes",
      dependencies: ["DrawnShapes", .product(name: "ArgumentParser", package: "swift-argument-parser")],
      path: "Sources/BenchmarkShapes"),
    .testTarget(name: "DrawnShapesTests", dependencies: ["DrawnShapes"]),
  ]
)
