import Foundation
import Jacquard
import Testing

@Suite struct ModelZooTests {
  private static let folder = URL(fileURLWithPath: #filePath).deletingLastPathComponent()
    .deletingLastPathComponent().deletingLastPathComponent().appendingPathComponent("graphs").path

  @Test func graphFilesAreUpToDate() throws {
    let outdated = try ModelZoo.outdated(in: ModelZooTests.folder)
    #expect(outdated == [], "write them anew: jacquard zoo --write graphs")
  }

  @Test func anOutdatedFileIsNoticed() throws {
    let folder = try TemporaryFolder()
    #expect(try ModelZoo.write(to: folder.path).count == ModelZoo.entries.count)
    #expect(try ModelZoo.outdated(in: folder.path) == [])
    try AtomicFile.write("{}", to: folder("xor.json"))
    #expect(try ModelZoo.outdated(in: folder.path) == ["xor.json"])
    #expect(try ModelZoo.write(to: folder.path) == ["xor.json"])
  }

  @Test func namesAndSizes() throws {
    let names = ModelZoo.entries.map(\.name)
    let wanted = ["linear_regression", "logistic_regression", "xor", "mlp", "autoencoder", "vae"]
    for name in wanted { #expect(names.contains(name) && names.contains("\(name).train"), "\(name)") }
    #expect(names.contains("mlp.sgd.train") && names.contains("mlp_wide.train"))
    for entry in ModelZoo.entries {
      let graph = try entry.build()
      #expect(graph.name == entry.name)
      #expect(graph.symbols.first?.name == "N")
      #expect(graph.inputs.allSatisfy { $0.role != .data || ($0.sample != nil && $0.feed != nil) }, "\(entry.name)")
    }
    let store = ParameterStore()
    try store.initialize(try ModelZoo.graph("mlp"))
    #expect(store.parameterCount == 203_530)
    try store.initialize(try ModelZoo.graph("mlp.train"))
    #expect(store.parameterCount == 203_530, "forward graph and training share parameters by name")
    #expect(throws: Diagnostic.self) { try ModelZoo.graph("nothing") }
  }

  @Test func forwardGraphAndTrainingStartAlike() throws {
    for name in ["mlp", "autoencoder", "vae"] {
      let stores = [ParameterStore(seed: 4), ParameterStore(seed: 4)]
      try stores[0].initialize(try ModelZoo.graph(name))
      try stores[1].initialize(try ModelZoo.graph("\(name).train"))
      for parameter in stores[0].names { #expect(stores[0][parameter] == stores[1][parameter], "\(parameter)") }
    }
  }
}
