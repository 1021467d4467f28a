import Foundation
import JacquardCore
import JacquardIR
import JacquardKernels
import JacquardOps
import Testing

@testable import JacquardPlanner

/// The plans of the graphs in `graphs/`, symbols at their defaults.
@Suite struct ZooPlanTests {
  /// What a plan comes to. Update a row when a change moves it for a reason.
  struct Golden: Sendable, CustomStringConvertible {
    var name: String
    var kernels: Int
    var joins: Int
    var arena: Int
    var inPlace: Int
    var copies: Int
    var description: String { name }

    init(_ name: String, kernels: Int, joins: Int, arena: Int, inPlace: Int, copies: Int) {
      self.name = name
      self.kernels = kernels
      self.joins = joins
      self.arena = arena
      self.inPlace = inPlace
      self.copies = copies
    }
  }

  static let goldens = [
    Golden("autoencoder", kernels: 6, joins: 0, arena: 533_504, inPlace: 0, copies: 0),
    Golden("autoencoder.train", kernels: 20, joins: 4, arena: 2_468_096, inPlace: 37, copies: 0),
    Golden("cnn", kernels: 8, joins: 0, arena: 10_616_832, inPlace: 0, copies: 0),
    Golden("cnn.train", kernels: 25, joins: 4, arena: 30_837_376, inPlace: 25, copies: 0),
    Golden("ddpm_mlp", kernels: 7, joins: 0, arena: 262_144, inPlace: 0, copies: 0),
    Golden("ddpm_mlp.train", kernels: 18, joins: 4, arena: 1_218_688, inPlace: 25, copies: 1),
    Golden("gnn", kernels: 14, joins: 1, arena: 13_107_200, inPlace: 0, copies: 0),
    Golden("gnn.train", kernels: 40, joins: 6, arena: 42_146_944, inPlace: 43, copies: 0),
    Golden("linear_regression", kernels: 2, joins: 1, arena: 512, inPlace: 0, copies: 0),
    Golden("linear_regression.train", kernels: 4, joins: 1, arena: 768, inPlace: 7, copies: 0),
    Golden("logistic_regression", kernels: 1, joins: 0, arena: 5_120, inPlace: 0, copies: 0),
    Golden("logistic_regression.train", kernels: 5, joins: 1, arena: 37_184, inPlace: 7, copies: 0),
    Golden("lstm", kernels: 6, joins: 0, arena: 5_357_568, inPlace: 0, copies: 0),
    Golden("lstm.train", kernels: 15, joins: 5, arena: 13_650_048, inPlace: 22, copies: 0),
    Golden("mlp", kernels: 2, joins: 0, arena: 136_192, inPlace: 0, copies: 0),
    Golden("mlp.sgd.train", kernels: 7, joins: 2, arena: 949_824, inPlace: 4, copies: 0),
    Golden("mlp.train", kernels: 8, joins: 2, arena: 949_952, inPlace: 13, copies: 0),
    Golden("mlp_wide", kernels: 4, joins: 0, arena: 4_194_304, inPlace: 0, copies: 0),
    // Updates of large weights do not wait for the end of the step.
    Golden("mlp_wide.train", kernels: 15, joins: 2, arena: 23_068_864, inPlace: 19, copies: 0),
    Golden("resnet", kernels: 17, joins: 4, arena: 13_664_256, inPlace: 0, copies: 0),
    Golden("resnet.train", kernels: 150, joins: 35, arena: 62_776_128, inPlace: 187, copies: 0),
    Golden("transformer", kernels: 46, joins: 0, arena: 6_291_456, inPlace: 0, copies: 0),
    Golden("transformer.train", kernels: 148, joins: 44, arena: 114_688_128, inPlace: 211, copies: 0),
    Golden("unet_ddpm", kernels: 53, joins: 0, arena: 47_816_704, inPlace: 0, copies: 0),
    Golden("unet_ddpm.train", kernels: 154, joins: 70, arena: 297_747_904, inPlace: 211, copies: 1),
    Golden("vae", kernels: 8, joins: 0, arena: 626_688, inPlace: 0, copies: 1),
    Golden("vae.train", kernels: 20, joins: 6, arena: 3_436_544, inPlace: 31, copies: 1),
    Golden("word2vec", kernels: 1, joins: 0, arena: 4_096, inPlace: 0, copies: 0),
    Golden("word2vec.train", kernels: 8, joins: 0, arena: 1_073_216, inPlace: 2, copies: 0),
    Golden("xor", kernels: 3, joins: 1, arena: 192, inPlace: 0, copies: 0),
    Golden("xor.train", kernels: 7, joins: 2, arena: 448, inPlace: 13, copies: 0),
  ]

  private static let folder = URL(fileURLWithPath: #filePath).deletingLastPathComponent()
    .deletingLastPathComponent().deletingLastPathComponent().appendingPathComponent("graphs")

  static func compilation(_ name: String, _ options: CompileOptions = CompileOptions()) throws -> Compilation {
    let bytes = [UInt8](try Data(contentsOf: Self.folder.appendingPathComponent("\(name).json")))
    return try Compiler.compile(Graph(json: bytes, file: "\(name).json", registry: .standard), options: options)
  }

  @Test func everyGraphHasARow() throws {
    let files = try FileManager.default.contentsOfDirectory(atPath: Self.folder.path).filter { $0.hasSuffix(".json") }
    #expect(files.sorted() == Self.goldens.map { "\($0.name).json" }.sorted())
  }

  @Test(arguments: goldens) func plansAreTheGoldenOnes(_ golden: Golden) throws {
    let plan = try Self.compilation(golden.name).plan
    try plan.verify()
    #expect(plan.program.kernels.count == golden.kernels)
    #expect(plan.memory.joins.count == golden.joins)
    #expect(plan.arenaBytes == golden.arena)
    #expect(plan.memory.inPlaceUpdates.count == golden.inPlace)
    #expect(plan.memory.copies.count == golden.copies)
  }

  @Test(arguments: goldens) func arenasAreSmall(_ golden: Golden) throws {
    let compilation = try Self.compilation(golden.name)
    let (plan, memory) = (compilation.plan, compilation.plan.memory)
    #expect(Double(memory.achieved) <= 1.05 * Double(memory.lowerBound), "\(memory.achieved) of \(memory.lowerBound)")
    // Fusion may let memory grow a little where it stores into padded arrays, and nowhere else.
    let peak = Double(memory.unfusedPeak) * (1 + FusionHeuristics().paddingGrowth)
    #expect(Double(memory.achieved) < peak, "\(memory.achieved); unfused \(memory.unfusedPeak)")
    var apart = CompileOptions()
    apart.disabledFusions.insert(.padding)
    let report = try Self.compilation(golden.name, apart).plan.memory
    #expect(report.achieved < report.unfusedPeak, "\(report.achieved); unfused \(report.unfusedPeak)")
    let best = RandomOrder.leastArena(plan, orders: 1000)
    #expect(plan.arenaBytes <= best, "a random order needs \(best)")
  }

  /// A check that can fail is made before a parameter is overwritten.
  @Test(arguments: goldens) func failedStepsKeepTheParameters(_ golden: Golden) throws {
    let plan = try Self.compilation(golden.name).plan
    for (index, kernel) in plan.program.kernels.enumerated() where kernel.canFail {
      #expect(plan.keepsInputs(failingIn: index), "kernel \(index) '\(kernel.name)'")
    }
  }
}
