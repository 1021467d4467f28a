import JacquardCore
import JacquardIR
import JacquardPlanner
import JacquardTransforms

/// The article `Passes.md` of the documentation: each pass with a graph before and after it, from a run of the compiler.
struct PassArticle {
  let text: String

  /// - Throws: `Diagnostic` if a pass has no example, or leaves its example as it is.
  init() throws {
    let sections = try Pipeline.standard.passes.map { try PassArticle.section($0) }
    text = ([PassArticle.introduction] + sections + [try PassArticle.planner()]).joined(separator: "\n\n")
  }

  private static let introduction = """
    # What each pass does

    Every pass of the compiler with a small graph before and after it.

    ## Overview

    <!-- Written by `jacquard passes`; a test compares. -->

    Passes go over the graph in this order, then the planner lowers it to loops, fuses them, orders them and gives
    every buffer its place. A pass is a list of rules; each rule says why it may. `jacquard inspect FILE --stage optimized`
    shows the same of any graph: which rules fired, the lines that state them, and the graph that is left. The graphs
    below are in the text form of <doc:graph-format>; each can be saved as a file and inspected.
    """

  // MARK: Passes

  private static func section(_ pass: Pass) throws -> String {
    guard let example = PassExample.passes[pass.name] else {
      throw Diagnostic("pass '\(pass.name)' has no example in PassExamples.swift", kind: .internalError)
    }
    let (_, record) = try Pipeline.standard.run(try example.graph())
    guard let position = record.passes.firstIndex(where: { $0.name == pass.name }), record.passes[position].isChange
    else { throw Diagnostic("pass '\(pass.name)' does nothing to its example", kind: .internalError) }
    let result = record.passes[position]
    let before = position == 0 ? record.source : record.passes[position - 1].graph
    return """
      ## \(pass.name)

      The pass \(pass.explanation). \(example.remark)

      \(try block("Before", before))

      \(try block("After", result.graph))

      \(rules(result))
      """
  }

  private static func block(_ title: String, _ graph: Graph) throws -> String {
    "\(title):\n\n```\n\(try graph.text().text.trimmingLineEnd)\n```"
  }

  private static func rules(_ pass: PassRecord) -> String {
    let lines = pass.counts.map { rule, count in
      let explanation = pass.firings.first { $0.rule == rule }?.explanation ?? ""
      let times = count == 1 ? "" : ", \(count) times"
      return "- `\(rule)`\(times): \(explanation)"
    }
    return lines.isEmpty ? "No rule fired: nodes that nothing needs were dropped." : lines.joined(separator: "\n")
  }

  // MARK: Planner

  private static func planner() throws -> String {
    let graph = try PassExample.planner.graph()
    let whole = try Compiler.compile(graph)
    var options = CompileOptions()
    options.fuse = false
    let plain = try Compiler.compile(graph, options: options)
    return """
      ## Fusion

      \(PassExample.planner.remark) Without fusion each operation has loops and a buffer of its own:

      ```
      \(kernels(plain.plan))
      ```

      With it:

      ```
      \(kernels(whole.plan))
      ```

      `jacquard inspect FILE --why-not-fused` lists the pairs that stayed apart, each with its reason.

      ## Memory

      Buffers that are not alive at once share bytes, and a result may be written over an operand that dies. Of the two
      plans above the first needs an arena of \(plain.plan.arenaBytes) bytes, the second one of \(whole.plan.arenaBytes).
      `jacquard inspect FILE --stage memory` says where each buffer lies, and from which kernel to which it lives.
      """
  }

  private static func kernels(_ plan: Plan) -> String {
    plan.program.kernels.enumerated().map { index, kernel in
      let loops = KernelText(plan: plan, kernel: kernel).lines.map { "  \($0)" }
      return (["kernel \(index) \(kernel.name)"] + loops).joined(separator: "\n")
    }.joined(separator: "\n")
  }
}
