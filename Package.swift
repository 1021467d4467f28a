// swift-tools-version: 6.1
import PackageDescription

/// Debian names LLVM's OpenMP library `omp5`; other systems `omp`; GCC's `gomp` serves as well.
let openMP = Context.environment["JACQUARD_OPENMP"] ?? "omp5"

let package = Package(
  name: "Jacquard",
  targets: [
    .target(name: "JacquardCore"),
  ]
)
