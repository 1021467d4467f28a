import JacquardCore
import JacquardIR
import JacquardKernels
import JacquardOps
import JacquardPlanner

@testable import JacquardRuntime

/// Numbers that are the same in every run (SplitMix64).
struct Random {
  private var state: UInt64

  init(_ seed: Int) { state = UInt64(bitPattern: Int64(seed)) &* 0x9E37_79B9_7F4A_7C15 }

  mutating func next() -> UInt64 {
    state &+= 0x9E37_79B9_7F4A_7C15
    var z = state
    z = (z ^ (z >> 30)) &* 0xBF58_476D_1CE4_E5B9
    z = (z ^ (z >> 27)) &* 0x94D0_49BB_1331_11EB
    return z ^ (z >> 31)
  }

  mutating func below(_ bound: Int) -> Int { Int(next() % UInt64(bound)) }
  mutating func chance(_ percent: Int) -> Bool { below(100) < percent }
  mutating func pick<T>(_ items: [T]) -> T { items[below(items.count)] }
  mutating func uniform(_ low: Double, _ high: Double) -> Double { low + (high - low) * Double(next() >> 11) * 0x1p-53 }

  mutating func shuffled<T>(_ items: [T]) -> [T] {
    var result = items
    for index in result.indices.reversed() { result.swapAt(index, below(index + 1)) }
    return result
  }

  /// Floats in a range, small whole numbers, or booleans.
  mutating func tensor(_ type: TensorType, _ low: Double = -1, _ high: Double = 1) throws -> HostTensor {
    var result = try HostTensor(zeros: type.dtype, type.shape.sizes ?? [])
    for index in 0..<result.count {
      result[linear: index] =
        type.dtype.isFloat ? .float(uniform(low, high)) : .int(Int64(uniform(low, high).rounded()))
    }
    return result
  }

  /// A value for an input of a sample, of another float type if wanted.
  mutating func value(_ input: OperationSample.Input, floats: DType? = nil) throws -> HostTensor {
    let dtype = input.type.dtype.isFloat ? floats ?? input.type.dtype : input.type.dtype
    var result = try HostTensor(zeros: dtype, input.type.shape.sizes ?? [])
    let order = shuffled(Array(0..<result.count))
    for index in 0..<result.count {
      switch input {
      case .uniform(_, let low, let high): result[linear: index] = .float(uniform(low, high))
      case .signed(_, let low, let high):
        result[linear: index] = .float(uniform(low, high) * (chance(50) ? 1 : -1))
      case .integers(_, let low, let high): result[linear: index] = .int(Int64(low + below(high - low)))
      case .distinct: result[linear: index] = .float(Double(order[index]) * 0.0625 - 1)
      case .values(let tensor): result[linear: index] = tensor[linear: index]
      }
    }
    return result
  }
}

/// What a step leaves: outputs, and the inputs that it updates (`updated/NAME`).
typealias Results = [String: HostTensor]

/// Runs graphs and plans on given inputs.
enum Harness {
  static func reference(_ graph: Graph, _ inputs: [String: HostTensor], steps: Int = 1) throws -> Results {
    try run(ReferenceRunner(graph: graph), updated: graph.updates.map { graph.inputs[$0.input].name }, inputs, steps)
  }

  /// - Parameters:
  ///   - poison: fill the memory that holds nothing with this byte before every step.
  ///   - poisonsFreed: fill what a kernel was the last to use with NaN after it.
  static func vm(
    _ plan: Plan, _ inputs: [String: HostTensor], threads: Int = 1, steps: Int = 1, poison: UInt8? = nil,
    poisonsFreed: Bool = false
  ) throws -> Results {
    _ = NativeTarget.limitRuntime
    let runner = try PlanRunner(plan: plan, threads: threads)
    runner.poisonsFreedMemory = poisonsFreed
    return try run(runner, updated: plan.inputs.filter(\.isUpdated).map(\.name), inputs, steps) {
      if let poison { runner.poison(poison) }
    }
  }

  static func run(
    _ runner: some StepRunner, updated: [String], _ inputs: [String: HostTensor], _ steps: Int,
    before: () -> Void = {}
  ) throws -> Results {
    var memory: [String: TensorStorage] = [:]
    for (name, tensor) in inputs {
      let storage = try TensorStorage(tensor)
      memory[name] = storage
      try runner.bind(name, storage)
    }
    for _ in 0..<steps {
      before()
      try runner.run()
    }
    var results: Results = [:]
    for name in runner.outputNames { results[name] = try runner.output(name) }
    for name in updated { results["updated/\(name)"] = memory[name]?.tensor() }
    return results
  }

  static func options(fuse: Bool) -> CompileOptions {
    var options = CompileOptions()
    options.fuse = fuse
    return options
  }
}

/// How far results may be from the reference.
struct Tolerance {
  var relative: Double
  /// Absolute, an element of the result.
  var absolute: (Int) -> Double

  init(relative: Double, absolute: Double) {
    self.relative = relative
    self.absolute = { _ in absolute }
  }

  init(relative: Double, absolute: @escaping (Int) -> Double) {
    self.relative = relative
    self.absolute = absolute
  }

  /// What is wrong first, or nil. Integers and booleans must be equal; NaN agrees with NaN.
  func difference(_ actual: HostTensor, _ expected: HostTensor) -> String? {
    guard actual.type == expected.type else { return "type \(actual.type), not \(expected.type)" }
    for index in 0..<actual.count {
      let (a, r) = (actual[linear: index], expected[linear: index])
      if a == r || (a.asDouble.isNaN && r.asDouble.isNaN) { continue }
      let far = abs(a.asDouble - r.asDouble)
      let near = actual.dtype.isFloat && r.asDouble.isFinite && far <= relative * abs(r.asDouble) + absolute(index)
      if !near { return "element \(index) is \(a.asDouble), not \(r.asDouble)" }
    }
    return nil
  }
}

/// The first result that differs in a byte.
func firstDifference(_ a: Results, _ b: Results) -> String? {
  if a.count != b.count { return "different results: \(a.keys.sorted()) and \(b.keys.sorted())" }
  for name in a.keys.sorted() where a[name] != b[name] {
    guard let x = a[name], let y = b[name], x.type == y.type else { return "'\(name)' has another type" }
    let index = (0..<x.count).first { x[linear: $0] != y[linear: $0] } ?? 0
    return "'\(name)' differs at \(index): \(x[linear: index].asDouble) and \(y[linear: index].asDouble)"
  }
  return nil
}

extension Plan {
  /// Every body of every kernel.
  var bodies: [[Instruction]] {
    program.kernels.flatMap { kernel -> [[Instruction]] in
      switch kernel.kind {
      case .loops(let nests): nests.flatMap { $0.stages.map(\.body) }
      case .contraction(let product): [product.epilogue]
      case .scatter(let scatter): [scatter.body]
      case .library, .control: []
      }
    }
  }

  func count(_ function: ScalarFunction) -> Int {
    bodies.joined().reduce(0) { total, step in
      if case .apply(function, _) = step.operation { total + 1 } else { total }
    }
  }
}

/// Builds a graph.
func graph(_ name: String = "test", _ build: (GraphBuilder) throws -> Void) throws -> Graph {
  let builder = GraphBuilder(name: name)
  try build(builder)
  return builder.graph
}
