import JacquardCore
import JacquardIR
import JacquardOps

extension Graph {
  /// Declares a graph.
  ///
  /// ```swift
  /// let graph = try Graph("double") { g in
  ///   let x = g.input("x", Float.self, ["N", 3])
  ///   g.output("y", x * 2)
  /// }
  /// ```
  ///
  /// - Parameters:
  ///   - mode: What it is for. Dropout acts in training only.
  ///   - symbols: Sizes of symbols where none is bound.
  /// - Throws: The first error of the declaration, with the user's line; also if nothing is output or updated.
  public init(
    _ name: String, mode: GraphContext.Mode = .evaluation, symbols: KeyValuePairs<String, Int> = [:],
    file: String = #fileID, line: Int = #line, _ body: (GraphContext) throws -> Void
  ) throws {
    let context = GraphContext(name: name, mode: mode)
    for (symbol, size) in symbols { context.symbol(symbol, default: size) }
    do {
      try body(context)
    } catch {
      throw context.firstError ?? error
    }
    self = try context.finish(at: SourceSite(file: file, line: line))
  }
}

extension GraphContext {
  /// The size that a symbol has where none is bound.
  @discardableResult
  public func symbol(_ name: String, default size: Int, file: String = #fileID, line: Int = #line) -> Dim {
    let site = SourceSite(file: file, line: line)
    if !Dim.isSymbolName(name) { record(Diagnostic("'\(name)' is no legal name for a symbol"), at: site) }
    if size < 1 { record(Diagnostic("symbol \(name) must be at least 1, not \(size)"), at: site) }
    builder.declare(name, defaultSize: size)
    return .symbol(name)
  }

  /// The finished graph: without the nodes that nothing depends on.
  func finish(at site: SourceSite) throws -> Graph {
    if firstError == nil {
      addOutputs()
      attempt(at: site) { try advanceKey() }
    }
    if isMinimized, let layer = evaluationOnly.first {
      let advice = "build the graph with mode: .training"
      record(Diagnostic("\(layer) is applied in evaluation mode, but the graph is trained; \(advice)"), at: site)
    }
    if let firstError { throw firstError }
    let graph = builder.graph
    if graph.outputs.isEmpty && graph.updates.isEmpty {
      throw Diagnostic("graph '\(graph.name)' has no output and no update", site: site)
    }
    return graph.compacted().graph
  }
}
