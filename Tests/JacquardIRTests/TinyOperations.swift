import JacquardCore
import JacquardIR
import Synchronization

/// Operations made for these tests: together they have every feature that a file can hold.
protocol TinyOperation: Operation {}

extension TinyOperation {
  static var doc: OperationDoc { OperationDoc("For tests.", formula: "") }
  static var samples: [OperationSample] { [] }
  static var violations: [OperationViolation] { [] }
  func gradient(_ context: GradientContext) throws -> Gradient { .nonDifferentiable("for tests") }
  func lower(_ context: LoweringContext) throws {}
  func reference(_ context: ReferenceContext) throws -> [HostTensor] {
    try context.outputs.map { try HostTensor(zeros: $0.dtype, $0.shape.sizes ?? []) }
  }
  func operands(_ count: Int, _ context: TypeContext, graphs: Int = 0) throws {
    if context.inputs.count != count { throw violated(0, "takes \(count) operands, not \(context.inputs.count)") }
    if context.graphs.count != graphs { throw violated(0, "takes \(graphs) sub-graphs, not \(context.graphs.count)") }
  }
}

/// A constant.
struct Literal: TinyOperation {
  static let name = "literal"
  var value: AttributeTensor
  func inferTypes(_ context: TypeContext) throws -> [TensorType] {
    try operands(0, context)
    return [value.tensor.type]
  }
}

/// Attributes of many kinds, some with defaults.
struct Scale: TinyOperation {
  enum Mode: String, Codable { case plain, centred }
  struct Bias: Hashable, Codable {
    var low: Double
    var weights: [Float]
  }
  static let name = "scale"
  static let defaults = [AttributeField("factor", .float(1)), AttributeField("mode", .string("plain"))]
  var factor: Double = 1
  var mode = Mode.plain
  var note: String?
  var axes: [Int]?
  var bias: Bias?
  var isExact: Bool?
  func inferTypes(_ context: TypeContext) throws -> [TensorType] {
    try operands(1, context)
    return [context.inputs[0]]
  }
}

struct Plus: TinyOperation {
  static let name = "plus"
  func inferTypes(_ context: TypeContext) throws -> [TensorType] {
    try operands(2, context)
    if context.inputs[0] != context.inputs[1] {
      throw violated(1, "types \(context.inputs[0]) and \(context.inputs[1]) differ")
    }
    return [context.inputs[0]]
  }
}

/// Dimensions in attributes.
struct Fill: TinyOperation {
  static let name = "fill"
  var shape: Shape
  var dtype: DType
  var extra: Dim?
  func inferTypes(_ context: TypeContext) throws -> [TensorType] {
    try operands(0, context)
    return [TensorType(dtype, shape)]
  }
}

/// Two results.
struct Twice: TinyOperation {
  static let name = "twice"
  func inferTypes(_ context: TypeContext) throws -> [TensorType] {
    try operands(1, context)
    return [context.inputs[0], TensorType(.f64, context.inputs[0].shape)]
  }
}

/// No result.
struct Sink: TinyOperation {
  static let name = "sink"
  func inferTypes(_ context: TypeContext) throws -> [TensorType] { [] }
}

/// Sub-graphs, and a version of its own.
struct Loop: TinyOperation {
  static let name = "loop"
  static let version = 3
  var trips: Int
  func inferTypes(_ context: TypeContext) throws -> [TensorType] {
    guard let body = context.graphs.first else { throw violated(0, "needs a sub-graph") }
    if context.inputs != body.inputs.map(\.type) { throw violated(1, "operands do not fit the sub-graph") }
    return body.outputs.map { body.type($0.value) }
  }
}

/// Changes its mind about its type.
struct Fickle: TinyOperation {
  static let name = "fickle"
  static let result = Mutex<TensorType>("f32[2]")
  func inferTypes(_ context: TypeContext) throws -> [TensorType] { [Fickle.result.withLock { $0 }] }
}

let tinyRegistry = OperationRegistry([
  Literal.self, Scale.self, Plus.self, Fill.self, Twice.self, Sink.self, Loop.self,
])
