import Foundation
import Jacquard
import JacquardCore
import JacquardFiles
import Testing

@testable import JacquardCLI

/// What a command line did.
struct Outcome {
  var status: Int32
  var output: String
  var errors: String

  /// Lines on standard error that are no notes.
  var errorLines: [String] {
    errors.split(separator: "\n").map(String.init).filter { !$0.hasPrefix("note: ") }
  }
}

/// Runs a command line within this process.
func jacquard(_ arguments: String...) -> Outcome { jacquard(arguments) }

func jacquard(_ arguments: [String]) -> Outcome {
  var outcome = Outcome(status: 0, output: "", errors: "")
  let console = Console { text, isError in
    if isError { outcome.errors += text } else { outcome.output += text }
  }
  outcome.status = JacquardCommand.run(arguments, console)
  return outcome
}

/// A folder that goes when it is not needed any more.
final class TestFolder {
  let path: String

  init() throws {
    path = NSTemporaryDirectory() + "jacquard-cli-\(UUID().uuidString)"
    try FileManager.default.createDirectory(atPath: path, withIntermediateDirectories: true)
  }

  deinit { try? FileManager.default.removeItem(atPath: path) }

  /// The path of a file in the folder.
  subscript(name: String) -> String { "\(path)/\(name)" }

  func write(_ name: String, _ text: String) throws { try write(name, Array(text.utf8)) }

  func write(_ name: String, _ bytes: [UInt8]) throws {
    try Data(bytes).write(to: URL(fileURLWithPath: self[name]))
  }

  func text(_ name: String) throws -> String { try String(contentsOfFile: self[name], encoding: .utf8) }

  /// Every file and folder with its bytes, to see what a command left.
  var contents: [String: Data] {
    var result: [String: Data] = [:]
    for name in FileManager.default.enumerator(atPath: path)?.compactMap({ $0 as? String }) ?? [] {
      result[name] = FileManager.default.contents(atPath: self[name]) ?? Data()
    }
    return result
  }
}

/// Small files that the tests change.
enum Fixtures {
  /// exp(x w) with x f32[N,3] and w f32[3,2].
  static let graph = """
    {
      "format": "jacquard.graph",
      "version": 1,
      "name": "g",
      "symbols": [
        {"name": "N", "default": 2}
      ],
      "inputs": [
        {"name": "x", "type": "f32[N,3]", "role": "data"},
        {"name": "w", "type": "f32[3,2]", "role": "parameter", "init": {"kind": "uniform", "seed": 1, "low": -1, "high": 1}}
      ],
      "nodes": [
        {"name": "h", "op": "dot", "inputs": ["x", "w"], "attributes": {}, "type": "f32[N,2]"},
        {"name": "%1", "op": "exp", "inputs": ["h"], "attributes": {}, "type": "f32[N,2]"}
      ],
      "outputs": [
        {"name": "y", "value": "%1"}
      ]
    }

    """

  /// A whole training step: two classes from three numbers.
  static func training() throws -> Graph {
    try Graph("tiny.train", mode: .training, symbols: ["N": 4]) { g in
      let x = g.input("x", Float.self, ["N", 3])
      let y = g.input("y", Int32.self, ["N"], sample: SampleHint(.integers, low: 0, high: 2))
      let loss = crossEntropy(logits: g.module(Linear(3, 2))(x), labels: y)
      g.minimize(loss, with: SGD(learningRate: 0.1))
      g.output("loss", loss)
    }
  }

  static func forward() throws -> Graph {
    try Graph("tiny", symbols: ["N": 4]) { g in
      g.output("logits", g.module(Linear(3, 2))(g.input("x", Float.self, ["N", 3])))
    }
  }

  /// Points whose class is whether the first number is positive.
  static func points(_ count: Int, labels: (Int32) -> Int32 = { $0 }) throws -> (x: HostTensor, y: HostTensor) {
    let key = Philox(seed: 5)
    let values = (0..<count * 3).map { Float(key.uniform($0) * 2 - 1) }
    let classes = (0..<count).map { labels(values[3 * $0] > 0 ? 1 : 0) }
    return (try HostTensor(values, [count, 3]), try HostTensor(classes, [count]))
  }
}

extension TestFolder {
  /// Writes the training graph, the forward graph and a data set. - Returns: the text for `--data`.
  func trainingSet(_ count: Int = 32, labels: (Int32) -> Int32 = { $0 }) throws -> String {
    try Fixtures.training().write(to: self["t.json"])
    try Fixtures.forward().write(to: self["f.json"])
    let (x, y) = try Fixtures.points(count, labels: labels)
    try Npy.write(x, to: self["x.npy"])
    try Npy.write(y, to: self["y.npy"])
    return "x=\(self["x.npy"]),y=\(self["y.npy"])"
  }
}
