import Foundation
import Jacquard
import JacquardFiles
import Testing

@testable import JacquardCLI

@Suite("train")
struct TrainTests {
  @Test("Training lowers the loss, evaluates and saves what run can use")
  func trains() throws {
    let folder = try TestFolder()
    let data = try folder.trainingSet(64)
    let outcome = jacquard(
      "train", folder["t.json"], "--data", data, "--eval", folder["f.json"], "--map", "y=y", "--epochs", "30",
      "--batch",
      "16", "--save", folder["s.safetensors"], "--progress", "silent")
    #expect(outcome.status == 0, "\(outcome.errors)")
    #expect(outcome.output.contains("64 examples in batches of 16, 8 parameters"))
    #expect(outcome.output.contains("trained 30 epochs in") && outcome.output.contains("\nloss "))
    let run = jacquard(
      "run", folder["f.json"], "--params", folder["s.safetensors"], "--input", "x=\(folder["x.npy"])", "--output-dir",
      folder["out"])
    #expect(run.status == 0, "\(run.errors)")
    let (logits, labels) = (try Npy.read(folder["out/logits.npy"]), try Npy.read(folder["y.npy"]))
    let right = zip(logits.largestInRows(), labels.elements(Int32.self)).count { $0 == Int($1) }
    #expect(right >= 58, "\(right) of 64 are right")
  }

  @Test("The accuracy is printed")
  func accuracy() throws {
    let folder = try TestFolder()
    _ = try folder.trainingSet()
    let rows = (0..<40).map { "\($0 % 2 == 0 ? -1 : 1).5,0.5,\($0 % 7),\($0 % 2)" }
    try folder.write("set.csv", "a,b,c,label\n" + rows.joined(separator: "\n") + "\n")
    let outcome = jacquard(
      "train", folder["t.json"], "--data", folder["set.csv"], "--map", "x=a,b,c", "--eval", folder["f.json"],
      "--epochs",
      "20", "--progress", "silent")
    #expect(outcome.status == 0, "\(outcome.errors)")
    #expect(outcome.output.contains("train accuracy 100.0 %"), "\(outcome.output)")
    #expect(outcome.errors.contains("no test part"))
    let test = jacquard(
      "train", folder["t.json"], "--data", folder["set.csv"], "--map", "x=a,b,c", "--eval", folder["f.json"],
      "--eval-data", folder["set.csv"], "--progress", "silent")
    #expect(test.output.contains("test accuracy "), "\(test.output)\(test.errors)")
  }

  @Test("What is resumed ends as if it had not been interrupted")
  func resumes() throws {
    let folder = try TestFolder()
    let data = try folder.trainingSet(37)
    func train(_ further: String...) -> Outcome {
      jacquard(["train", folder["t.json"], "--data", data, "--batch", "8", "--progress", "silent"] + further)
    }
    #expect(train("--epochs", "3", "--save", folder["whole.safetensors"]).status == 0)
    let first = train("--epochs", "3", "--steps", "7", "--checkpoint", folder["c.safetensors"])
    #expect(first.status == 0, "\(first.errors)")
    let second = train("--epochs", "3", "--resume", folder["c.safetensors"], "--save", folder["parts.safetensors"])
    #expect(second.status == 0, "\(second.errors)")
    #expect(
      try SafetensorsFile(folder["whole.safetensors"]).tensors()
        == SafetensorsFile(folder["parts.safetensors"]).tensors())
    let other = train("--epochs", "3", "--seed", "9", "--resume", folder["c.safetensors"])
    #expect(other.status == 2 && other.errors.contains("seed"), "\(other.errors)")
  }
}
