import JacquardCore
import JacquardIR
import JacquardOps
import JacquardPlanner
import Testing

@testable import JacquardRuntime

/// Plans whose emitted functions are compiled together, many to a unit.
struct NativeBatch {
  struct Item {
    let name: String
    let plan: Plan
    let inputs: [String: HostTensor]
  }

  private(set) var items: [Item] = []
  private static let functionsPerUnit = 200

  mutating func add(_ name: String, _ plan: Plan, _ inputs: [String: HostTensor]) {
    items.append(Item(name: name, plan: plan, inputs: inputs))
  }

  /// Runs each plan by both executors.
  ///
  /// - Returns: Names of the plans whose results are not the same bytes, and how many nests were emitted and how many not.
  func differences(steps: Int = 1, threads: Int) throws -> (names: [String], emitted: Int, refused: Int) {
    let encoders = try items.map { try ProgramEncoder($0.plan, isNative: true) }
    var texts: [String: String] = [:]
    for function in encoders.flatMap({ $0.natives?.functions ?? [] }) { texts[function.source.symbol] = function.text }
    let ordered = texts.sorted { $0.key < $1.key }.map(\.value)
    let units = stride(from: 0, to: ordered.count, by: NativeBatch.functionsPerUnit).map { start in
      NativeNests.head + ordered[start..<min(start + NativeBatch.functionsPerUnit, ordered.count)].joined()
    }
    let trial = try NativeTrial()
    let library = try trial.load(units)
    var names: [String] = []
    for (item, encoder) in zip(items, encoders) {
      encoder.natives?.load { library.symbol($0) }
      let runner = try PlanRunner(plan: item.plan, threads: threads)
      runner.install(NativeProgram(encoder: encoder, library: library))
      let updated = item.plan.inputs.filter(\.isUpdated).map(\.name)
      let native = try Harness.run(runner, updated: updated, item.inputs, steps)
      let vm = try Harness.vm(item.plan, item.inputs, threads: threads, steps: steps)
      for (name, expected) in vm.sorted(by: { $0.key < $1.key }) {
        guard let place = native[name]?.firstDifference(from: expected) else { continue }
        names.append("\(item.name): \(name) at \(place)")
        break
      }
    }
    let emitted = encoders.reduce(0) { $0 + ($1.natives?.functions.reduce(0) { $0 + $1.kernels.count } ?? 0) }
    return (names, emitted, encoders.reduce(0) { $0 + ($1.natives?.refusals.count ?? 0) })
  }
}

extension HostTensor {
  /// The first element whose bytes differ, with both values. Which of two NaN an addition gives is not defined: they count as one.
  fileprivate func firstDifference(from other: HostTensor) -> String? {
    let size = dtype.byteSize
    let place = withUnsafeBytes { own in
      other.withUnsafeBytes { bytes in
        (0..<count).first { element in
          guard (element * size..<(element + 1) * size).contains(where: { own[$0] != bytes[$0] }) else { return false }
          return !(dtype.isFloat && self[linear: element].asDouble.isNaN && other[linear: element].asDouble.isNaN)
        }
      }
    }
    return place.map { "\($0): \(self[linear: $0]) instead of \(other[linear: $0])" }
  }
}

@Suite struct NativeAgreementTests {
  @Test("Every operation's samples: the same bytes as the tile machine", arguments: [1, 3])
  func operations(_ threads: Int) throws {
    var batch = NativeBatch()
    for operation in OperationRegistry.standard.operations {
      for (number, sample) in operation.samples.enumerated() {
        let item = try SampleCase(sample, number)
        guard let plan = try? Compiler.compile(item.graph).plan else { continue }
        batch.add(item.description, plan, item.inputs)
      }
    }
    let (names, emitted, refused) = try batch.differences(threads: threads)
    #expect(names.isEmpty, "\(names.joined(separator: "; "))")
    #expect(emitted > refused, "\(emitted) emitted, \(refused) not")
  }

  @Test("Random graphs: the same bytes as the tile machine", arguments: [0, 1, 2, 3])
  func randomGraphs(_ group: Int) throws {
    var batch = NativeBatch()
    for seed in (group * 80)..<((group + 1) * 80) {
      let random = try RandomGraph(seed: 5000 + seed, size: 4 + seed % 37)
      guard let plan = try? Compiler.compile(random.graph).plan else { continue }
      batch.add("seed \(seed)", plan, random.inputs)
    }
    let (names, emitted, refused) = try batch.differences(threads: 2)
    #expect(names.isEmpty, "\(names.joined(separator: "; "))")
    #expect(emitted > refused, "\(emitted) emitted, \(refused) not")
  }

  @Test("A guard 2^32 elements away from its array refuses every element")
  func farGuards() throws {
    let builder = GraphBuilder(name: "far")
    let x = try builder.input("x", "f32[4]")
    let wide = try builder.pad(x, low: [1 << 32], high: [0])
    try builder.output("near", try builder.slice(wide, starts: [0], limits: [37]))
    try builder.output("there", try builder.slice(wide, starts: [Dim((1 << 32) - 17)], limits: [Dim((1 << 32) + 4)]))
    var batch = NativeBatch()
    let inputs = ["x": try HostTensor([1, 2, 3, 4] as [Float], [4])]
    batch.add("far", try Compiler.compile(builder.graph, options: Harness.options(fuse: true)).plan, inputs)
    let (names, emitted, _) = try batch.differences(threads: 1)
    #expect(names.isEmpty && emitted > 0, "\(names), \(emitted) emitted")
  }
}
