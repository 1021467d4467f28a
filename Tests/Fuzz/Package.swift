// swift-tools-version: 6.1
import PackageDescription

// Built by Scripts/fuzz-onnx.sh, with every module instrumented for libFuzzer.
let package = Package(
  name: "Fuzz",
  dependencies: [.package(name: "Jacquard", path: "../..")],
  targets: [
    .target(name: "CFuzzer"),
    .executableTarget(
      name: "FuzzONNX", dependencies: ["CFuzzer", .product(name: "Jacquard", package: "Jacquard")]),
  ]
)
