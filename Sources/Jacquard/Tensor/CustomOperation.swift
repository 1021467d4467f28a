import JacquardCore
import JacquardIR

/// Applies an operation, a user's own one above all, and gives its first result.
///
/// ```swift
/// func softClip(_ x: Tensor<Float>) -> Tensor<Float> { apply(SoftClip(limit: 3), to: x) }
/// ```
/// An operation whose result is not of the element type that is asked for is an error with this line.
public func apply<S: TensorScalar, R: TensorScalar>(
  _ operation: any Operation, to first: Tensor<S>, _ others: Tensor<S>..., file: String = #fileID, line: Int = #line
) -> Tensor<R> {
  let all: [Tensor<R>] = apply(operation, toAll: [first] + others, file: file, line: line)
  return all[0]
}

/// Applies an operation and gives all of its results, which have one element type.
///
/// - Parameter inputs: At least one.
public func apply<S: TensorScalar, R: TensorScalar>(
  _ operation: any Operation, toAll inputs: [Tensor<S>], file: String = #fileID, line: Int = #line
) -> [Tensor<R>] {
  guard let context = inputs.first?.context else { return [] }
  return context.emitMany(inputs, at: SourceSite(file: file, line: line)) { builder, values in
    let results = try builder.append(operation, values)
    if let other = results.first(where: { builder.type($0).dtype != R.dtype }) {
      throw Diagnostic("\(type(of: operation).name) gives \(builder.type(other)), not \(R.dtype)")
    }
    return results
  }
}
