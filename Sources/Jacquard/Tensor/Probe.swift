import JacquardCore
import JacquardIR

/// Watches a value: each step gives it to `Session.probes` and `Session.Options.onProbe`, and `jacquard run` prints its statistics.
///
/// ```swift
/// let h = probe(relu(hidden(x)), "activation")
/// ```
/// The graph's results are the same to the bit with the probe and without: it is an output beside them (named `probe/NAME`), which no
/// rule of the compiler takes for a use of the value.
///
/// - Parameters:
///   - name: Put under the names of the open scopes and layers. Where it is taken, as in a layer that is called twice, `_2` follows.
/// - Returns: The tensor itself.
@discardableResult
public func probe<S: TensorScalar>(
  _ x: Tensor<S>, _ name: String, file: String = #fileID, line: Int = #line
) -> Tensor<S> {
  x.context.output(x.context.freeProbe(name), x, file: file, line: line)
  return x
}

extension GraphContext {
  /// The name of an output for a probe that no other has.
  fileprivate func freeProbe(_ name: String) -> String {
    let full = Graph.Output.probePrefix + (path.isEmpty ? name : "\(path)/\(name)")
    let taken = Set(outputs.map(\.name))
    if !taken.contains(full) { return full }
    var number = 2
    while taken.contains("\(full)_\(number)") { number += 1 }
    return "\(full)_\(number)"
  }
}
