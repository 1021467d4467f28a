import JacquardCore
import JacquardIR
import JacquardInterchange
import JacquardKernels
import JacquardPlanner

extension Inspection {
  /// A stage in the language of Graphviz: the graphs as they are, kernels with the buffers that pass between them.
  ///
  /// - Throws: `Diagnostic` for a stage that is no drawing.
  func dot(_ stage: Stage) throws -> String {
    switch stage {
    case .graph: return graph?.dot() ?? ""
    case .optimized: return compilation?.graph.dot() ?? ""
    case .kernels: return plan.map(Inspection.kernelGraph) ?? ""
    case .plan, .memory, .c:
      throw Diagnostic("stage \(stage.rawValue) has no form dot; graph, optimized and kernels have", kind: .unsupported)
    }
  }

  private static func kernelGraph(_ plan: Plan) -> String {
    var lines = ["digraph \(quoted(plan.name)) {", "  node [shape=box, fontname=\"sans-serif\", fontsize=10];"]
    var writers: [BufferID: String] = [:]
    for (index, input) in plan.inputs.enumerated() {
      lines.append("  i\(index) [label=\(quoted("\(input.name)\\n\(input.type)")), shape=ellipse];")
      writers[input.buffer] = "i\(index)"
    }
    for (index, kernel) in plan.program.kernels.enumerated() {
      lines.append("  k\(index) [label=\(quoted("\(index) \(kernel.name)"))];")
      for buffer in kernel.reads {
        guard let writer = writers[buffer] else { continue }
        lines.append("  \(writer) -> k\(index) [label=\(quoted(plan.program[buffer].name))];")
      }
      for buffer in kernel.writes { writers[buffer] = "k\(index)" }
    }
    for (index, output) in plan.outputs.enumerated() {
      lines.append("  o\(index) [label=\(quoted("\(output.name)\\n\(output.type)")), shape=ellipse];")
      if let writer = writers[output.buffer] { lines.append("  \(writer) -> o\(index);") }
    }
    return (lines + ["}"]).joined(separator: "\n") + "\n"
  }

  /// Names hold no quotes or backslashes; a plan from a file might.
  private static func quoted(_ text: String) -> String {
    let safe = text.replacing("\\n", with: "\n").map { character -> String in
      switch character {
      case "\"": "\\\""
      case "\\": "\\\\"
      case "\n": "\\n"
      default: String(character)
      }
    }
    return "\"\(safe.joined())\""
  }
}
