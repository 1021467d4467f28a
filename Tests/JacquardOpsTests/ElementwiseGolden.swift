import JacquardCore
import JacquardFiles
import JacquardIR
import JacquardOps

/// The golden cases of element-wise operations and composites (`Tests/Goldens/README.md`).
struct ElementwiseGolden {
  enum Tolerance {
    case bits, value
    case ulp(Double)
    case close(relative: Double, absolute: Double)
  }

  let name: String
  let operation: any Operation
  /// Whether the golden output holds one loss a sample, whose mean is what the operation gives.
  let averagesSamples: Bool
  let inputs: [HostTensor]
  let output: HostTensor
  /// Further outputs, where the file has them.
  let others: [HostTensor]
  let tolerance: Tolerance
  /// Present where the case is differentiated.
  let gradient: Gradient?

  struct Gradient {
    let cotangent: HostTensor
    /// One an input.
    let expected: [HostTensor?]
    let tolerance: Tolerance
  }

  /// The cases of the given operations, in the order of the file.
  static func read(_ operations: [any Operation.Type]) throws -> [ElementwiseGolden] {
    let folder = #filePath.split(separator: "/").dropLast(2).map { "/" + $0 }.joined() + "/Goldens/"
    let registry = OperationRegistry(operations)
    let tensors = try SafetensorsFile(folder + "operations.safetensors")
    let file = try JSONValue.read(folder + "operations.json").object()
    return try file.required("cases").array().compactMap { try ElementwiseGolden($0.object(), registry, tensors) }
  }

  private static let names = ["mse": "meanSquaredError"]

  private init?(_ entry: JSONObject, _ registry: OperationRegistry, _ tensors: SafetensorsFile) throws {
    let golden = try entry.required("op").string()
    name = try entry.required("name").string()
    inputs = try entry.required("inputs").array().map { try tensors.tensor($0.string()) }
    let soft = golden == "crossEntropy" && inputs.allSatisfy { $0.dtype.isFloat }
    let known = soft ? "crossEntropySoft" : Self.names[golden] ?? golden
    guard registry.operation(named: known) != nil else { return nil }
    let attributes = try entry.required("attributes").object().fields.map {
      AttributeField($0.name, try Self.attribute($0.value))
    }
    operation = try registry.decode(known, attributes: attributes)
    averagesSamples = attributes.contains(AttributeField("reduction", .string("sumPerSample")))
    let outputs = try entry.required("outputs").array().map { try tensors.tensor($0.string()) }
    guard let output = outputs.first else { return nil }
    (self.output, others) = (output, Array(outputs.dropFirst()))
    tolerance = try Self.tolerance(entry.required("tolerance").object())
    gradient = try entry["cotangent"].map { cotangent in
      Gradient(
        cotangent: try tensors.tensor(cotangent.string()),
        expected: try entry.required("gradients").array().map { $0.isNull ? nil : try tensors.tensor($0.string()) },
        tolerance: try Self.tolerance(entry.required("gradientTolerance").object()))
    }
  }

  private static func attribute(_ value: JSONValue) throws -> AttributeValue {
    switch value.content {
    case .bool(let value): .bool(value)
    case .integer(let value): .int(Int(value))
    case .string(let value): .string(value)
    case .array(let items): .array(try items.map { try attribute($0) })
    case .object(let fields): .object(try fields.map { AttributeField($0.name, try attribute($0.value)) })
    default: .float(try value.double())
    }
  }

  private static func tolerance(_ entry: JSONObject) throws -> Tolerance {
    switch try entry.required("kind").string() {
    case "bits": .bits
    case "value": .value
    case "ulp": .ulp(try entry.required("ulp").double())
    default:
      .close(relative: try entry.required("rtol").double(), absolute: try entry.required("atol").double())
    }
  }
}

extension ElementwiseGolden {
  /// What is wrong first with the further outputs, or nil.
  func differenceOfOthers() throws -> String? {
    if others.isEmpty { return nil }
    let types = try operation.inferTypes(TypeContext(inputs.map(\.type)))
    let results = try operation.reference(ReferenceContext(inputs, outputs: types))
    for (index, expected) in others.enumerated() {
      if let difference = tolerance.difference(results[index + 1], expected) {
        return "output \(index + 1)\(difference)"
      }
    }
    return nil
  }
}

extension ElementwiseGolden.Tolerance {
  /// The first difference of two tensors beyond the tolerance, or nil. Any NaN equals any other.
  func difference(_ actual: HostTensor, _ expected: HostTensor) -> String? {
    guard actual.type == expected.type else { return "type \(actual.type) instead of \(expected.type)" }
    for index in 0..<expected.count {
      let (a, e) = (actual[linear: index], expected[linear: index])
      if !allows(a, e, expected.dtype) { return "[\(index)] is \(a) instead of \(e)" }
    }
    return nil
  }

  private func allows(_ actual: Scalar, _ expected: Scalar, _ dtype: DType) -> Bool {
    guard case .float(let a) = actual, case .float(let e) = expected else { return actual == expected }
    if a.isNaN || e.isNaN { return a.isNaN && e.isNaN }
    switch self {
    case .bits: return a.bitPattern == e.bitPattern
    case .value: return a == e
    case .ulp(let units):
      if a == e { return a.sign == e.sign }
      return (a - e).magnitude <= units * (dtype == .f32 ? Double(Float(e).ulp) : e.ulp)
    case .close(let relative, let absolute):
      return a == e || (a - e).magnitude <= absolute + relative * e.magnitude
    }
  }
}
