import JacquardCore
import JacquardIR

/// Checks and small builders that composites share.
extension CompositeOperation {
  /// Checks the number of operands, and constraint c1: they have one floating type.
  func requireFloats(_ context: TypeContext, _ count: Int) throws {
    try requireOperands(count, context)
    let dtypes = context.inputs.map(\.dtype)
    if ElementRule.float(dtypes) == nil {
      throw violated(1, "not defined for \(dtypes.map(\.rawValue).joined(separator: ", "))")
    }
  }

  /// Constraint `number`: an attribute fits a condition.
  func require(_ number: Int, _ condition: Bool, _ message: @autoclosure () -> String) throws {
    if !condition { throw violated(number, message()) }
  }
}

/// A composite that works element by element on one operand of a floating type. Constraint c1 is checked here.
public protocol ActivationOperation: CompositeOperation {
  /// Constraint c2, if the operation has attributes.
  func checkAttributes() throws
}

extension ActivationOperation {
  public func checkAttributes() throws {}

  public func inferTypes(_ context: TypeContext) throws -> [TensorType] {
    try requireFloats(context, 1)
    try checkAttributes()
    return context.inputs
  }
}

extension GraphBuilder {
  /// A scalar of the element type of another value.
  func scalar(_ value: Double, for x: ValueID) throws -> ValueID { try constant(value, type(x).dtype) }
}
