// swift-tools-version: 6.1
import PackageDescription

let package = Package(
  name: "Consumer",
  dependencies: [.package(url: "JACQUARD_URL", from: "0.1.0")],
  targets: [
    .executableTarget(name: "Consumer", dependencies: [.product(name: "Jacquard", package: "Jacquard")]),
    // The blocks of Swift in the documentation; the script that builds this package writes them.
    .target(
      name: "Documentation", dependencies: [.product(name: "Jacquard", package: "Jacquard")], exclude: ["manifests"]),
  ]
)
