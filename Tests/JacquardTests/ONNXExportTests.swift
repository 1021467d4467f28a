import Foundation
import Jacquard
import JacquardOps
import Testing

@testable import JacquardInterchange

/// What is written as ONNX, read again and evaluated gives what the graph itself gives.
@Suite("ONNX export") struct ONNXExportTests {
  // MARK: Operations

  /// Operations for none of whose samples ONNX has operators.
  private static let unwritable: Set<String> = [
    "bitcast", "cholesky", "convWeightGradient", "cummax", "cummin", "cumprod", "digamma",
    "dynamicUpdateSlice", "eigh", "foldKey", "inverse", "leastSquares", "lgamma", "linearRecurrence",
    "logAbsDeterminant", "lu", "nextAfter", "poolGather", "poolScatter", "qr", "randomBernoulli", "randomNormal",
    "randomUniform",
    "solve", "svd", "triangularSolve", "trigamma",
  ]

  /// Operations whose places ONNX computes, and which the importer wants to know beforehand.
  private static let unreadable: Set<String> = ["dynamicSlice"]

  @Test("Every sample of every operation is the same after writing and reading, or refused by name")
  func samples() throws {
    var (refused, written, unread): (Set<String>, Set<String>, Set<String>) = ([], [], [])
    for type in OperationRegistry.standard.operations {
      for sample in type.samples {
        let graph = try ONNXTrial.graph(sample)
        let bytes: [UInt8]
        do {
          bytes = try ONNXModelFile(graph) { _ in throw Diagnostic("no parameter") }.bytes()
        } catch let error as Diagnostic {
          #expect("\(error)".contains("ONNX has no operator for operation"), "\(type.name): \(error)")
          refused.insert(type.name)
          continue
        }
        written.insert(type.name)
        do {
          try ONNXTrial.compare(graph, ONNXTrial.read(bytes), try ONNXTrial.inputs(sample), type.name)
        } catch let error as Diagnostic {
          if !Self.unreadable.contains(type.name) { Issue.record("\(type.name): \(error)") }
          unread.insert(type.name)
        }
      }
    }
    #expect(refused.subtracting(written) == Self.unwritable)
    #expect(unread == Self.unreadable)
  }

  // MARK: Models

  /// Models that draw random numbers, which ONNX draws in another way.
  private static let random: Set<String> = ["vae"]

  @Test("Every forward graph of the zoo", arguments: ModelZoo.entries.map(\.name).filter { !$0.hasSuffix(".train") })
  func models(_ name: String) throws {
    let graph = try ModelZoo.graph(name)
    let folder = try TemporaryFolder()
    let store = ParameterStore(seed: 1)
    if Self.random.contains(name) {
      let error = #expect(throws: Diagnostic.self) { try graph.writeONNX(to: folder("m.onnx"), parameters: store) }
      #expect("\(try #require(error))".contains("ONNX has no operator for operation"))
      return
    }
    try graph.writeONNX(to: folder("m.onnx"), parameters: store)
    let read = try Graph.readONNX(from: folder("m.onnx")).graph
    #expect(read.symbols.map(\.name) == graph.symbols.map(\.name))
    #expect(read.inputs.map(\.type) == graph.inputs.filter { $0.role == .data }.map(\.type))
    let data = try ONNXTrial.data(graph, 3)
    let (wanted, got) = (try Session(graph, store).step(data), try Session(read, ParameterStore()).step(data))
    for output in graph.outputs {
      ONNXTrial.expectEqual(try #require(got[output.name]), try #require(wanted[output.name]), "\(name) \(output.name)")
    }
  }

  @Test("Large tensors lie in another file, small ones in the model")
  func externalData() throws {
    let graph = try ModelZoo.graph("mlp")
    let folder = try TemporaryFolder()
    let store = ParameterStore(seed: 2)
    try graph.writeONNX(to: folder("m.onnx"), parameters: store, external: true)
    let model = try Onnx_ModelProto(serializedBytes: try Data(contentsOf: URL(fileURLWithPath: folder("m.onnx"))))
    let tensors = Dictionary(uniqueKeysWithValues: model.graph.initializer.map { ($0.name, $0) })
    #expect(tensors["hidden/weight"]?.dataLocation == .external && tensors["hidden/weight"]?.hasRawData == false)
    #expect(tensors["output/bias"]?.rawData.count == 40)
    let data = try ONNXTrial.data(graph, 2)
    let read = try Graph.readONNX(from: folder("m.onnx")).graph
    let (wanted, got) = (try Session(graph, store).step(data), try Session(read, ParameterStore()).step(data))
    ONNXTrial.expectEqual(try #require(got["logits"]), try #require(wanted["logits"]), "logits")
  }

  @Test("What a step changes is an input with a value, and an output")
  func updates() throws {
    let graph = try Graph("counter") { g in
      let count = g.state("count", Float.self, [])
      g.update(count, to: count + g.input("by", Float.self, []))
      g.output("before", count)
    }
    let file = try ONNXModelFile(graph) { _ in HostTensor(Float(5)) }
    let model = try Onnx_ModelProto(serializedBytes: file.bytes())
    #expect(model.graph.input.map(\.name) == ["count", "by"] && model.graph.initializer.map(\.name) == ["count"])
    let read = try ONNXTrial.read(file.bytes())
    let values = try read.evaluate(["by": HostTensor(Float(2))]).outputs.mapValues { $0[linear: 0].asDouble }
    #expect(values == ["before": 5, "count/next": 7])
  }
}

/// Writes, reads and compares graphs.
enum ONNXTrial {
  static func graph(_ sample: OperationSample) throws -> Graph {
    let builder = GraphBuilder(name: "sample")
    let inputs = try sample.inputs.enumerated().map { try builder.input("x\($0.offset)", $0.element.type) }
    let results = try builder.append(sample.operation, inputs, graphs: sample.graphs)
    // What is not used need not be written: the positions of a pooling, say.
    let count = sample.operation is MaxPool ? 1 : results.count
    for (index, value) in results.prefix(count).enumerated() { try builder.output("y\(index)", value) }
    return builder.graph
  }

  static func read(_ bytes: [UInt8]) throws -> Graph {
    try Graph.readONNX(bytes, name: "read").graph
  }

  static func compare(_ graph: Graph, _ read: Graph, _ inputs: [String: HostTensor], _ what: String) throws {
    let wanted = try graph.evaluate(inputs).outputs
    // An input that nothing depends on is not written.
    let names = Set(read.inputs.map(\.name))
    let got = try read.evaluate(inputs.filter { names.contains($0.key) }).outputs
    for (name, tensor) in wanted { expectEqual(try #require(got[name], "\(what)"), tensor, "\(what) \(name)") }
  }

  static func expectEqual(_ got: HostTensor, _ wanted: HostTensor, _ what: String) {
    guard got.type == wanted.type else {
      Issue.record("\(what) is \(got.type), not \(wanted.type)")
      return
    }
    let tolerance = [.f16: 2e-3, .bf16: 2e-2][wanted.dtype] ?? 1e-5
    for index in 0..<wanted.count {
      let (a, b) = (got[linear: index].asDouble, wanted[linear: index].asDouble)
      if a == b || (a.isNaN && b.isNaN) || abs(a - b) <= tolerance * max(1, abs(b)) { continue }
      Issue.record("\(what) at \(index): \(a), not \(b)")
      return
    }
  }

  static func inputs(_ sample: OperationSample) throws -> [String: HostTensor] {
    var result: [String: HostTensor] = [:]
    for (index, input) in sample.inputs.enumerated() { result["x\(index)"] = try tensor(input, seed: index) }
    return result
  }

  private static func tensor(_ input: OperationSample.Input, seed: Int) throws -> HostTensor {
    let random = Philox(seed: seed + 1)
    var result = try HostTensor(zeros: input.type.dtype, input.type.shape.sizes ?? [])
    for index in 0..<result.count {
      let u = random.uniform(index)
      switch input {
      case .uniform(_, let low, let high): result[linear: index] = .float(low + u * (high - low))
      case .signed(_, let low, let high):
        result[linear: index] = .float((low + u * (high - low)) * (random.word(index + 99_999) % 2 == 0 ? 1 : -1))
      case .integers(_, let low, let high): result[linear: index] = .int(Int64(low) + Int64(u * Double(high - low)))
      case .distinct: result[linear: index] = .float(Double((index * 7919) % (result.count + 1)) * 0.0625 - 1)
      case .values(let tensor): result[linear: index] = tensor[linear: index]
      }
    }
    return result
  }

  /// Data for a model, with its batch of a size. Where there are further symbols, whole numbers may count along their axes.
  static func data(_ graph: Graph, _ size: Int) throws -> [String: HostTensor] {
    var sizes: [String: Int] = [:]
    for symbol in graph.symbols { sizes[symbol.name] = graph.symbols.count == 1 ? size : symbol.defaultSize ?? size }
    var result: [String: HostTensor] = [:]
    for (position, input) in graph.inputs.filter({ $0.role == .data }).enumerated() {
      let type = try input.type.bound(sizes)
      let random = Philox(seed: position)
      let (low, high) = (input.sample?.low ?? 0, input.sample?.high ?? 1)
      var tensor = try HostTensor(zeros: type.dtype, type.shape.sizes ?? [])
      for index in 0..<tensor.count {
        let value = low + (high - low) * random.uniform(index)
        tensor[linear: index] = type.dtype.isFloat ? .float(value) : .int(Int64(value.rounded(.down)))
      }
      result[input.name] = tensor
    }
    return result
  }
}
