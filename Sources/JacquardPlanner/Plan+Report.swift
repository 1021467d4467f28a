import JacquardCore
import JacquardIR
import JacquardKernels

extension Plan: CustomStringConvertible {
  /// `plan mlp, N = 128: 3 kernels, 131,072 bytes`
  public var description: String {
    let sizes = bindings.map { ", \($0.symbol) = \($0.size)" }.joined()
    return "plan \(name)\(sizes): \(program.kernels.count) kernels, \(NumberText.grouped(arenaBytes)) bytes"
  }

  /// A table of the kernels in the order in which they run: the graph nodes that each computes, its floating-point operations, the bytes
  /// that it reads and writes (each array once), and the estimated time on one thread. The last line has the sums.
  ///
  /// A library routine has no number of operations.
  public var report: String {
    var table = TextTable([.right, .left, .right, .right, .right, .right, .left])
    table.add("#", "kernel", "FLOPs", "bytes read", "written", "cost", "nodes")
    var (operations, read, written) = (0.0, 0.0, 0.0)
    for (index, kernel) in program.kernels.enumerated() {
      let work = work(of: kernel)
      operations += work.operations ?? 0
      (read, written) = (read + work.bytesRead, written + work.bytesWritten)
      table.add(
        "\(index)", kernel.name, work.operations.map(Plan.grouped) ?? "-", Plan.grouped(work.bytesRead),
        Plan.grouped(work.bytesWritten), NumberText.nanoseconds(costs[index]), nodeList(kernel))
    }
    table.add(
      "", "all", Plan.grouped(operations), Plan.grouped(read), Plan.grouped(written),
      NumberText.nanoseconds(costs.reduce(0, +)), "")
    return ([description] + table.lines()).joined(separator: "\n")
  }

  private static let shownNodes = 6

  /// `dot 'h', add %1 and 3 more`
  private func nodeList(_ kernel: Kernel) -> String {
    let names = kernel.nodes.prefix(Plan.shownNodes).map { node($0)?.title ?? "%\($0.index)" }
    let more = kernel.nodes.count - names.count
    return names.joined(separator: ", ") + (more > 0 ? " and \(more) more" : "")
  }

  /// A plan from a file may ask for more than can run.
  private static func grouped(_ value: Double) -> String { NumberText.grouped(Int(min(value, 1e18))) }
}

extension Plan.PlanNode {
  /// `add %3`, or `add 'h'` for a node with a name.
  package var title: String { label.hasPrefix(operation) ? label : "\(operation) '\(label)'" }
}
