import JacquardCore

extension CompilationRecord: CustomStringConvertible {
  /// What `jacquard inspect` prints: a table of the passes, and one of the rules that fired with the lines that state them.
  public var description: String { (passLines + [""] + ruleLines).joined(separator: "\n") }

  /// A line for each pass: its time, nodes before and after, how many rules fired.
  package var passLines: [String] {
    var table = TextTable([.left, .right, .right, .right, .right, .left])
    table.add("pass", "ms", "nodes", "after", "rules fired", "")
    for pass in passes {
      table.add(
        pass.name, NumberText.fixed(pass.seconds * 1000, 2), "\(pass.nodesBefore)", "\(pass.nodesAfter)",
        "\(pass.firings.count)", pass.skipped ? "nothing to do" : pass.explanation)
    }
    return table.lines()
  }

  /// A line for each rule that fired in a pass.
  package var ruleLines: [String] {
    var table = TextTable([.left, .left, .right, .left])
    table.add("pass", "rule", "times", "stated at")
    for pass in passes {
      for (rule, count) in pass.counts {
        let site = pass.firings.first { $0.rule == rule }?.site.description ?? ""
        table.add(pass.name, rule, "\(count)", site)
      }
    }
    return table.lines()
  }
}
