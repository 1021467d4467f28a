import JacquardCore
import JacquardIR
import JacquardOps

@testable import JacquardTransforms

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
  mutating func uniform(_ low: Double, _ high: Double) -> Double { low + (high - low) * Double(next() >> 11) * 0x1p-53 }

  mutating func tensor(_ type: TensorType, _ low: Double = -1, _ high: Double = 1) throws -> HostTensor {
    let sizes = type.shape.sizes ?? []
    let count = sizes.reduce(1, *)
    return try HostTensor(type.dtype, sizes, (0..<count).map { _ in Scalar.float(uniform(low, high)) })
  }

  /// A value for an input of a sample; floats become f64.
  mutating func value(_ input: OperationSample.Input) throws -> HostTensor {
    let type = input.type.inDouble
    switch input {
    case .uniform(_, let low, let high): return try tensor(type, low, high)
    case .signed(_, let low, let high):
      var result = try tensor(type, low, high)
      for index in 0..<result.count where next() & 1 == 1 {
        result[linear: index] = .float(-result[linear: index].asDouble)
      }
      return result
    case .integers(_, let low, let high):
      let sizes = type.shape.sizes ?? []
      let count = sizes.reduce(1, *)
      return try HostTensor(type.dtype, sizes, (0..<count).map { _ in Scalar.int(Int64(low + below(high - low))) })
    case .distinct:
      let sizes = type.shape.sizes ?? []
      var order = Array(0..<sizes.reduce(1, *))
      for index in order.indices.reversed() { order.swapAt(index, below(index + 1)) }
      return try HostTensor(type.dtype, sizes, order.map { Scalar.float(Double($0) * 0.07 - 1) })
    case .values(let tensor):
      return try HostTensor(type.dtype, tensor.sizes, (0..<tensor.count).map { tensor[linear: $0] })
    }
  }
}

extension TensorType {
  var inDouble: TensorType { dtype.isFloat ? TensorType(.f64, shape) : self }
}

extension HostTensor {
  var doubles: [Double] { (0..<count).map { self[linear: $0].asDouble } }

  func plus(_ other: HostTensor, times factor: Double) -> HostTensor {
    var result = self
    for index in 0..<count {
      result[linear: index] = .float(self[linear: index].asDouble + factor * other[linear: index].asDouble)
    }
    return result
  }

  /// The sum of products of elements, and of their magnitudes.
  func inner(_ other: HostTensor) -> (sum: Double, size: Double) {
    zip(doubles, other.doubles).reduce(into: (0, 0)) { result, pair in
      result.0 += pair.0 * pair.1
      result.1 += abs(pair.0 * pair.1)
    }
  }
}

func vector(_ values: Double...) throws -> HostTensor { try HostTensor(values, [values.count]) }

extension Graph {
  /// An output written as one expression: `add(x, exp(y))`, attributes in brackets.
  func expression(_ output: String = "y") throws -> String {
    guard let output = self.output(named: output) else { throw Diagnostic("no output '\(output)'") }
    return try expression(output.value)
  }

  private func expression(_ value: ValueID) throws -> String {
    switch definition(value) {
    case .input(let index): return inputs[index].name
    case .result(let id, let k):
      let node = nodes[id.index]
      if let constant = node.operation as? Constant {
        let numbers = constant.value.tensor.doubles.map { $0 == $0.rounded() ? "\(Int($0))" : "\($0)" }
        return numbers.count == 1 ? numbers[0] : "[\(numbers.joined(separator: ","))]"
      }
      let fields = try node.operation.attributes().map { "\($0.key):\(Graph.short($0.value))" }
      let attributes = fields.isEmpty ? "" : "[\(fields.joined(separator: " "))]"
      let operands = try node.inputs.map(expression).joined(separator: ", ")
      return "\(node.operationName)\(attributes)(\(operands))" + (k == 0 ? "" : ":\(k)")
    }
  }

  private static func short(_ value: AttributeValue) -> String {
    switch value {
    case .bool(let value): "\(value)"
    case .int(let value): "\(value)"
    case .float(let value): "\(value)"
    case .string(let value): value
    case .dimension(let dim): dim.description
    case .array(let items): items.map(short).joined(separator: ",")
    case .object(let fields): fields.map { "\($0.key):\(short($0.value))" }.joined(separator: " ")
    case .tensor(let tensor): tensor.type.description
    }
  }

  func count(_ operation: String) -> Int { nodes.filter { $0.operationName == operation }.count }
}

/// Builds a graph with one output `y`.
func graph(
  _ inputs: [(String, TensorType)], _ build: (GraphBuilder, [ValueID]) throws -> ValueID
) throws -> Graph {
  let builder = GraphBuilder(name: "test")
  let values = try inputs.map { try builder.input($0.0, $0.1) }
  try builder.output("y", build(builder, values))
  return builder.graph
}
