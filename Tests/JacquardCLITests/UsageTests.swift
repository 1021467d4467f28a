import Foundation
import JacquardCore
import Testing

@testable import JacquardCLI

@Suite("Usage")
struct UsageTests {
  @Test("Wrong usage ends with 64")
  func wrong() throws {
    let folder = try TestFolder()
    try folder.write("g.json", Fixtures.graph)
    let g = folder["g.json"]
    let lines: [[String]] = [
      ["runn"], ["run"], ["run", g, "--colour"], ["run", g, "--bind", "N"], ["run", g, "--bind", "N=two"],
      ["run", g, "--input", "x"], ["run", g, "--executor", "gpu"], ["run", g, "--threads", "0"],
      ["run", g, "--threads", "65"], ["run", g, "--steps", "0"], ["run", g, "--seed", "one"],
      ["run", g, "--synthetic", "--bind", "N=2", "--bind", "N=3"], ["grad", g], ["grad", g, "--of", "y"],
      ["inspect", g, "--stage", "nothing"], ["inspect", g, "--format", "pdf"], ["train", g], ["bench"],
      ["inspect", g, "--stage", "memory", "--format", "dot"], ["inspect", g, "--stage", "plan", "--why-not-fused"],
      ["inspect", g, "--stage", "memory", "--format", "html"], ["inspect", g, "--peak-gflops", "100"],
      ["inspect", g, "--peak-gflops", "0", "--peak-bandwidth", "10"],
      ["convert", g], ["convert", g, folder["g.xyz"]], ["convert", folder["g.dot"], folder["h.json"]],
      ["compile", g, "-o", folder["g.txt"]], ["ops", "--format", "xml"], ["bench", g, "--steps", "-1"],
      ["bench", g, "--without", "nothing"], ["bench", g, "--without", "expand"], ["bench", g, "--ablate", "--profile"],
      ["bench", g, "--ablate", "--without", "fusion"], ["bench", g, "--without", "fusion", "--executor", "reference"],
      ["bench", g, "--ablate", "--executor", "reference"], ["bench", g, "--ablate", "--autotune"],
      ["compile", g, "-o", folder["g.plan.json"], "--threads", "2"],
      ["compile", g, "-o", folder["g.plan.json"], "--autotune", "--threads", "65"],
      ["run", g, "--synthetic", "--autotune", "--executor", "reference"],
      ["bench", g, "--autotune", "--executor", "reference"],
      ["train", g, "--data", "x", "--epochs", "0"], ["train", g, "--data", "x", "--checkpoint-every", "4"],
    ]
    let before = folder.contents
    for line in lines {
      let outcome = jacquard(line)
      #expect(outcome.status == 64, "\(line): \(outcome.errors)")
      #expect(!outcome.errors.isEmpty && outcome.output.isEmpty, "\(line)")
      #expect(folder.contents == before, "\(line) left something")
    }
  }

  @Test("What this version does not have ends with 64 and says so")
  func notYet() throws {
    let folder = try TestFolder()
    try folder.write("g.json", Fixtures.graph)
    let g = folder["g.json"]
    let lines: [[String]] = [
      ["compile", g, "-o", folder["out/"]], ["compile", g, "-o", folder["out"]],
      ["convert", g, folder["g.mlir"]], ["run", folder["g.mlir"]],
    ]
    for line in lines {
      let outcome = jacquard(line)
      #expect(outcome.status == 64, "\(line): \(outcome.errors)")
      #expect(
        outcome.errorLines.count == 1 && outcome.errors.contains("not in this version"), "\(line): \(outcome.errors)")
    }
  }

  @Test("Help and version are no errors")
  func help() {
    for line in [["--help"], ["help", "run"], ["run", "--help"], ["--version"], ["version"], []] {
      let outcome = jacquard(line)
      #expect(outcome.status == 0 && outcome.errors.isEmpty && !outcome.output.isEmpty, "\(line)")
    }
    #expect(jacquard("version").output.hasPrefix("jacquard \(LibraryVersion.number)"))
  }

  @Test("A plan is refused where a graph is needed")
  func planForGraph() throws {
    let folder = try TestFolder()
    try folder.write("g.json", Fixtures.graph)
    let plan = folder["g.plan.json"]
    #expect(jacquard("compile", folder["g.json"], "-o", plan).status == 0)
    let lines: [([String], Int32)] = [
      (["grad", plan, "--of", "y", "--wrt", "w", "-o", folder["d.json"]], 2), (["convert", plan, folder["d.dot"]], 2),
      (["compile", plan, "-o", folder["d.plan.json"]], 2), (["train", plan, "--data", "x"], 2),
      (["run", plan, "--synthetic", "--bind", "N=3"], 2),
      (["run", plan, "--synthetic", "--executor", "reference"], 64), (["run", plan, "--synthetic", "--autotune"], 64),
      (["bench", plan, "--autotune"], 64),
      (["inspect", plan, "--stage", "graph"], 64), (["inspect", plan, "--why-not-fused"], 64),
    ]
    for (line, status) in lines {
      let outcome = jacquard(line)
      #expect(outcome.status == status && outcome.errorLines.count == 1, "\(line): \(outcome.errors)")
    }
  }
}
