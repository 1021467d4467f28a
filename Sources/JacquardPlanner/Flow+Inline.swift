import JacquardCore
import JacquardKernels

extension Flow {
  private var identityAxes: [IndexExpression] { extents.indices.map { .axis($0) } }

  /// The flow with every load changed. Positions that a change leaves as they are stay as they are.
  func mappingLoads(_ transform: (Access) -> Access) -> Flow {
    var result = Flow(outer: outer, inner: inner, order: order)
    _ = result.absorb(self, axes: identityAxes) { flow, access in
      let changed = transform(access)
      return flow.append(Instruction(.load(changed), typeOf(access)))
    }
    return result
  }

  private func typeOf(_ access: Access) -> DType {
    for step in steps {
      if case .load(let other) = step.operation, other.buffer == access.buffer { return step.dtype }
    }
    return .f32
  }

  /// The flow with a map computed wherever its result was read.
  ///
  /// A guarded read stays guarded: outside the map's space the fill value is selected, and the map's own loads are
  /// guarded.
  func inlining(_ source: Flow) -> Flow {
    let store = source.stores[0]
    var result = Flow(outer: outer, inner: inner, order: order)
    _ = result.absorb(self, axes: identityAxes) { flow, access in
      guard access.buffer == store.access.buffer else { return nil }
      return flow.expand(source, store, at: access)
    }
    return result
  }

  private mutating func expand(_ source: Flow, _ store: Store, at access: Access) -> Int {
    var axes = [IndexExpression](repeating: IndexExpression(0), count: source.extents.count)
    // Where a read may leave the source, and how far the source reaches there.
    var open: [(index: IndexExpression, extent: Int)] = []
    for (written, read) in zip(store.access.indices, access.indices) {
      let extent = written.singleAxis.map { source.extents[$0] } ?? 1
      if let axis = written.singleAxis { axes[axis] = read }
      let index = written.singleAxis == nil ? read - written : read
      if !isInside(index, extent) { open.append((index, extent)) }
    }
    guard let fill = access.fill, !open.isEmpty else {
      return absorb(source, axes: axes, keepStore: { _ in false })[store.value]
    }
    let guarded = source.mappingLoads { load in
      Access(load.buffer, load.indices, fill: load.fill ?? .int(0), node: load.node)
    }
    let value = absorb(guarded, axes: axes, keepStore: { _ in false })[guarded.stores[0].value]
    var inside: Int?
    for (index, extent) in open {
      let condition = isInsideStep(index, extent)
      inside = inside.map { append(Instruction(.apply(.logicalAnd, [$0, condition]), .bool)) } ?? condition
    }
    let type = steps[value].dtype
    let other = append(Instruction(.constant(fill.converted(to: type)), type))
    return append(Instruction(.apply(.select, [inside ?? value, value, other]), type))
  }

  private func isInside(_ expression: IndexExpression, _ extent: Int) -> Bool {
    guard let range = expression.range(in: extents) else { return false }
    return range.lowerBound >= 0 && range.upperBound < extent
  }

  /// A step that says whether an index lies in `0 ..< extent`.
  private mutating func isInsideStep(_ expression: IndexExpression, _ extent: Int) -> Int {
    let index = append(Instruction(.index(expression), .i64))
    let zero = append(Instruction(.constant(.int(0)), .i64))
    let end = append(Instruction(.constant(.int(Int64(extent))), .i64))
    let low = append(Instruction(.apply(.greaterEqual, [index, zero]), .bool))
    let high = append(Instruction(.apply(.less, [index, end]), .bool))
    return append(Instruction(.apply(.logicalAnd, [low, high]), .bool))
  }
}
