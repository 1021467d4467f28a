import JacquardCore
import JacquardIR

/// The passes over a graph, in order.
public struct Pipeline: Sendable {
  /// When the graph is checked.
  public enum Verification: Sendable {
    /// Passes are trusted.
    case never
    /// After each pass, by this function. What it throws is reported with the pass's name.
    case eachPass(@Sendable (Graph) throws -> Void)
  }

  /// What to leave out, and when to check.
  public struct Options: Sendable {
    /// Names of passes to leave out.
    public var disabledPasses: Set<String>
    /// Names of rules to leave out, in every pass.
    public var disabledRules: Set<String>
    /// Largest constant, in bytes, that folding may make where it is larger than its operands.
    public var foldingBudget: Int
    /// When the graph is checked.
    public var verification: Verification

    /// Everything runs and nothing is checked, unless told otherwise.
    public init(
      disabledPasses: Set<String> = [], disabledRules: Set<String> = [], foldingBudget: Int = 64 << 10,
      verification: Verification = .never
    ) {
      self.disabledPasses = disabledPasses
      self.disabledRules = disabledRules
      self.foldingBudget = foldingBudget
      self.verification = verification
    }
  }

  /// In order.
  public var passes: [Pass]

  /// A pipeline of any passes; the usual one is `Pipeline.standard`.
  public init(_ passes: [Pass]) { self.passes = passes }

  /// The pipeline with a further pass right after one of its own.
  ///
  /// - Parameter name: That of the pass that runs before it.
  /// - Throws: `Diagnostic` if there is no pass of that name, or there is one of the new pass's name already.
  public func inserting(_ pass: Pass, after name: String) throws(Diagnostic) -> Pipeline {
    try inserting(pass, at: try position(of: name) + 1)
  }

  /// The pipeline with a further pass right before one of its own.
  ///
  /// - Parameter name: That of the pass that runs after it.
  /// - Throws: `Diagnostic` if there is no pass of that name, or there is one of the new pass's name already.
  public func inserting(_ pass: Pass, before name: String) throws(Diagnostic) -> Pipeline {
    try inserting(pass, at: try position(of: name))
  }

  private func position(of name: String) throws(Diagnostic) -> Int {
    if let position = passes.firstIndex(where: { $0.name == name }) { return position }
    let names = passes.map(\.name).joined(separator: ", ")
    throw Diagnostic("the pipeline has no pass '\(name)'; it has \(names.isEmpty ? "none" : names)")
  }

  /// Names tell passes apart in records and options.
  private func inserting(_ pass: Pass, at position: Int) throws(Diagnostic) -> Pipeline {
    if passes.contains(where: { $0.name == pass.name }) {
      throw Diagnostic("the pipeline has a pass '\(pass.name)' already")
    }
    var result = self
    result.passes.insert(pass, at: position)
    return result
  }

  /// Runs the passes.
  ///
  /// - Returns: the last graph, and what each pass did.
  /// - Throws: `Diagnostic` naming the pass and the rule, if one fails.
  public func run(_ graph: Graph, options: Options = .init()) throws -> (graph: Graph, record: CompilationRecord) {
    var record = CompilationRecord(source: graph)
    for pass in passes where !options.disabledPasses.contains(pass.name) {
      do {
        let result = try pass.run(record.graph, options: options)
        if case .eachPass(let verify) = options.verification, !result.skipped { try verify(result.graph) }
        record.passes.append(result)
      } catch let error as Diagnostic {
        throw error.at("pass '\(pass.name)'")
      }
    }
    return (record.graph, record)
  }
}
