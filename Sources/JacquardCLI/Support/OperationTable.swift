import JacquardCore
import JacquardFiles
import JacquardIR
import JacquardInterchange
import JacquardKernels
import JacquardOps
import JacquardPlanner
import JacquardRuntime

/// What Jacquard can do with each operation, worked out from the registry: rules are asked, samples are compiled.
struct OperationTable {
  struct Row {
    let name: String
    let summary: String
    let types: [DType]
    /// How a gradient comes about: `rule`, `decomposed`, or `none`.
    let gradient: String
    /// Types for which the operation has a gradient.
    let differentiable: [DType]
    /// What it is lowered to: `map`, `reduction`, `product`, `scatter`, `constant`, `control`, `composite` or `view`.
    let lowering: String
    /// Types on which all samples become emitted C as a whole.
    let emitted: [DType]
    let onnx: ONNXSupport

    /// Whether its kernels join others.
    var isFused: Bool { !["scatter", "constant", "control"].contains(lowering) }
  }

  let rows: [Row]

  init(_ registry: OperationRegistry) {
    rows = registry.operations.map { OperationTable.row($0) }.sorted { $0.name < $1.name }
  }

  // MARK: Rows

  private static func row(_ operation: any Operation.Type) -> Row {
    let uses = operation.samples.map { Use($0) }
    let types = DType.allCases.filter { dtype in uses.contains { $0.with(dtype)?.isTyped ?? false } }
    let floats = types.filter(\.isFloat)
    let gradients = floats.map { dtype in (dtype, uses.lazy.compactMap { $0.with(dtype)?.gradient }.first ?? "none") }
    let known = gradients.filter { $0.1 != "none" }
    let emitted = types.filter { dtype in
      uses.compactMap { $0.with(dtype) }.allSatisfy { !$0.isTyped || $0.isEmitted }
    }
    return Row(
      name: operation.name, summary: operation.doc.summary, types: types, gradient: known.first?.1 ?? "none",
      differentiable: known.map(\.0), lowering: lowering(operation, uses),
      emitted: emitted, onnx: ONNXSupport(operation))
  }

  private static func lowering(_ operation: any Operation.Type, _ uses: [Use]) -> String {
    if operation is any CompositeOperation.Type { return "composite" }
    return uses.lazy.compactMap(\.lowering).first ?? "view"
  }

  // MARK: Forms

  /// `g` where there is a gradient, `y` where there is none, `.` where the type is not taken.
  private static func mark(_ row: Row, _ dtype: DType) -> String {
    row.differentiable.contains(dtype) ? "g" : row.types.contains(dtype) ? "y" : "."
  }

  private var header: [String] {
    ["operation"] + DType.allCases.map(\.rawValue) + ["gradient", "lowering", "fused", "ONNX", "C", "StableHLO"]
  }

  private func cells(_ row: Row) -> [String] {
    [row.name] + DType.allCases.map { OperationTable.mark(row, $0) }
      + [row.gradient, row.lowering, row.isFused ? "yes" : "no", row.onnx.rawValue]
      + [row.emitted.isEmpty ? "no" : row.emitted.map(\.rawValue).joined(separator: " "), "no"]
  }

  var text: String {
    var table = TextTable([TextTable.Alignment](repeating: .left, count: header.count))
    table.add(header)
    for row in rows { table.add(cells(row)) }
    let legend =
      "g: with gradient  y: without  .: not defined;  ONNX: read and written (both), or as other "
      + "operations (export);  C: types on which its samples become emitted C as a whole;  StableHLO is not in this version"
    return (table.lines() + ["\(rows.count) operations", legend]).joined(separator: "\n")
  }

  var json: JSONValue {
    let operations = rows.map { row in
      JSONValue(fields: [
        ("name", JSONValue(row.name)), ("summary", JSONValue(row.summary)),
        ("dtypes", JSONValue(row.types.map { JSONValue($0.rawValue) })), ("gradient", JSONValue(row.gradient)),
        ("gradient_dtypes", JSONValue(row.differentiable.map { JSONValue($0.rawValue) })),
        ("lowering", JSONValue(row.lowering)), ("fused", JSONValue(row.isFused)),
        ("c", JSONValue(!row.emitted.isEmpty)),
        ("c_dtypes", JSONValue(row.emitted.map { JSONValue($0.rawValue) })),
        ("onnx", JSONValue(row.onnx.rawValue)), ("stablehlo", false),
      ])
    }
    return JSONValue(fields: [("format", "jacquard.ops"), ("version", 1), ("operations", JSONValue(operations))])
  }

  /// The page docs/ops.md.
  var markdown: String {
    var lines = [
      "# Operations", "", "Written by `jacquard ops --format markdown` from the registry; a test keeps it up to date.",
      "",
      "`g`: with gradient, `y`: without, `.`: not defined for the type. *gradient*: a rule of its own, or that of its",
      "decomposition. *lowering*: what its kernels are; those of maps, reductions and products join others (*fused*).",
      "*ONNX*: *both* if what is written is read as the same operation, *export* if it is written, or read, as others.",
      "*C*: the types on which executor `native` emits all of its samples as C, as a whole; on others the tile machine does a part",
      "(values of 64 bits, long integers as indices), or the runtime (products, factorisations, control flow). StableHLO is not in",
      "this version.",
      "",
      "| " + header.joined(separator: " | ") + " | |", "|" + String(repeating: "---|", count: header.count + 1),
    ]
    for row in rows { lines.append("| " + cells(row).joined(separator: " | ") + " | \(row.summary) |") }
    return lines.joined(separator: "\n") + "\n"
  }
}

/// One sample of an operation with its element types exchanged.
private struct Use {
  private let operation: any Operation
  private let inputs: [TensorType]
  private let graphs: [Graph]

  init(_ sample: OperationSample) {
    (operation, inputs, graphs) = (sample.operation, sample.inputs.map(\.type), sample.graphs)
  }

  private init(_ operation: any Operation, _ inputs: [TensorType], _ graphs: [Graph]) {
    (self.operation, self.inputs, self.graphs) = (operation, inputs, graphs)
  }

  /// The same use on another element type: that of the operands; where their types are fixed (keys of random
  /// draws) or there are none, that of the result. nil if it does not have that type.
  func with(_ dtype: DType) -> Use? {
    if hasFreeOperands { return exchangingOperands(dtype) }
    if type?.dtype == dtype { return self }
    return exchangingAttribute(dtype)
  }

  private var hasFreeOperands: Bool { DType.allCases.count { exchangingOperands($0)?.isTyped ?? false } > 1 }

  /// With the type of the first float operand exchanged, else of the last, and of those like it: others are predicates,
  /// indices and keys.
  private func exchangingOperands(_ dtype: DType) -> Use? {
    guard let main = (inputs.first { $0.dtype.isFloat } ?? inputs.last)?.dtype else { return nil }
    return Use(operation, inputs.map { $0.dtype == main ? TensorType(dtype, $0.shape) : $0 }, graphs)
  }

  private func exchangingAttribute(_ dtype: DType) -> Use? {
    guard let fields = try? operation.attributes() else { return nil }
    let changed = fields.map { field in
      switch field.value {
      case .string where field.key == "dtype": AttributeField(field.key, .string(dtype.rawValue))
      case .tensor(let tensor):
        (try? HostTensor(zeros: dtype, tensor.sizes)).map { AttributeField(field.key, .tensor($0)) } ?? field
      default: field
      }
    }
    guard let other = try? Swift.type(of: operation).decode(changed) else { return nil }
    let use = Use(other, inputs, graphs)
    return use.type?.dtype == dtype ? use : nil
  }

  private var type: TensorType? {
    (try? operation.inferTypes(TypeContext(inputs, graphs: graphs)))?.first
  }

  var isTyped: Bool { type != nil }

  // MARK: Questions

  /// How the gradient comes about; nil if the rule refuses.
  var gradient: String? {
    guard let (builder, values) = built, let results = try? builder.append(operation, values, graphs: graphs) else {
      return nil
    }
    guard inputs.contains(where: \.dtype.isFloat) else { return nil }
    let seeds = results.enumerated().compactMap { try? builder.input("g\($0.offset)", builder.type($0.element)) }
    let context = GradientContext(
      builder: builder, inputs: values, outputs: results, cotangents: seeds, needed: inputs.map(\.dtype.isFloat),
      graphs: graphs, pullback: GraphBuilder.pullback)
    switch try? operation.gradient(context) {
    case .cotangents: return "rule"
    case .decomposed: return "decomposed"
    case .nonDifferentiable, nil: return nil
    }
  }

  private var built: (GraphBuilder, [ValueID])? {
    let builder = GraphBuilder(name: "use")
    let values = inputs.enumerated().compactMap { try? builder.input("x\($0.offset)", $0.element) }
    return values.count == inputs.count ? (builder, values) : nil
  }

  /// The operation alone, with all of its results as outputs.
  private var graph: Graph? {
    guard let (builder, values) = built, let results = try? builder.append(operation, values, graphs: graphs),
      results.enumerated().allSatisfy({ (try? builder.output("y\($0.offset)", $0.element)) != nil })
    else { return nil }
    return builder.graph
  }

  /// What the kernels of the operation alone are; nil if it has none.
  var lowering: String? {
    guard let lowered = try? graph?.lowered() else { return nil }
    return Use.name(lowered)
  }

  /// Whether the operation's plan becomes emitted C as a whole.
  var isEmitted: Bool {
    guard let graph, let plan = try? Compiler.compile(graph).plan, let c = try? EmittedC(plan) else { return false }
    return c.isWhole
  }

  private static func name(_ lowered: LoweredGraph) -> String? {
    var name: String? = lowered.constants.isEmpty ? nil : "constant"
    for kernel in lowered.program.kernels {
      switch kernel.kind {
      case .contraction: return "product"
      case .scatter: return "scatter"
      case .library: return "library"
      case .loops(let nests) where nests.contains { $0.stages.contains { !$0.reductions.isEmpty } }: name = "reduction"
      case .loops: name = name == "reduction" ? name : "map"
      case .control: name = "control"
      }
    }
    return name
  }
}
