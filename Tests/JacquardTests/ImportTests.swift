import Foundation
import Testing

/// Imports go one way: each target may import only those that the table names.
@Suite struct ImportTests {
  /// What each target may import of the project's own.
  static let allowed: [(target: String, imports: Set<String>)] = {
    var rows: [(target: String, imports: Set<String>)] = []
    func row(_ target: String, _ direct: [String]) {
      var all = Set(direct)
      for name in direct { all.formUnion(rows.first { $0.target == name }?.imports ?? []) }
      rows.append((target, all))
    }
    row("CJacquard", ["COpenBLAS"])
    row("JacquardCore", [])
    row("JacquardFiles", ["JacquardCore", "CZlib", "CPng"])
    row("JacquardKernels", ["JacquardCore"])
    row("JacquardIR", ["JacquardKernels", "JacquardFiles"])
    row("JacquardOps", ["JacquardIR"])
    row("JacquardTransforms", ["JacquardOps"])
    row("JacquardPlanner", ["JacquardTransforms"])
    row("JacquardCodegen", ["JacquardPlanner"])
    row("JacquardRuntime", ["JacquardCodegen", "CJacquard"])
    row("JacquardInterchange", ["JacquardOps"])
    row("Jacquard", ["JacquardRuntime", "JacquardInterchange"])
    row("JacquardCLI", ["Jacquard"])
    row("Workshop", ["Jacquard"])
    return rows
  }()

  /// The repository's folder.
  static var top: URL {
    URL(fileURLWithPath: #filePath).deletingLastPathComponent().deletingLastPathComponent().deletingLastPathComponent()
  }

  static func isOwn(_ module: String) -> Bool {
    module.hasPrefix("Jacquard") || ["CJacquard", "COpenBLAS", "CZlib", "CPng"].contains(module)
  }

  @Test func importsGoOneWay() throws {
    var wrong: [String] = []
    var files = 0
    for row in Self.allowed {
      let folder = Self.top.appendingPathComponent("Sources/\(row.target)")
      let paths = FileManager.default.enumerator(at: folder, includingPropertiesForKeys: nil)
      while let file = paths?.nextObject() as? URL {
        guard file.pathExtension == "swift" else { continue }
        files += 1
        for line in try String(contentsOf: file, encoding: .utf8).split(separator: "\n") {
          let words = line.split(separator: " ")
          guard let at = words.firstIndex(of: "import"), at + 1 < words.count, at <= 1 else { continue }
          let module = String(words[at + 1])
          if Self.isOwn(module) && module != row.target && !row.imports.contains(module) {
            wrong.append("\(row.target)/\(file.lastPathComponent) imports \(module)")
          }
        }
      }
    }
    #expect(wrong.isEmpty, "\(wrong.joined(separator: "; "))")
    #expect(files > 100, "only \(files) files were read")
  }

  /// Only one C file knows OpenMP, and no target has unsafe flags.
  @Test func boundaries() throws {
    let folder = Self.top.appendingPathComponent("Sources/CJacquard")
    let sources = try FileManager.default.contentsOfDirectory(at: folder, includingPropertiesForKeys: nil)
    let knowing = try sources.filter { ["c", "h"].contains($0.pathExtension) }
      .filter { try String(contentsOf: $0, encoding: .utf8).contains("extern void GOMP_parallel") }
      .map(\.lastPathComponent)
    let package = try String(contentsOf: Self.top.appendingPathComponent("Package.swift"), encoding: .utf8)
    #expect(knowing == ["parallel.c"] && !package.contains("unsafeFlags"), "\(knowing)")
  }
}
