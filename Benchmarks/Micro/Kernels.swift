import Benchmark
import Jacquard
import JacquardOps
import JacquardPlanner
import JacquardRuntime

/// Plans of a few kernels, on the tile machine and as emitted C.
enum Kernels {
  private typealias Build = (GraphBuilder) throws -> ValueID

  static func register() {
    let subjects: [(name: String, build: Build)] = [
      ("softmax of 4096 rows of 1024", { try $0.softmax(input($0, "x", [4096, 1024])) }),
      ("layer norm of 4096 rows of 1024", layerNorm),
      ("product 512 x 512 x 512", { try $0.matmul(input($0, "a", [512, 512]), input($0, "b", [512, 512])) }),
      ("convolution 3 x 3, 64 x 32 x 28 x 28 to 64 channels", convolution),
      ("GELU of 4 Mi elements", { try $0.gelu(input($0, "x", [4 << 20])) }),
    ]
    do {
      for (name, build) in subjects {
        let builder = GraphBuilder(name: "kernel")
        try builder.output("y", try build(builder))
        let plan = try Compiler.compile(builder.graph).plan
        for executor in [ExecutorKind.vm, .native] { try register("\(name), \(executor.rawValue)", plan, executor) }
      }
    } catch {
      fatalError("the plans cannot be made: \(error)")
    }
  }

  /// Compiles when it is the benchmark's turn, not when it is listed.
  private static func register(_ name: String, _ plan: Plan, _ executor: ExecutorKind) throws {
    nonisolated(unsafe) var runner: PlanRunner?
    Benchmark(
      name,
      closure: { (benchmark: Benchmark) throws in
        guard let runner else { return benchmark.error("not set up") }
        try runner.run()
      },
      setup: {
        let made = try PlanRunner(plan: plan, executor: executor)
        if let failure = made.compilerFailure { throw failure }
        for (place, input) in plan.inputs.enumerated() { try made.bind(input.name, try storage(input.type, place)) }
        runner = made
      },
      teardown: { runner = nil })
  }

  /// Numbers from -1 to 1.
  private static func storage(_ type: TensorType, _ place: Int) throws -> TensorStorage {
    let key = Philox(seed: 1).folded(place)
    let sizes = type.shape.sizes ?? []
    let count = sizes.reduce(1, *)
    return try TensorStorage(try HostTensor((0..<count).map { Float(2 * key.uniform($0) - 1) }, sizes))
  }

  private static func input(_ b: GraphBuilder, _ name: String, _ sizes: [Int]) throws -> ValueID {
    try b.input(name, TensorType(.f32, Shape(sizes)))
  }

  private static func layerNorm(_ b: GraphBuilder) throws -> ValueID {
    try b.layerNorm(input(b, "x", [4096, 1024]), scale: input(b, "scale", [1024]), bias: input(b, "bias", [1024]))
  }

  private static func convolution(_ b: GraphBuilder) throws -> ValueID {
    try b.conv(
      input(b, "x", [64, 32, 28, 28]), input(b, "weight", [64, 32, 3, 3]),
      ConvGeometry(rank: 2, low: [1, 1], high: [1, 1]))
  }
}
