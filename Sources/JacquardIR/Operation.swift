import JacquardCore
import JacquardFiles

/// One kind of node. A small struct whose stored properties are its attributes; everything that Jacquard knows of
/// an operation stands in its one file.
///
/// Type rule, gradient, lowering, reference value and samples have no default: forgetting one is a compile error.
public protocol Operation: Hashable, Codable, Sendable {
  /// The name in files and text: camelCase.
  static var name: String { get }
  /// Raised when the meaning of the attributes changes.
  static var version: Int { get }
  /// Attributes that may be left out, with the values they then have.
  static var defaults: [AttributeField] { get }
  /// What people read about it.
  static var doc: OperationDoc { get }
  /// Cases that serve the tests of value, gradient and performance, and the table of operations.
  static var samples: [OperationSample] { get }
  /// For each numbered constraint at least one use that violates it.
  static var violations: [OperationViolation] { get }

  /// The types of the results, for symbolic shapes too. Files are hostile: the rule checks the number of operands and of
  /// sub-graphs before it looks at them, and every attribute before it computes with it.
  /// - Throws: `Diagnostic` with the tag of the violated constraint (see `violated`).
  func inferTypes(_ context: TypeContext) throws -> [TensorType]
  /// The cotangents of the inputs from those of the results.
  /// - Throws: `Diagnostic` of the builder's type rules, which would be the rule's mistake.
  func gradient(_ context: GradientContext) throws -> Gradient
  /// Emits the kernels that compute it; every shape is static.
  /// - Throws: `Diagnostic` for a use that has no kernels.
  func lower(_ context: LoweringContext) throws
  /// The value, computed the slow and obvious way; floats in double precision, rounded once at the end.
  /// - Throws: `Diagnostic` if values are wrong, such as an index out of range.
  func reference(_ context: ReferenceContext) throws -> [HostTensor]
}

extension Operation {
  public static var version: Int { 1 }
  public static var defaults: [AttributeField] { [] }

  /// The error of a violated constraint: `violated(2, "...")` in `dot` has the tag `dot.c2`.
  public func violated(_ number: Int, _ message: String) -> Diagnostic {
    Diagnostic("\(Self.name): \(message)", constraint: "\(Self.name).c\(number)")
  }

  /// The attributes in the order of declaration, those with default values left out.
  public func attributes() throws -> [AttributeField] {
    guard case .object(let fields) = try AttributeEncoder.encode(self) else { return [] }
    return fields.filter { !Self.defaults.contains($0) }
  }

  /// The operation that these attributes describe.
  public static func decode(_ fields: [AttributeField]) throws -> Self {
    try AttributeDecoder.decode(Self.self, from: .attribute(.object(fields)), defaults: defaults)
  }

  /// The operation that the attributes of a file describe.
  /// - Throws: `Diagnostic` with file, line and column.
  static func decode(json: JSONValue, tensors: TensorResolver?) throws -> Self {
    let context = AttributeDecoder.Context(noun: "attribute", tensors: tensors)
    return try AttributeDecoder.decode(Self.self, from: .json(json), defaults: defaults, context: context)
  }

  /// The same operation with the symbols of its dimensions replaced by numbers.
  /// - Throws: `Diagnostic` if a dimension overflows.
  public func bound(_ bindings: [String: Int]) throws -> Self {
    // Without attributes there are no symbols.
    if bindings.isEmpty || MemoryLayout<Self>.size == 0 { return self }
    let value = try AttributeEncoder.encode(self)
    if value.symbols.isEmpty { return self }
    return try AttributeDecoder.decode(Self.self, from: .attribute(value.bound(bindings)))
  }

  func isEqual(_ other: any Operation) -> Bool { (other as? Self) == self }
}

/// An operation defined by other operations. Gradient, lowering and reference come from the decomposition.
public protocol CompositeOperation: Operation {
  /// Builds the same function from other operations and returns its results.
  /// - Throws: `Diagnostic` of the builder's type rules.
  func decompose(_ builder: GraphBuilder, _ inputs: [ValueID]) throws -> [ValueID]
  /// The same for a node with sub-graphs: what passes call. The default needs none.
  func decompose(_ builder: GraphBuilder, _ inputs: [ValueID], graphs: [Graph]) throws -> [ValueID]
}

extension CompositeOperation {
  public func decompose(_ builder: GraphBuilder, _ inputs: [ValueID], graphs: [Graph]) throws -> [ValueID] {
    try decompose(builder, inputs)
  }

  public func gradient(_ context: GradientContext) throws -> Gradient { .decomposed }

  public func lower(_ context: LoweringContext) throws {
    throw Diagnostic("\(Self.name) must be expanded before it is lowered", kind: .internalError)
  }

  public func reference(_ context: ReferenceContext) throws -> [HostTensor] {
    let builder = GraphBuilder(name: Self.name)
    var inputs: [ValueID] = []
    for (index, tensor) in context.inputs.enumerated() {
      inputs.append(try builder.input("x\(index)", tensor.type))
    }
    let results = try decompose(builder, inputs, graphs: context.graphs)
    for (index, value) in results.enumerated() { try builder.output("y\(index)", value) }
    let named = context.inputs.enumerated().map { ("x\($0.offset)", $0.element) }
    let values = try builder.graph.evaluate(Dictionary(uniqueKeysWithValues: named))
    return results.indices.compactMap { values.outputs["y\($0)"] }
  }
}

/// What an operation is told when types are inferred.
public struct TypeContext {
  /// One an operand; shapes may mention symbols.
  public let inputs: [TensorType]
  /// The node's sub-graphs.
  public let graphs: [Graph]

  /// Operands of these types, and sub-graphs if there are any.
  public init(_ inputs: [TensorType], graphs: [Graph] = []) {
    self.inputs = inputs
    self.graphs = graphs
  }
}

/// What an operation is told when its reference value is wanted.
public struct ReferenceContext {
  /// The values of the operands.
  public let inputs: [HostTensor]
  /// Static types of the results.
  public let outputs: [TensorType]
  /// The node's sub-graphs.
  public let graphs: [Graph]
  /// Sees the nodes of sub-graphs that are evaluated: control flow hands it on.
  public let observer: NodeObserver?

  /// Operands with these values, for results of these types.
  public init(
    _ inputs: [HostTensor], outputs: [TensorType], graphs: [Graph] = [], observer: NodeObserver? = nil
  ) {
    self.inputs = inputs
    self.outputs = outputs
    self.graphs = graphs
    self.observer = observer
  }
}

/// What an operation's gradient rule may use. The rule appends nodes to `builder`.
public struct GradientContext {
  /// Where the rule appends its nodes.
  public let builder: GraphBuilder
  /// The operands of the node.
  public let inputs: [ValueID]
  /// The results of the node.
  public let outputs: [ValueID]
  /// One a result; nil where the result does not reach what is differentiated.
  public let cotangents: [ValueID?]
  /// Which inputs need a cotangent; others may be `.zero`.
  public let needed: [Bool]
  /// The node's sub-graphs.
  public let graphs: [Graph]
  /// Differentiates what a rule builds from its sub-graphs.
  public let pullback: Pullback

  /// Gives the cotangents of values of a builder from those of outputs; nil where no output depends on a value.
  public typealias Pullback = (
    GraphBuilder, _ outputs: [ValueID], _ cotangents: [ValueID], _ values: [ValueID]
  ) throws -> [ValueID?]

  /// What differentiation passes to a rule; without `pullback` a rule that needs it throws.
  public init(
    builder: GraphBuilder, inputs: [ValueID], outputs: [ValueID], cotangents: [ValueID?], needed: [Bool],
    graphs: [Graph],
    pullback: @escaping Pullback = { _, _, _, _ in
      throw Diagnostic("sub-graphs cannot be differentiated here", kind: .internalError)
    }
  ) {
    self.builder = builder
    self.inputs = inputs
    self.outputs = outputs
    self.cotangents = cotangents
    self.needed = needed
    self.graphs = graphs
    self.pullback = pullback
  }

  /// The cotangent of the first result, which single-result operations may rely on: rules are called only
  /// if at least one result has one.
  /// - Throws: `Diagnostic` if that result has none.
  public func cotangent(_ result: Int = 0) throws -> ValueID {
    guard let value = cotangents[result] else {
      throw Diagnostic("no cotangent for result \(result)", kind: .internalError)
    }
    return value
  }

  /// The type of a value of the builder.
  public func type(_ value: ValueID) -> TensorType { builder.type(value) }
}

/// What a gradient rule answers.
public enum Gradient {
  /// One an input. A value may have the broadcast shape of the result: the driver sums it to the input's shape.
  case cotangents([Cotangent])
  /// Asking for it is an error that gives the reason.
  case nonDifferentiable(String)
  /// The driver differentiates the decomposition (composites only).
  case decomposed
}

/// The derivative that reaches one input.
public enum Cotangent {
  /// The value that holds it.
  case value(ValueID)
  /// No dependence (or a piecewise constant one): nothing is computed.
  case zero
}

/// What people read about an operation.
public struct OperationDoc: Sendable {
  /// One sentence.
  public var summary: String
  /// The formula, with its source where it needs one.
  public var formula: String
  /// Constraint `cK` is entry K-1.
  public var constraints: [String]
  /// What holds at kinks, ties and edges.
  public var conventions: [String]

  /// What people read about an operation whose `summary` is one sentence.
  public init(_ summary: String, formula: String, constraints: [String] = [], conventions: [String] = []) {
    self.summary = summary
    self.formula = formula
    self.constraints = constraints
    self.conventions = conventions
  }
}
