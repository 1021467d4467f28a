import JacquardCore
import JacquardIR

/// What a model is declared with: the graph under construction.
///
/// Made by `Graph(_:)`. Its methods do not throw; the first error is kept and thrown when the graph is finished.
public final class GraphContext {
  /// What a graph is built for. Layers such as `Dropout` behave differently.
  public enum Mode: Sendable, Hashable {
    /// In training `Dropout` draws and `BatchNorm2d` normalises by the batch; in evaluation the one does nothing and the other
    /// uses its running statistics.
    case training, evaluation
  }

  let builder: GraphBuilder
  /// What the graph is built for.
  public let mode: Mode
  /// The first error. `Graph(_:)` throws it.
  public private(set) var firstError: Diagnostic?
  private var clock = 0
  private var frames: [Frame] = []
  /// Names of layers, by identity.
  var paths: [ObjectIdentifier: String] = [:]
  /// Keeps the named layers alive, so that no other object takes their identity.
  var layers: [AnyObject] = []
  var takenPaths: Set<String> = []
  var inputs: [String: ValueID] = [:]
  /// Number of the last initialiser.
  var initializerSeed = 0
  /// Number of the last random draw.
  var drawNumber = 0
  /// Number of the last barrier.
  var barrierNumber = 0
  /// Layers that were applied in evaluation mode but behave differently in training.
  var evaluationOnly: [String] = []
  var isMinimized = false
  /// Values that are output in another form: a loss as it was differentiated.
  var aliases: [ValueID: ValueID] = [:]
  /// Outputs, added when the graph is finished.
  var outputs: [(name: String, value: ValueID, site: SourceSite?)] = []

  /// One open scope or layer call.
  private struct Frame {
    var path: String
    var mark: Mark
    /// Set in a layer call: every node inside has the line of the call.
    var isCall: Bool
  }

  convenience init(name: String, mode: Mode) { self.init(GraphBuilder(name: name), mode: mode) }

  init(_ builder: GraphBuilder, mode: Mode) {
    self.builder = builder
    self.mode = mode
  }

  /// The names of the open scopes, joined by `/`.
  public var path: String { frames.last?.path ?? "" }

  // MARK: Errors

  /// Keeps an error if it is the first, and gives it back.
  @discardableResult
  func record(_ error: any Error, at site: SourceSite?) -> Diagnostic {
    let diagnostic = (error as? Diagnostic ?? Diagnostic("\(error)", kind: .internalError)).at(site)
    if firstError == nil { firstError = diagnostic }
    return diagnostic
  }

  /// Runs a part of a declaration that gives no tensor.
  func attempt(at site: SourceSite?, _ body: () throws -> Void) {
    do { try body() } catch { record(error, at: site) }
  }

  // MARK: Nodes

  func mark(_ site: SourceSite?) -> Mark {
    clock += 1
    return Mark(site: site, clock: clock)
  }

  /// Appends nodes made from operands.
  ///
  /// - Parameter site: The user's line. Where it is nil, the line of the innermost layer call is used, else the latest
  ///   of the operands and of the innermost scope, and an error says 'near'.
  func emit<R>(
    _ operands: [any AnyTensor], at site: SourceSite?, _ body: (GraphBuilder, [ValueID]) throws -> ValueID
  ) -> Tensor<R> {
    let results: [Tensor<R>] = emitMany(operands, at: site) { [try body($0, $1)] }
    return results[0]
  }

  /// Appends nodes that give several tensors of one element type; at least one tensor is returned.
  func emitMany<R>(
    _ operands: [any AnyTensor], at site: SourceSite?, count: Int = 1,
    _ body: (GraphBuilder, [ValueID]) throws -> [ValueID]
  ) -> [Tensor<R>] {
    let (known, isNear) = resolve(site, operands)
    do {
      let values = try operands.map { try value(of: $0) }
      builder.origins = [Origin(scope: path, site: known)]
      let made = try body(builder, values)
      let stamp = mark(known)
      return try made.map { value in
        try check(R.self, value)
        return Tensor(self, .success(value), stamp)
      }
    } catch {
      let poison = poison(error, operands, known, isNear: isNear)
      return (0..<max(1, count)).map { _ in Tensor(self, .failure(poison), mark(known)) }
    }
  }

  private func poison(
    _ error: any Error, _ operands: [any AnyTensor], _ site: SourceSite?, isNear: Bool
  ) -> Diagnostic {
    for operand in operands { if case .failure(let old) = operand.result { return old } }
    guard isNear, let diagnostic = error as? Diagnostic else { return record(error, at: site) }
    return record(diagnostic.near(site), at: nil)
  }

  private func value(of operand: any AnyTensor) throws -> ValueID {
    if operand.context !== self {
      let (here, there) = (builder.graph.name, operand.context.builder.graph.name)
      throw Diagnostic("a tensor of graph '\(there)' is used in graph '\(here)'")
    }
    return try operand.result.get()
  }

  private func check<S: TensorScalar>(_: S.Type, _ value: ValueID) throws {
    let found = builder.type(value).dtype
    if found != S.dtype { throw Diagnostic("the result is of \(found), not of \(S.dtype)", kind: .internalError) }
  }

  private func resolve(_ site: SourceSite?, _ operands: [any AnyTensor]) -> (site: SourceSite?, isNear: Bool) {
    if let frame = frames.last, frame.isCall { return (frame.mark.site, false) }
    if let site { return (site, false) }
    var marks = operands.map(\.mark)
    if let frame = frames.last { marks.append(frame.mark) }
    return (Mark.latest(marks)?.site, true)
  }

  /// The line that a declaration inside a layer call is given: the call's.
  func site(_ own: SourceSite) -> SourceSite? {
    if let frame = frames.last, frame.isCall { frame.mark.site } else { own }
  }

  // MARK: Scopes

  /// Nodes and parameters made in the body have names under the scope's.
  public func scope<R>(
    _ name: String, file: String = #fileID, line: Int = #line, _ body: () throws -> R
  ) rethrows -> R {
    let inner = path.isEmpty ? name : "\(path)/\(name)"
    return try within(inner, site(SourceSite(file: file, line: line)), isCall: frames.last?.isCall ?? false, body)
  }

  /// Runs the body of a layer's call: everything in it has the layer's name and the line of the call.
  func call<R>(_ path: String, _ site: SourceSite?, _ body: () throws -> R) rethrows -> R {
    try within(path, frames.last?.isCall == true ? frames.last?.mark.site : site, isCall: true, body)
  }

  private func within<R>(
    _ path: String, _ site: SourceSite?, isCall: Bool, _ body: () throws -> R
  ) rethrows -> R {
    frames.append(Frame(path: path, mark: mark(site), isCall: isCall))
    defer { frames.removeLast() }
    return try body()
  }
}
