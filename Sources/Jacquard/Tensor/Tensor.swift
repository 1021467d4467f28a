import JacquardCore
import JacquardIR

/// A float type that a model may compute in.
public protocol TensorFloat: TensorScalar, BinaryFloatingPoint {}

extension Float: TensorFloat {}
extension Double: TensorFloat {}

/// A handle on a value of the graph being built.
///
/// Nothing that makes tensors throws or traps. What is wrong gives a poisoned tensor, everything made from it is
/// poisoned as well, and `Graph(_:)` throws the first error with the user's source line.
public struct Tensor<Scalar: TensorScalar> {
  /// The graph under construction.
  public let context: GraphContext
  let result: Result<ValueID, Diagnostic>
  /// Where it was made.
  let mark: Mark

  init(_ context: GraphContext, _ result: Result<ValueID, Diagnostic>, _ mark: Mark) {
    self.context = context
    self.result = result
    self.mark = mark
  }

  /// The number of the value in the graph. - Throws: the error that poisoned the tensor.
  public func id() throws(Diagnostic) -> ValueID { try result.get() }

  /// Whether an error came before.
  public var isPoisoned: Bool { if case .failure = result { true } else { false } }

  /// Element type and shape; nil if poisoned.
  public var type: TensorType? {
    guard case .success(let value) = result else { return nil }
    return context.builder.type(value)
  }

  /// The dimensions. A poisoned tensor answers with as many ones as a tensor can have axes.
  public var shape: Shape {
    type?.shape ?? Shape([Dim](repeating: 1, count: TensorType.maximumRank))
  }

  /// The number of axes.
  public var rank: Int { shape.rank }

  /// The size along an axis; negative axes count from the last. 1 where there is no such axis.
  public func dim(_ axis: Int) -> Dim {
    let dims = shape.dims
    let index = axis < 0 ? dims.count + axis : axis
    return dims.indices.contains(index) ? dims[index] : 1
  }

  /// Gives the value a name, which files and messages use. The first name of a value stays.
  @discardableResult
  public func named(_ name: String, file: String = #fileID, line: Int = #line) -> Tensor {
    guard case .success(let value) = result else { return self }
    context.attempt(at: SourceSite(file: file, line: line)) { try context.builder.name(value, name) }
    return self
  }
}

/// A tensor of any element type: an operand.
protocol AnyTensor {
  var context: GraphContext { get }
  var result: Result<ValueID, Diagnostic> { get }
  var mark: Mark { get }
}

extension Tensor: AnyTensor {}

extension Tensor {
  /// Applies an operation of one operand.
  func unary<R>(_ site: SourceSite?, _ body: (GraphBuilder, ValueID) throws -> ValueID) -> Tensor<R> {
    context.emit([self], at: site) { try body($0, $1[0]) }
  }

  /// Applies an operation of two operands. Without a site the nearest known one is used.
  func binary<S, R>(
    _ other: Tensor<S>, _ site: SourceSite?, _ body: (GraphBuilder, ValueID, ValueID) throws -> ValueID
  ) -> Tensor<R> {
    context.emit([self, other], at: site) { try body($0, $1[0], $1[1]) }
  }

  /// Applies an operation of the tensor and a number.
  func scalar<R>(
    _ number: Scalar, _ site: SourceSite?, _ body: (GraphBuilder, ValueID, ValueID) throws -> ValueID
  ) -> Tensor<R> {
    context.emit([self], at: site) { try body($0, $1[0], try $0.scalar(number)) }
  }

  /// An axis with negative ones counted from the last.
  func axis(_ axis: Int) -> Int { axis < 0 ? axis + rank : axis }

  /// The given axes, or all of them.
  func axes(_ axes: [Int]?) -> [Int] { axes.map { $0.map { axis($0) } } ?? Array(0..<rank) }
}

extension GraphBuilder {
  /// A scalar constant of a Swift number.
  func scalar<S: TensorScalar>(_ number: S) throws -> ValueID {
    try constant(HostTensor(number)[linear: 0].asDouble, S.dtype)
  }
}
