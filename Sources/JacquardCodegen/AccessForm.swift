import JacquardCore
import JacquardKernels
import JacquardPlanner

/// The ways to walk through a buffer.
package enum AccessForm {
  /// Why an index lies inside its extent.
  package enum Bound {
    /// The plan verifier has proved it.
    case proved
    /// The access says what to do where it does not.
    case guarded
    /// It is known when the kernel runs, and looked at then.
    case checked
  }

  package struct Index {
    package var expression: IndexExpression
    package var bound: Bound
    package var extent: Int
    package var stride: Int
  }

  /// The position as one expression of the space's new axes, if no index must be checked when running.
  package static func linear(_ access: Access, _ buffer: Buffer, _ space: Space) -> IndexExpression? {
    guard access.indices.allSatisfy({ $0.values.isEmpty }) else { return nil }
    if access.fill != nil {
      for (index, extent) in zip(access.indices, buffer.extents) {
        guard isInside(index, extent, space.originalExtents) else { return nil }
      }
    }
    return space.rewritten(access.position(in: buffer))
  }

  /// Expressions that a nest will rewrite for an access: what decides which axes may be joined.
  package static func expressions(_ access: Access, _ buffer: Buffer, extents: [Int]) -> [IndexExpression] {
    let plain = access.indices.allSatisfy { $0.values.isEmpty }
    let inside = zip(access.indices, buffer.extents).allSatisfy { isInside($0, $1, extents) }
    return plain && (access.fill == nil || inside) ? [access.position(in: buffer)] : access.indices
  }

  /// One expression an index that needs a check, and one for all others together.
  package static func indices(_ access: Access, _ buffer: Buffer, _ space: Space) -> [Index] {
    if linear(access, buffer, space) != nil {
      return [Index(expression: access.position(in: buffer), bound: .proved, extent: buffer.count, stride: 1)]
    }
    return zip(zip(access.indices, buffer.extents), buffer.layout.strides).map { pair, stride in
      let (index, extent) = pair
      let bound: Bound
      if !index.values.isEmpty {
        bound = .checked
      } else {
        bound = isInside(index, extent, space.originalExtents) ? .proved : .guarded
      }
      return Index(expression: index, bound: bound, extent: extent, stride: stride)
    }
  }

  private static func isInside(_ index: IndexExpression, _ extent: Int, _ extents: [Int]) -> Bool {
    guard let range = index.range(in: extents) else { return false }
    return range.lowerBound >= 0 && range.upperBound < extent
  }
}
