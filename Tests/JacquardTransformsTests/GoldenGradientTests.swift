import JacquardCore
import JacquardFiles
import JacquardIR
import JacquardOps
import Testing

@testable import JacquardTransforms

/// Gradients against PyTorch's (`Tests/Goldens/README.md`), before and after the graph passes.
@Suite struct GoldenGradientTests {
  private static let names = ["mse": "meanSquaredError"]

  @Test func agreeWithPyTorch() throws {
    let folder = "/" + #filePath.split(separator: "/").dropLast(2).joined(separator: "/") + "/Goldens/"
    let tensors = try SafetensorsFile(folder + "operations.safetensors")
    let cases = try JSONValue.read(folder + "operations.json").object().required("cases").array()
    var count = 0
    for entry in cases {
      let fields = try entry.object()
      if fields["gradients"] != nil, try check(fields, tensors) { count += 1 }
    }
    #expect(count > 400)
  }

  /// Whether the case was compared.
  private func check(_ entry: JSONObject, _ tensors: SafetensorsFile) throws -> Bool {
    let label = try entry.required("name").string()
    let values = try entry.required("inputs").array().map { try tensors.tensor($0.string()) }
    let name = try entry.required("op").string()
    let soft = name == "crossEntropy" && values.allSatisfy { $0.dtype.isFloat }
    let attributes = try entry.required("attributes").object().fields.map {
      AttributeField($0.name, try Self.attribute($0.value))
    }
    // The golden sums of each sample are not averaged; the operation's are.
    if attributes.contains(AttributeField("reduction", .string("sumPerSample"))) { return false }
    let operation = try OperationRegistry.standard.decode(
      soft ? "crossEntropySoft" : Self.names[name] ?? name, attributes: attributes)
    let expected = try entry.required("gradients").array().map { $0.isNull ? nil : try tensors.tensor($0.string()) }
    let cotangent = try tensors.tensor(try entry.required("cotangent").string())
    let tolerance = try entry.required("gradientTolerance").object()
    let (rtol, atol) = (try tolerance.required("rtol").double(), try tolerance.required("atol").double())
    for actual in try gradients(operation, values, cotangent) {
      for (index, expected) in expected.enumerated() {
        guard let expected else { continue }
        let found = try #require(actual["g\(index)"])
        let close = zip(found.doubles, expected.doubles).allSatisfy { abs($0 - $1) <= atol + rtol * abs($1) }
        #expect(close, "\(label), input \(index): \(found.doubles.prefix(8)), not \(expected.doubles.prefix(8))")
      }
    }
    return true
  }

  private func gradients(
    _ operation: any Operation, _ values: [HostTensor], _ cotangent: HostTensor
  ) throws -> [[String: HostTensor]] {
    let builder = GraphBuilder(name: "golden")
    var point = ["seed": cotangent]
    var inputs: [ValueID] = []
    for (index, value) in values.enumerated() {
      point["x\(index)"] = value
      inputs.append(try builder.input("x\(index)", value.type))
    }
    let result = Array(try builder.append(operation, inputs).prefix(1))
    let seed = try builder.input("seed", cotangent.type)
    let wrt = inputs.indices.filter { values[$0].dtype.isFloat }
    let found = try builder.vjp(result, cotangents: [seed], withRespectTo: wrt.map { inputs[$0] })
    for (index, value) in zip(wrt, found) { try builder.output("g\(index)", value) }
    let (compiled, _) = try Pipeline.standard.run(builder.graph)
    return [try builder.graph.evaluate(point).outputs, try compiled.evaluate(point).outputs]
  }

  private static func attribute(_ value: JSONValue) throws -> AttributeValue {
    switch value.content {
    case .bool(let value): .bool(value)
    case .integer(let value): .int(Int(value))
    case .string(let value): .string(value)
    case .array(let items): .array(try items.map(attribute))
    case .object(let fields): .object(try fields.map { AttributeField($0.name, try attribute($0.value)) })
    default: .float(try value.double())
    }
  }
}
