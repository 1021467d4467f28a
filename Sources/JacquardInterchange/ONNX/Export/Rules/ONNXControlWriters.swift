import JacquardCore
import JacquardIR
import JacquardOps

/// Control flow: sub-graphs become bodies. What does not change from trip to trip is captured by its name.
enum ONNXControlWriters {
  static let all: [ONNXWriter] = [
    ONNXWriter(JacquardOps.Scan.self) { try scan($0, $1) },
    ONNXWriter(Cond.self) { _, use in try cond(use) },
    ONNXWriter(While.self) { try whileLoop($0, $1) },
  ]

  /// The results of a sub-graph written in place.
  private static func results(
    _ graph: Graph, _ inputs: [String], _ use: ONNXUse
  ) throws -> [(name: String, type: TensorType)] {
    let names = try use.exporter.write(graph, Dictionary(zip(graph.inputValues, inputs)) { $1 })
    return graph.outputs.map { (names[$0.value] ?? "", graph.type($0.value)) }
  }

  private static func scan(_ operation: JacquardOps.Scan, _ use: ONNXUse) throws -> [String] {
    let changing = operation.carried + operation.scanned
    let captured = Array(use.inputs[changing...])
    var operands = Array(use.inputs[..<changing])
    var types = Array(use.inputTypes[..<operation.carried])
    types += use.inputTypes[operation.carried..<changing].map { type in
      TensorType(type.dtype, Shape(Array(type.shape.dims.dropFirst())))
    }
    // Something must be scanned for the number of trips to be known.
    if operation.scanned == 0 {
      let end = try use.one("Squeeze", [use.dimensions([operation.length])])
      operands.append(use.one("Range", [use.integer(0), end, use.integer(1)]))
      types.append(TensorType(.i64, .scalar))
    }
    let body = try use.exporter.body("scan", types) { names in
      try results(use.graphs[0], Array(names[..<changing]) + captured, use)
    }
    let stacked = use.outputTypes.count - operation.carried
    let direction = operation.reverse ? 1 : 0
    let attributes: [Onnx_AttributeProto] = [
      .graph("body", body), .int("num_scan_inputs", max(operation.scanned, 1)),
      .ints("scan_input_directions", [Int](repeating: direction, count: max(operation.scanned, 1))),
      .ints("scan_output_directions", [Int](repeating: direction, count: stacked)),
    ]
    return use.emit("Scan", operands, attributes, outputs: use.outputTypes.count)
  }

  private static func cond(_ use: ONNXUse) throws -> [String] {
    let operands = Array(use.inputs.dropFirst())
    let bodies = try use.graphs.map { graph in
      try use.exporter.body("branch", []) { _ in try results(graph, operands, use) }
    }
    let attributes: [Onnx_AttributeProto] = [.graph("then_branch", bodies[0]), .graph("else_branch", bodies[1])]
    return use.emit("If", [use.inputs[0]], attributes, outputs: use.outputTypes.count)
  }

  private static func whileLoop(_ operation: While, _ use: ONNXUse) throws -> [String] {
    let carried = Array(use.inputs[..<operation.carried])
    let captured = Array(use.inputs[operation.carried...])
    let start = try results(use.graphs[0], use.inputs, use)[0].name
    let types = [TensorType(.i64, .scalar), TensorType(.bool, .scalar)] + use.inputTypes[..<operation.carried]
    let body = try use.exporter.body("loop", types) { names in
      let next = try results(use.graphs[1], Array(names.dropFirst(2)) + captured, use)
      return try results(use.graphs[0], next.map(\.name) + captured, use) + next
    }
    return use.emit(
      "Loop", [use.integer(operation.limit), start] + carried, [.graph("body", body)], outputs: operation.carried)
  }
}
