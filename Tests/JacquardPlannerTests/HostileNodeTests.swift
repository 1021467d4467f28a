import Foundation
import JacquardCore
import JacquardIR
import JacquardOps
import JacquardPlanner
import Testing

@testable import JacquardRuntime

/// Files with one node whose operands and attributes are hostile. What the reader accepts must run on every executor, and
/// to the same values.
@Suite struct HostileNodeTests {
  /// Files an operation; more by `JACQUARD_FUZZ_FILES`.
  static let files = ProcessInfo.processInfo.environment["JACQUARD_FUZZ_FILES"].flatMap { Int($0) } ?? 40
  /// All, or those that `JACQUARD_FUZZ_OPERATIONS` names, between commas.
  static let operations =
    ProcessInfo.processInfo.environment["JACQUARD_FUZZ_OPERATIONS"]?.split(separator: ",").map { String($0) }
    ?? OperationRegistry.standard.operations.map { $0.name }

  private enum Outcome {
    case refused, tooLarge, failsWhileRunning, agrees
    case wrong(String)
  }

  @Test(arguments: operations) func acceptedFilesRun(_ name: String) throws {
    let operation = try #require(OperationRegistry.standard.operation(named: name))
    var counts = (accepted: 0, refused: 0)
    for seed in 0..<HostileNodeTests.files {
      var node = try HostileNode(operation, seed: seed)
      let text = node.file()
      switch outcome(text, seed) {
      case .refused: counts.refused += 1
      case .wrong(let message): Issue.record("\(name), seed \(seed): \(message)\n\(text)")
      default: counts.accepted += 1
      }
    }
    #expect(counts.accepted > 0 && counts.refused > 0, "\(counts) of \(name): nothing is tried")
  }

  /// Results without elements, of parts that no memory holds.
  @Test func emptyResultsTakeNoMemory() throws {
    let uses: [(any JacquardIR.Operation, TensorType)] = [
      (RepeatElements(count: Dim(Int.max), axis: 0), "i32[0]"), (Tile(repeats: [Dim(Int.max)]), "f32[0]"),
      (OneHot(depth: Dim(1 << 40), dtype: .f32), "i32[0]"),
    ]
    for (operation, type) in uses {
      let graph = try graph { try $0.output("y", $0.append(operation, [$0.input("x", type)])[0]) }
      let failure = Trial(graph: graph, inputs: ["x": try HostTensor(zeros: type.dtype, [0])]).failure()
      #expect(failure == nil, "\(operation)")
    }
  }

  @Test func emptyBasesCheckTheirIndices() throws {
    let indices = try HostTensor(zeros: .i32, [2])
    for dtype in [DType.f32, .u32, .bf16] {
      var operations: [any JacquardIR.Operation] = [ScatterAdd(axis: 0)]
      for combiner in ScatterCombiner.allCases { operations.append(ScatterElements(axis: 0, combiner)) }
      for operation in operations {
        let graph = try graph { b in
          let (base, updates) = (try b.input("x", TensorType(dtype, [0])), try b.input("u", TensorType(dtype, [2])))
          try b.output("y", b.append(operation, [base, b.constant(indices), updates])[0])
        }
        let inputs = ["x": try HostTensor(zeros: dtype, [0]), "u": try HostTensor(zeros: dtype, [2])]
        #expect(throws: Diagnostic.self, "\(operation) of \(dtype)") { try graph.evaluate(inputs) }
        if case .failsWhileRunning = failsToo(graph, inputs) { continue }
        Issue.record("\(operation) of \(dtype) runs")
      }
    }
  }

  private func outcome(_ text: String, _ seed: Int) -> Outcome {
    do {
      let graph = try Graph(json: Array(text.utf8), file: "hostile.json", registry: .standard)
      try graph.verify()
      let bound = try graph.binding(["N": 3])
      return try isSmall(bound) ? run(graph, bound, seed) : .tooLarge
    } catch let error as Diagnostic {
      let isPlain = error.kind == .invalid && !error.description.contains("\n")
      return isPlain ? .refused : .wrong("bad refusal: \(error)")
    } catch {
      return .wrong("no diagnostic: \(error)")
    }
  }

  private func isSmall(_ graph: Graph) throws -> Bool {
    let types = graph.inputs.map(\.type) + graph.outputs.map { graph.type($0.value) }
    return try types.allSatisfy { try $0.shape.elementCount().value ?? .max <= 4096 }
  }

  private func run(_ graph: Graph, _ bound: Graph, _ seed: Int) throws -> Outcome {
    var random = Random(seed + 1)
    // Most integers are small enough to be indices.
    let limit = random.chance(70) ? 0.4 : 9
    var inputs: [String: HostTensor] = [:]
    for input in bound.inputs {
      let (low, high) = input.type.dtype.isFloat ? (-2, 2) : (limit < 1 ? 0 : -limit, limit)
      inputs[input.name] = try random.tensor(input.type, low, high)
    }
    do {
      _ = try graph.evaluate(inputs)
    } catch let error as Diagnostic where error.kind == .runtime {
      return failsToo(bound, inputs)
    } catch {
      return .wrong("accepted, but the reference cannot evaluate it: \(error)")
    }
    return Trial(graph: bound, inputs: inputs).failure().map { .wrong($0) } ?? .agrees
  }

  /// What fails while it runs must do so on every executor.
  private func failsToo(_ graph: Graph, _ inputs: [String: HostTensor]) -> Outcome {
    do {
      _ = try Harness.vm(try Compiler.compile(graph).plan, inputs)
      return .wrong("only the reference fails")
    } catch {
      return error is Diagnostic ? .failsWhileRunning : .wrong("no diagnostic: \(error)")
    }
  }
}
