import JacquardCore
import JacquardIR

extension Operation {
  /// Checks the number of operands and of sub-graphs: constraint c0, which every operation has.
  func requireOperands(_ count: Int, _ context: TypeContext, graphs: Int = 0) throws(Diagnostic) {
    if context.inputs.count != count {
      throw violated(0, "takes \(count) operand\(count == 1 ? "" : "s"), not \(context.inputs.count)")
    }
    if context.graphs.count != graphs {
      throw violated(0, "takes \(graphs) sub-graph\(graphs == 1 ? "" : "s"), not \(context.graphs.count)")
    }
  }

  /// Checks that an axis lies in `0 ..< rank`.
  func requireAxis(_ axis: Int, rank: Int, _ constraint: Int) throws(Diagnostic) {
    if axis < 0 || axis >= rank { throw violated(constraint, "axis \(axis) is not one of \(rank) axes") }
  }

  /// Checks that axes lie in `0 ..< rank` and ascend, so that one choice of axes has one form.
  func requireAscendingAxes(_ axes: [Int], rank: Int, _ constraint: Int) throws(Diagnostic) {
    for axis in axes { try requireAxis(axis, rank: rank, constraint) }
    for (a, b) in zip(axes, axes.dropFirst()) where a >= b {
      throw violated(constraint, "axes \(axes) do not ascend")
    }
  }

  /// Checks that no dimension is certainly negative.
  func requireNatural(_ dims: [Dim], _ constraint: Int) throws(Diagnostic) {
    for dim in dims where dim.isCertainlyNegative { throw violated(constraint, "dimension \(dim) is negative") }
  }
}

extension Dim {
  /// Whether the value is under 0 for every size of the symbols.
  var isCertainlyNegative: Bool {
    guard let negated = try? times(-1), let bound = negated.lowerBound else { return false }
    return bound > 0
  }
}

extension GraphBuilder {
  /// The axis that a possibly negative one means (-1 is the last). One out of range is kept, for the type rule to refuse.
  func normalized(_ axis: Int, rank: Int) -> Int { axis < 0 && axis >= -rank ? axis + rank : axis }

  /// Axes made non-negative, in ascending order.
  func normalized(_ axes: [Int], rank: Int) -> [Int] { axes.map { normalized($0, rank: rank) }.sorted() }
}
