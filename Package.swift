// swift-tools-version: 6.1
import PackageDescription

/// Debian names LLVM's OpenMP library `omp5`; other systems `omp`; GCC's `gomp` serves as well.
let openMP = Context.environment["JACQUARD_OPENMP"] ?? "omp5"

let package = Package(
  name: "Jacquard",
  products: [
    .library(name: "Jacquard", targets: ["Jacquard"]),
    .executable(name: "jacquard", targets: ["JacquardCLI"]),
    .executable(name: "workshop", targets: ["Workshop"]),
  ],
  dependencies: [
    .package(url: "https://github.com/apple/swift-argument-parser", from: "1.8.2"),
    .package(url: "https://github.com/apple/swift-protobuf", from: "1.39.0"),
  ],
  targets: [
    .systemLibrary(
      name: "COpenBLAS", pkgConfig: "openblas", providers: [.apt(["libopenblas-dev"]), .brew(["openblas"])]),
    .systemLibrary(name: "CZlib", pkgConfig: "zlib", providers: [.apt(["zlib1g-dev"]), .brew(["zlib"])]),
    .systemLibrary(name: "CPng", pkgConfig: "libpng", providers: [.apt(["libpng-dev"]), .brew(["libpng"])]),
    .target(
      name: "CJacquard", dependencies: ["COpenBLAS"],
      cSettings: [.define("NDEBUG", .when(configuration: .release))],
      linkerSettings: [.linkedLibrary(openMP, .when(platforms: [.linux])), .linkedLibrary("m")]),
    .target(name: "JacquardCore"),
    .target(name: "JacquardFiles", dependencies: ["JacquardCore", "CZlib", "CPng"]),
    .target(name: "JacquardKernels", dependencies: ["JacquardCore"]),
    .target(name: "JacquardIR", dependencies: ["JacquardKernels", "JacquardFiles"]),
    .target(name: "JacquardOps", dependencies: ["JacquardIR"]),
    .target(name: "JacquardTransforms", dependencies: ["JacquardOps"]),
    .target(name: "JacquardPlanner", dependencies: ["JacquardTransforms"]),
    .target(name: "JacquardCodegen", dependencies: ["JacquardPlanner"]),
    .target(name: "JacquardRuntime", dependencies: ["JacquardCodegen", "CJacquard"]),
    .target(
      name: "JacquardInterchange",
      dependencies: ["JacquardOps", .product(name: "SwiftProtobuf", package: "swift-protobuf")],
      exclude: ["ONNX/Proto/onnx.proto"]),
    .target(name: "Jacquard", dependencies: ["JacquardRuntime", "JacquardInterchange"]),
    .executableTarget(
      name: "JacquardCLI",
      dependencies: ["Jacquard", .product(name: "ArgumentParser", package: "swift-argument-parser")],
      resources: [.embedInCode("Inspection/Page/Assets")]),
    .executableTarget(
      name: "Workshop",
      dependencies: ["Jacquard", .product(name: "ArgumentParser", package: "swift-argument-parser")]),
    .testTarget(name: "JacquardFilesTests", dependencies: ["JacquardFiles"], exclude: ["Fixtures"]),
    .testTarget(
      name: "JacquardIRTests",
      dependencies: ["JacquardInterchange", "JacquardOps", .product(name: "SwiftProtobuf", package: "swift-protobuf")]),
    .testTarget(name: "JacquardOpsTests", dependencies: ["JacquardOps"]),
    .testTarget(name: "JacquardTransformsTests", dependencies: ["JacquardTransforms"]),
    .testTarget(name: "JacquardPlannerTests", dependencies: ["JacquardRuntime"]),
    .testTarget(name: "JacquardTests", dependencies: ["Jacquard"]),
    .testTarget(name: "JacquardCLITests", dependencies: ["JacquardCLI"]),
    .testTarget(name: "WorkshopTests", dependencies: ["Workshop"]),
  ]
)

// Only `make docs` needs the plugin; whoever builds or uses Jacquard does not load it.
if Context.environment["JACQUARD_DOCUMENTATION"] != nil {
  package.dependencies.append(.package(url: "https://github.com/swiftlang/swift-docc-plugin", from: "1.5.0"))
}
