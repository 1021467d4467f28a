import CJacquard
import JacquardCore
import JacquardKernels
import JacquardPlanner

/// The ways to walk through a buffer.
enum AccessForm {
  struct Index {
    var expression: IndexExpression
    var bound: jq_bound
    var extent: Int
    var stride: Int
  }

  /// The position as one expression of the space's new axes, if no index must be checked when running.
  static func linear(_ access: Access, _ buffer: Buffer, _ space: Space) -> IndexExpression? {
    guard access.indices.allSatisfy({ $0.values.isEmpty }) else { return nil }
    if access.fill != nil {
      for (index, extent) in zip(access.indices, buffer.extents) {
        guard isInside(index, extent, space.originalExtents) else { return nil }
      }
    }
    return space.rewritten(access.position(in: buffer))
  }

  /// Expressions that a nest will rewrite for an access: what decides which axes may be joined.
  static func expressions(_ access: Access, _ buffer: Buffer, extents: [Int]) -> [IndexExpression] {
    let plain = access.indices.allSatisfy { $0.values.isEmpty }
    let inside = zip(access.indices, buffer.extents).allSatisfy { isInside($0, $1, extents) }
    return plain && (access.fill == nil || inside) ? [access.position(in: buffer)] : access.indices
  }

  /// One expression an index that needs a check, and one for all others together.
  static func indices(_ access: Access, _ buffer: Buffer, _ space: Space) -> [Index] {
    if linear(access, buffer, space) != nil {
      return [Index(expression: access.position(in: buffer), bound: JQ_BOUND_PROVED, extent: buffer.count, stride: 1)]
    }
    return zip(zip(access.indices, buffer.extents), buffer.layout.strides).map { pair, stride in
      let (index, extent) = pair
      let bound: jq_bound
      if !index.values.isEmpty {
        bound = JQ_BOUND_CHECK
      } else {
        bound = isInside(index, extent, space.originalExtents) ? JQ_BOUND_PROVED : JQ_BOUND_GUARD
      }
      return Index(expression: index, bound: bound, extent: extent, stride: stride)
    }
  }

  private static func isInside(_ index: IndexExpression, _ extent: Int, _ extents: [Int]) -> Bool {
    guard let range = index.range(in: extents) else { return false }
    return range.lowerBound >= 0 && range.upperBound < extent
  }
}
