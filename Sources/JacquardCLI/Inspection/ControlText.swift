import JacquardKernels
import JacquardPlanner

/// A control kernel with the kernels of its nested programs.
struct ControlText {
  let plan: Plan
  let control: Control

  var lines: [String] {
    let starts = control.starts.map { "\(plan.shortName($0.to)) = \(plan.shortName($0.from))" }
    return starts
      + zip(headings, control.branches).flatMap { heading, branch in
        [heading] + lines(branch).map { "  " + $0 }
      }
  }

  private var headings: [String] {
    let predicate = control.predicate.map { plan.shortName($0) } ?? ""
    switch control.kind {
    case .cond: return ["if \(predicate)", "else"]
    case .whileLoop(let limit): return ["at most \(limit) times, ask for \(predicate)", "while it holds"]
    case .scan(let length, let isReversed):
      return [isReversed ? "for t in (0..<\(length)).reversed" : "for t in 0..<\(length)"]
    }
  }

  private func lines(_ branch: Control.Branch) -> [String] {
    let nested = plan.programs[branch.program]
    let bindings = zip(nested.inputs, branch.bindings).map { input, binding in
      let place = plan.shortName(binding.buffer) + (binding.isStepped ? "[t]" : "")
      return "\(input.name) \(binding.isWritten ? "becomes" : "is") \(place)"
    }
    let kernels = nested.program.kernels.enumerated().flatMap { index, kernel in
      ["\(index) \(kernel.name)\(nested.barriers[index] ? " (barrier)" : "")"]
        + KernelText(plan: nested, kernel: kernel).lines.map { "  " + $0 }
    }
    return bindings + kernels
  }
}
