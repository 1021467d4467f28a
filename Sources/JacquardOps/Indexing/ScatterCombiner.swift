import JacquardCore
import JacquardIR
import JacquardKernels

/// How a scatter puts an update together with the element that is there.
public enum ScatterCombiner: String, Hashable, Codable, Sendable, CaseIterable {
  /// The update replaces the element; of several the last one stays.
  case set
  /// Of the update and the element.
  case add, multiply, minimum, maximum

  static let `default` = [AttributeField("combiner", .string(ScatterCombiner.set.rawValue))]
  static let typeDoc = "base and updates have one element type, which is numeric unless the combiner is set"
  static let conventions = [
    IndexRules.rangeDoc,
    "combiner: set add multiply minimum maximum; what meets at one element is combined in the row-major order of the "
      + "updates, so that with set the last one stays",
    "gradients: with set only the update that stays gets a cotangent; with minimum and maximum equal extremes get equal "
      + "shares; with multiply each gets the product of the others, by a quotient (right to first order at zeros)",
  ]

  /// The kernel's combiner; none replaces.
  var kernel: Combiner? {
    switch self {
    case .set: nil
    case .add: .sum
    case .multiply: .product
    case .minimum: .minimum
    case .maximum: .maximum
    }
  }

  func accepts(_ base: DType, _ updates: DType) -> Bool { base == updates && (self == .set || base.isNumeric) }

  /// One update: floats in double precision, whole numbers by their bits.
  func combine(_ element: Scalar, _ update: Scalar) -> Scalar {
    switch self {
    case .set: return update
    case .minimum: return Minimum().evaluate([element, update])
    case .maximum: return Maximum().evaluate([element, update])
    case .add, .multiply:
      guard let a = element.integerBits, let b = update.integerBits else {
        let (a, b) = (element.asDouble, update.asDouble)
        return .float(self == .add ? a + b : a * b)
      }
      return .int(self == .add ? a &+ b : a &* b)
    }
  }

  /// The value of a scatter whose updates go to these positions of the base.
  func reference(_ base: HostTensor, _ updates: HostTensor, at positions: [Int]) throws -> HostTensor {
    var elements = (0..<base.count).map { base[linear: $0] }
    for (index, position) in positions.enumerated() {
      elements[position] = combine(elements[position], updates[linear: index])
    }
    return try HostTensor(base.dtype, base.sizes, elements)
  }
}

extension LoweringContext {
  /// Emits a scatter of operands base, indices, updates.
  ///
  /// - Parameter place: the indices of the target at a point of the updates.
  func emitScatter(
    _ name: String, _ combiner: ScatterCombiner,
    place: (inout BodyBuilder, [IndexExpression]) -> [IndexExpression]
  ) {
    let (base, updates) = (inputs[0], inputs[2])
    // Of an empty base only the indices are checked, which must not be lost on the way through a wider type.
    let combiner = extents(base).contains(0) ? .set : combiner
    let space = extents(updates)
    if space.contains(0) { return emitCopy(name, from: base, to: outputs[0]) { axes, _ in axes } }
    let axes = space.indices.map { IndexExpression.axis($0) }
    var body = BodyBuilder(extents: space, node: node)
    let target = place(&body, axes)
    // What is only moved needs no wider type on the way.
    let wide = combiner == .set ? dtype(base) : dtype(base).computeType
    let value = body.cast(body.load(updates, dtype(updates), axes), wide)
    emitScatter(name, base: base, wide) { to, from in
      Scatter(
        space: space, body: body.instructions, target: Access(to, target, node: node), value: value,
        combiner: combiner.kernel, base: from)
    }
  }
}

/// The gradient rule of scatters: what they share beside the way in which indices name elements.
struct ScatterGradient {
  let context: GradientContext
  /// The elements of a tensor of the base's shape to which the updates go.
  let take: (ValueID) throws -> ValueID
  /// Scatters updates over a base.
  let put: (ValueID, ValueID, ScatterCombiner) throws -> ValueID

  private var builder: GraphBuilder { context.builder }
  private var base: ValueID { context.inputs[0] }
  private var updates: ValueID { context.inputs[2] }

  func gradient(_ combiner: ScatterCombiner) throws -> Gradient {
    let (ofBase, ofUpdates): (() throws -> ValueID, () throws -> ValueID)
    let g = try context.cotangent()
    switch combiner {
    case .set: (ofBase, ofUpdates) = ({ try put(g, builder.fill(0, like: updates), .set) }, { try winners(g) })
    case .add: (ofBase, ofUpdates) = ({ g }, { try take(g) })
    case .multiply: (ofBase, ofUpdates) = ({ try products(g).base }, { try products(g).updates })
    case .minimum, .maximum: (ofBase, ofUpdates) = ({ try shares(g).base }, { try shares(g).updates })
    }
    return try context.perInput { $0 == 0 ? try ofBase() : $0 == 2 ? try ofUpdates() : nil }
  }

  /// The cotangent where the update is the last one at its element: updates are numbered, and the numbers scattered.
  private func winners(_ g: ValueID) throws -> ValueID {
    let shape = builder.shape(updates)
    let count = try shape.elementCount()
    let numbers = try builder.reshape(builder.iota(Shape([count]), axis: 0, .i64), shape)
    let none = try builder.broadcast(builder.constant(-1, .i64), to: builder.shape(base))
    let last = try take(put(none, numbers, .set))
    return try builder.select(builder.equal(last, numbers), take(g), context.constant(0))
  }

  /// Equal shares for those that equal the result.
  private func shares(_ g: ValueID) throws -> (base: ValueID, updates: ValueID) {
    let (y, zero, dtype) = (context.outputs[0], try context.constant(0), context.type(base).dtype)
    let (hitBase, hitUpdates) = (try builder.equal(base, y), try builder.equal(updates, take(y)))
    let ties = try put(builder.cast(hitBase, dtype), builder.cast(hitUpdates, dtype), .add)
    let share = try builder.divide(g, ties)
    return (try builder.select(hitBase, share, zero), try builder.select(hitUpdates, take(share), zero))
  }

  /// The cotangent times the product of all other factors: that of the factors that are not 0, divided by one's own; whole at
  /// the only 0; 0 elsewhere.
  private func products(_ g: ValueID) throws -> (base: ValueID, updates: ValueID) {
    let (zero, one, dtype) = (try context.constant(0), try context.constant(1), context.type(base).dtype)
    func parts(_ x: ValueID) throws -> (safe: ValueID, isZero: ValueID) {
      let isZero = try builder.equal(x, zero)
      return (try builder.select(isZero, one, x), isZero)
    }
    let (a, b) = (try parts(base), try parts(updates))
    let product = try put(a.safe, b.safe, .multiply)
    let zeros = try put(builder.cast(a.isZero, dtype), builder.cast(b.isZero, dtype), .add)
    func others(_ x: (safe: ValueID, isZero: ValueID), _ product: ValueID, _ zeros: ValueID) throws -> ValueID {
      let only = try builder.logicalAnd(builder.equal(zeros, one), x.isZero)
      let rest = try builder.select(only, product, zero)
      return try builder.select(builder.equal(zeros, zero), builder.divide(product, x.safe), rest)
    }
    return (
      try builder.multiply(g, others(a, product, zeros)),
      try builder.multiply(take(g), others(b, take(product), take(zeros)))
    )
  }
}
