import Foundation
import JacquardCore
import JacquardIR
import JacquardOps

/// One node, as its translator sees it.
struct ONNXNode {
  let proto: Onnx_NodeProto
  let opset: Int
  let inputs: [ValueID?]
  let attributes: [String: Onnx_AttributeProto]
  let scope: ONNXScope
  let importer: ONNXImporter

  var builder: GraphBuilder { importer.builder }

  /// The error of what an operator may ask for and Jacquard cannot do.
  func unsupported(_ reason: String) -> Diagnostic { Diagnostic("unsupported operator: \(proto.opType) (\(reason))") }

  // MARK: Inputs

  func input(_ index: Int) throws -> ValueID {
    guard let value = optional(index) else { throw Diagnostic("input \(index) is missing") }
    return value
  }

  func optional(_ index: Int) -> ValueID? { index < inputs.count ? inputs[index] : nil }

  /// All inputs of a variadic operator.
  func all() throws -> [ValueID] {
    if inputs.isEmpty { throw Diagnostic("it has no inputs") }
    return try inputs.indices.map { try input($0) }
  }

  func type(_ index: Int) throws -> TensorType { builder.type(try input(index)) }
  func shape(_ index: Int) throws -> Shape { try type(index).shape }
  func dtype(_ index: Int) throws -> DType { try type(index).dtype }

  /// The numbers of a shape. - Throws: `Diagnostic` if there are symbols.
  func sizes(_ index: Int) throws -> [Int] { try sizes(of: input(index)) }

  func sizes(of value: ValueID) throws -> [Int] {
    if let sizes = builder.shape(value).sizes { return sizes }
    let symbols = builder.shape(value).symbols.sorted().joined(separator: ", ")
    throw unsupported("of \(builder.type(value)): bind \(symbols)")
  }

  func wants(_ output: Int) -> Bool { output < proto.output.count && !proto.output[output].isEmpty }

  // MARK: Known inputs

  func tensor(_ index: Int) throws -> HostTensor { try importer.tensor(input(index), "input \(index)") }

  /// Whole numbers of an input that is known; nil if it is left out.
  func integers(_ index: Int) throws -> [Int]? { try optional(index) == nil ? nil : tensor(index).integers }

  func dimensions(_ index: Int) throws -> [Dim] { try importer.dimensions(input(index), "input \(index)") }

  // MARK: Attributes

  private func attribute(
    _ name: String, _ type: Onnx_AttributeProto.AttributeType
  ) throws -> Onnx_AttributeProto? {
    guard let attribute = attributes[name] else { return nil }
    guard attribute.type == type || attribute.type == .undefined else {
      throw Diagnostic("attribute '\(name)' has another type than the operator wants")
    }
    return attribute
  }

  func int(_ name: String) throws -> Int? { try attribute(name, .int).map { Int($0.i) } }
  func int(_ name: String, _ fallback: Int) throws -> Int { try int(name) ?? fallback }
  func flag(_ name: String, _ fallback: Bool = false) throws -> Bool { try int(name, fallback ? 1 : 0) != 0 }
  func ints(_ name: String) throws -> [Int]? { try attribute(name, .ints)?.ints.map { Int($0) } }
  func float(_ name: String) throws -> Double? { try attribute(name, .float).map { Double($0.f) } }
  func floats(_ name: String) throws -> [Double]? { try attribute(name, .floats)?.floats.map { Double($0) } }
  func float(_ name: String, _ fallback: Double) throws -> Double { try float(name) ?? fallback }

  func string(_ name: String, _ fallback: String = "") throws -> String {
    try attribute(name, .string).map { String(decoding: $0.s, as: UTF8.self) } ?? fallback
  }

  func strings(_ name: String) throws -> [String]? {
    try attribute(name, .strings)?.strings.map { String(decoding: $0, as: UTF8.self) }
  }

  func tensor(attribute name: String) throws -> HostTensor? {
    try attribute(name, .tensor).map { try importer.tensors.tensor($0.t) }
  }

  func sparseTensor(attribute name: String) throws -> HostTensor? {
    try attribute(name, .sparseTensor).map { try importer.tensors.dense($0.sparseTensor) }
  }

  /// An element type given by its number.
  func dtype(attribute name: String) throws -> DType? {
    try int(name).map { try ONNXElementType.dtype(Int32(exactly: $0) ?? -1) }
  }

  func graph(attribute name: String) throws -> Onnx_GraphProto? { try attribute(name, .graph)?.g }

  // MARK: Axes

  /// An axis counted from the first. - Throws: `Diagnostic` if there is no such axis.
  func axis(_ axis: Int, rank: Int) throws -> Int {
    guard axis < rank, axis >= -rank else { throw Diagnostic("axis \(axis) is not one of \(rank) axes") }
    return axis < 0 ? axis + rank : axis
  }

  /// What a body makes of the axis that an input tells. If that is only known when the graph runs, all axes are tried
  /// and the right result is chosen then; the results must have one shape.
  func alongAxis(
    _ index: Int, of candidates: Range<Int>, rank: Int, _ body: (Int) throws -> ValueID
  ) throws -> ValueID {
    let value = try input(index)
    if let fixed = try importer.frame.fixedTensor(value) {
      guard fixed.count == 1 else { throw Diagnostic("input \(index) is no axis") }
      return try body(axis(Int(fixed[linear: 0].asInt), rank: rank))
    }
    let chosen = try builder.reshape(builder.cast(value, .i64), .scalar)
    guard let last = candidates.last else { throw Diagnostic("there are no axes") }
    return try candidates.dropLast().reduce(body(last)) { rest, axis in
      let hits = try [axis, axis - rank].map { try builder.equal(chosen, builder.constant(HostTensor(Int64($0)))) }
      return try builder.select(builder.logicalOr(hits[0], hits[1]), body(axis), rest)
    }
  }

  /// Different axes, counted from the first, in the order given.
  func axes(_ axes: [Int], rank: Int) throws -> [Int] {
    let result = try axes.map { try axis($0, rank: rank) }
    if Set(result).count != result.count { throw Diagnostic("an axis is named twice in \(axes)") }
    return result
  }

  // MARK: Values

  func constant(_ value: Double, _ dtype: DType) throws -> ValueID { try builder.constant(value, dtype) }
  func constant(_ value: Double, like x: ValueID) throws -> ValueID { try constant(value, builder.type(x).dtype) }

  func constant(integers: [Int], _ dtype: DType = .i64) throws -> ValueID {
    try builder.constant(HostTensor(dtype, [integers.count], integers.map { .int(Int64($0)) }))
  }

  /// A vector along one axis of a shape of some rank.
  func along(_ axis: Int, rank: Int, _ x: ValueID) throws -> ValueID {
    guard let first = builder.shape(x).dims.first, builder.shape(x).rank == 1 else { return x }
    var dims = [Dim](repeating: 1, count: rank)
    dims[axis] = first
    return try builder.reshape(x, Shape(dims))
  }

  /// Computes in f32 at least, for types that only memory has.
  func widened(_ x: ValueID) throws -> ValueID {
    let dtype = builder.type(x).dtype
    return dtype == .f16 || dtype == .bf16 ? try builder.cast(x, .f32) : x
  }
}
