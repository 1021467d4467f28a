import JacquardCore
import JacquardIR
import JacquardOps

/// One Loop: a scan if its trips can be counted beforehand, else a while.
struct ONNXLoop {
  private let node: ONNXNode
  private let body: ONNXBody
  private let carries: [ValueID]
  private let captured: [ONNXBody.Capture]
  private let stacked: Int
  private var b: GraphBuilder { node.builder }

  /// The condition of a trip follows from what the trip computes.
  private struct IsDynamic: Error {}

  init(_ node: ONNXNode) throws {
    self.node = node
    body = try ONNXBody(node, "body")
    carries = try (2..<max(2, node.inputs.count)).map { try node.input($0) }
    captured = ONNXBody.captured([body], node.scope)
    stacked = body.graph.output.count - 1 - carries.count
    guard stacked >= 0, body.graph.input.count == carries.count + 2 else {
      throw Diagnostic("the body has \(body.graph.input.count) inputs and \(body.graph.output.count) outputs")
    }
  }

  func results() throws -> [ValueID?] {
    if let trips = try trips() {
      do { return try counted(trips) } catch is IsDynamic {}
    }
    guard stacked == 0 else {
      throw node.unsupported("whose condition decides how many elements are stacked")
    }
    return try conditional()
  }

  // MARK: Counted

  /// The number of trips if nothing ends the loop before; what is given for inputs counts only where a shape depends on it.
  private func trips() throws -> Dim? {
    let isShape = stacked > 0
    if let condition = node.optional(1) {
      guard let starts = try isShape ? node.tensor(1) : node.importer.frame.fixedTensor(condition) else { return nil }
      if starts.count == 1, !starts[linear: 0].asBool { return 0 }
    }
    guard let count = node.optional(0) else { return nil }
    let dims = try isShape ? node.dimensions(0) : node.importer.frame.dimensions(count, isFixed: true)
    guard let trips = dims?.first, dims?.count == 1 else { return nil }
    return trips.value.map { Dim(max(0, $0)) } ?? trips
  }

  private func counted(_ trips: Dim) throws -> [ValueID] {
    let numbers = try b.iota(Shape([trips]), axis: 0, .i64)
    let results = try b.scan(carries, over: [numbers], constants: captured.map(\.value), length: trips) {
      inner, c, x, k in
      let holds = try inner.constant(1, .bool)
      let results = try body.results(inner, [x[0], holds] + c, changing: c.count + 1, captured: captured, as: k)
      guard try trips == 0 || body.isFixedTrue(inner, results[0]) else { throw IsDynamic() }
      try body.checkCarried(inner, Array(results.dropFirst()), c)
      return (Array(results[1..<1 + c.count]), Array(results.dropFirst(1 + c.count)))
    }
    return results.carries + results.outputs
  }

  // MARK: Conditional

  private func conditional() throws -> [ValueID] {
    let start = try [
      b.constant(HostTensor(Int64(0))),
      node.optional(1).map { try b.reshape($0, .scalar) } ?? b.constant(1, .bool),
    ]
    let limit = try node.optional(0).map { try b.reshape(b.cast($0, .i64), .scalar) }
    let constants = captured.map(\.value) + (limit.map { [$0] } ?? [])
    let results = try b.whileLoop(start + carries, constants: constants, limit: Int(Int32.max)) { inner, x in
      limit == nil ? x[1] : try inner.logicalAnd(x[1], inner.less(x[0], x[x.count - 1]))
    } body: { inner, x in
      let own = Array(x[..<(2 + carries.count)])
      let values = Array(x[own.count..<own.count + captured.count])
      let results = try body.results(inner, own, changing: own.count, captured: captured, as: values)
      try body.checkCarried(inner, Array(results.dropFirst()), Array(own.dropFirst(2)))
      let next = try inner.add(x[0], inner.constant(1, .i64))
      return [next, try inner.reshape(results[0], .scalar)] + results.dropFirst()
    }
    return Array(results.dropFirst(2))
  }
}

/// One Scan. In operator set 8 all operands have a batch axis before the others.
struct ONNXScan {
  private let node: ONNXNode
  private let body: ONNXBody
  private let carried: Int
  private let scanned: Int
  private let captured: [ONNXBody.Capture]
  private var b: GraphBuilder { node.builder }

  init(_ node: ONNXNode) throws {
    self.node = node
    body = try ONNXBody(node, "body")
    let operands = node.inputs.count - (node.opset < 9 ? 1 : 0)
    guard let scanned = try node.int("num_scan_inputs"), (1...max(1, operands)).contains(scanned), operands >= scanned
    else { throw Diagnostic("attribute 'num_scan_inputs' is missing or impossible") }
    self.scanned = scanned
    carried = operands - scanned
    captured = ONNXBody.captured([body], node.scope)
    guard body.graph.output.count >= carried else { throw Diagnostic("the body has too few outputs") }
  }

  func results() throws -> [ValueID?] {
    if node.opset >= 9 { return try scan(b, node.all(), captured.map(\.value)) }
    if node.optional(0) != nil { throw node.unsupported("with lengths of sequences") }
    let operands = try (1..<node.inputs.count).map { try node.input($0) }
    let constants = captured.map(\.value)
    return try b.scan([], over: operands, constants: constants) { inner, _, x, k in
      ([], try scan(inner, x, k, nested: true))
    }.outputs
  }

  /// - Parameter values: the captured values, as the builder has them.
  private func scan(
    _ builder: GraphBuilder, _ operands: [ValueID], _ values: [ValueID], nested: Bool = false
  ) throws -> [ValueID] {
    let isOld = node.opset < 9
    let backwards = try directions(isOld ? "directions" : "scan_input_directions", scanned)
    let axes = try list("scan_input_axes", scanned)
    let slices = try operands.dropFirst(carried).enumerated().map { index, x in
      let front = try moved(builder, x, from: axes[index], to: 0)
      return backwards[index] ? try builder.reverse(front, axes: [0]) : front
    }
    let results = try builder.scan(Array(operands.prefix(carried)), over: slices, constants: values) { inner, c, x, k in
      let results = try body.results(
        inner, c + x, changing: c.count + x.count, captured: captured, as: k, isKnown: !nested)
      try body.checkCarried(inner, results, c)
      return (Array(results.prefix(carried)), Array(results.dropFirst(carried)))
    }
    let reversed = try directions("scan_output_directions", results.outputs.count)
    let places = try list("scan_output_axes", results.outputs.count)
    let outputs = try results.outputs.enumerated().map { index, y in
      try moved(builder, reversed[index] ? builder.reverse(y, axes: [0]) : y, from: 0, to: places[index])
    }
    return results.carries + outputs
  }

  private func directions(_ name: String, _ count: Int) throws -> [Bool] { try list(name, count).map { $0 != 0 } }

  private func list(_ name: String, _ count: Int) throws -> [Int] {
    let values = try node.ints(name) ?? [Int](repeating: 0, count: count)
    guard values.count == count else {
      throw Diagnostic("attribute '\(name)' has \(values.count) numbers, not \(count)")
    }
    return values
  }

  private func moved(_ builder: GraphBuilder, _ x: ValueID, from: Int, to: Int) throws -> ValueID {
    let rank = builder.shape(x).rank
    let (source, target) = (try node.axis(from, rank: rank), try node.axis(to, rank: rank))
    if source == target { return x }
    var order = (0..<rank).filter { $0 != source }
    order.insert(source, at: target)
    return try builder.transpose(x, order)
  }
}
