import JacquardCore
import JacquardIR
import JacquardPlanner

extension Graph {
  /// The floating-point operations of the graph's matrix products in one step, after optimisation: two for each multiplication.
  /// Element-wise work, reductions and what a loop repeats are not counted.
  ///
  /// - Parameter bindings: Sizes of symbols; the others take their default.
  /// - Throws: `Diagnostic` if a symbol has no size, or the graph cannot be compiled.
  public func productOperations(bindings: [String: Int] = [:]) throws -> Double {
    try Compiler.compile(self, bindings: bindings).plan.productOperations
  }
}
