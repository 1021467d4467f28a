import ArgumentParser
import JacquardCore
import JacquardIR
import JacquardPlanner

/// `jacquard check`
struct CheckCommand: ConsoleCommand {
  static let configuration = CommandConfiguration(
    commandName: "check", abstract: "Verifies a graph or plan and prints its signature.")

  @Argument(help: "A graph or a compiled plan.")
  var graph: String

  func run(_ console: Console) throws {
    switch try Loaded(graph) {
    case .graph(let graph): console.print(graph.signature)
    case .plan(let plan): console.print(signature(plan))
    }
  }

  private func signature(_ plan: Plan) -> String {
    var table = TextTable([.left, .left])
    for binding in plan.bindings { table.add("symbol", "\(binding.symbol) = \(binding.size)") }
    for role in [Input.Role.data, .parameter, .state] {
      for input in plan.inputs where input.role == role { table.add(role.rawValue, "\(input.name): \(input.type)") }
    }
    for output in plan.outputs { table.add("output", "\(output.name): \(output.type)") }
    for input in plan.inputs where input.isUpdated { table.add("update", input.name) }
    table.add("kernels", "\(plan.program.kernels.count)")
    table.add("arena", "\(NumberText.grouped(plan.arenaBytes)) bytes")
    return (["plan \(plan.name)"] + table.lines()).joined(separator: "\n")
  }
}
