import DrawnShapes
import Foundation
import Jacquard
import JacquardOps
import JacquardPlanner
import Testing

@Suite struct DrawnShapesTests {
  static let families = [
    "mlp", "autoencoder", "vae", "ddpm_mlp", "cnn", "resnet", "unet_ddpm", "gnn", "word2vec", "transformer",
  ]

  private func files(_ seed: Int, count: Int = 1) throws -> [String: Data] {
    let folder = FileManager.default.temporaryDirectory.appendingPathComponent("shapes-\(UUID().uuidString)")
    defer { try? FileManager.default.removeItem(at: folder) }
    try DrawnShapes(seed: seed, count: count).write(to: folder.path)
    let names = try FileManager.default.contentsOfDirectory(atPath: folder.path)
    return Dictionary(
      uniqueKeysWithValues: try names.map { ($0, try Data(contentsOf: folder.appendingPathComponent($0))) })
  }

  @Test func theSeedDecidesEveryByte() throws {
    let first = try files(1)
    #expect(try files(1) == first)
    for (name, bytes) in try files(2) where name.hasSuffix(".json") { #expect(first[name] != bytes, "\(name)") }
    // More models leave the first ones as they are.
    for (name, bytes) in try files(1, count: 2) where name.hasSuffix(".0.train.json") {
      #expect(first[name] == bytes, "\(name)")
    }
  }

  @Test func everyFamilyIsDrawn() throws {
    let shapes = try DrawnShapes(seed: 3, count: 2)
    #expect(DrawnShapes.families == Self.families)
    #expect(shapes.models.map(\.name) == Self.families.flatMap { ["\($0).0", "\($0).1"] })
  }

  @Test("Every graph compiles, as it is read from its file", arguments: [1, 2, 3])
  func everyGraphCompiles(_ seed: Int) throws {
    let folder = FileManager.default.temporaryDirectory.appendingPathComponent("shapes-\(UUID().uuidString)")
    defer { try? FileManager.default.removeItem(at: folder) }
    let shapes = try DrawnShapes(seed: seed)
    try shapes.write(to: folder.path)
    for model in shapes.models {
      let graph = try Graph.read(from: folder.appendingPathComponent(model.file).path, registry: .standard)
      let plan = try Compiler.compile(graph).plan
      try plan.verify()
      #expect(plan.outputs.map(\.name) == ["loss"] && plan.inputs.contains { $0.isUpdated }, "\(model.name)")
    }
  }

  @Test func sizesAreUnlikeThoseOfTheZoo() throws {
    let models = try (0..<20).flatMap { try DrawnShapes(seed: $0).models }
    #expect(models.allSatisfy { (1...512).contains($0.batch) || $0.family == "gnn" })
    let small = models.filter { $0.batch == 1 }
    #expect(Set(small.map(\.family)).count > 4)
    for model in models {
      let sizes = model.sizes.filter { ["channels", "width", "hidden", "large", "widths"].contains($0.name) }
      let numbers = sizes.flatMap { size -> [Int] in
        if case .array(let items) = size.value.content {
          return items.dropLast(size.name == "widths" ? 1 : 0).compactMap(whole)
        }
        return [whole(size.value)].compactMap { $0 }
      }
      #expect(numbers.allSatisfy { $0 % 16 != 0 }, "\(model.name): \(numbers)")
    }
  }

  private func whole(_ value: JSONValue) -> Int? {
    if case .integer(let number) = value.content { Int(number) } else { nil }
  }
}
