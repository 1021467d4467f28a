import JacquardCore
import JacquardIR
import JacquardKernels

/// Sum of products over contracting axes, for each element of batch axes (XLA's dot_general). Operands: a, b.
public struct Dot: Operation {
  public static let name = "dot"
  public static let defaults = [
    AttributeField("lhsBatch", .array([])), AttributeField("rhsBatch", .array([])),
    AttributeField("lhsContracting", .array([.int(1)])), AttributeField("rhsContracting", .array([.int(0)])),
  ]
  public static let doc = OperationDoc(
    "Sum of products over contracting axes, for each element of batch axes (XLA's dot_general).",
    formula: "y[batch, left free, right free] = sum over contracting of a[...] * b[...]",
    constraints: [
      "c1: the operands have one numeric type",
      "c2: the axes exist, none is named twice, and both operands name equally many of each kind",
      "c3: batch sizes agree", "c4: contracting sizes agree",
    ],
    conventions: [
      "batch axes come in the order named, free axes in the operands' order", "integers wrap around",
      "without contracting axes it is the outer product; a sum over nothing is 0",
    ])

  public static let samples = [
    OperationSample(Dot(), [.uniform("f32[5,7]", -2, 2), .uniform("f32[7,3]", -2, 2)]),
    OperationSample(
      Dot(lhsContracting: [0], rhsContracting: [1]), [.uniform("f32[4,3]", -2, 2), .uniform("f32[5,4]", -2, 2)]),
    OperationSample(
      Dot(lhsBatch: [1], rhsBatch: [2], lhsContracting: [2], rhsContracting: [0]),
      [.uniform("f32[3,2,4]", -2, 2), .uniform("f32[4,5,2]", -2, 2)]),
    OperationSample(
      Dot(lhsContracting: [1, 2], rhsContracting: [1, 0]),
      [.uniform("f32[2,3,4]", -2, 2), .uniform("f32[4,3,5]", -2, 2)]),
    OperationSample(
      Dot(lhsBatch: [0], rhsBatch: [0], lhsContracting: [], rhsContracting: []),
      [.uniform("f32[2,3]", -2, 2), .uniform("f32[2,2,2]", -2, 2)]),
    OperationSample(
      Dot(lhsContracting: [0], rhsContracting: [0]), [.uniform("f32[6]", -2, 2), .uniform("f32[6]", -2, 2)]),
    OperationSample(
      Dot(), [.integers("i32[2,3]", -9, 9), .integers("i32[3,4]", -9, 9)], gradient: .none(reason: "integers")),
    OperationSample(
      Dot(), [.integers("u8[2,3]", 0, 256), .integers("u8[3,4]", 0, 256)], gradient: .none(reason: "integers")),
  ]
  public static let violations = [
    OperationViolation(1, Dot(), ["f32[2,3]", "f64[3,4]"]),
    OperationViolation(1, Dot(), ["bool[2,3]", "bool[3,4]"]),
    OperationViolation(2, Dot(lhsContracting: [2]), ["f32[2,3]", "f32[3,4]"]),
    OperationViolation(2, Dot(lhsBatch: [1], rhsBatch: [1]), ["f32[2,3]", "f32[3,3]"]),
    OperationViolation(2, Dot(lhsContracting: [0, 1]), ["f32[2,3]", "f32[3,4]"]),
    OperationViolation(3, Dot(lhsBatch: [0], rhsBatch: [0], rhsContracting: [1]), ["f32[2,3]", "f32[4,3]"]),
    OperationViolation(4, Dot(), ["f32[2,3]", "f32[4,5]"]),
    OperationViolation(4, Dot(), ["f32[2,N]", "f32[M,5]"]),
  ]

  /// Batch axes of the first operand, in the order in which the result has them.
  public var lhsBatch: [Int]
  /// The second operand's counterparts of `lhsBatch`.
  public var rhsBatch: [Int]
  /// Axes of the first operand that are summed over.
  public var lhsContracting: [Int]
  /// The second operand's counterparts of `lhsContracting`.
  public var rhsContracting: [Int]

  /// The axes are checked where types are inferred (c2).
  public init(
    lhsBatch: [Int] = [], rhsBatch: [Int] = [], lhsContracting: [Int] = [1], rhsContracting: [Int] = [0]
  ) {
    self.lhsBatch = lhsBatch
    self.rhsBatch = rhsBatch
    self.lhsContracting = lhsContracting
    self.rhsContracting = rhsContracting
  }

  /// The roles of one operand's axes.
  struct Side: Equatable {
    var batch: [Int]
    var contracting: [Int]
    /// In ascending order.
    var free: [Int]

    init(_ rank: Int, batch: [Int], contracting: [Int]) {
      self.batch = batch
      self.contracting = contracting
      free = (0..<rank).filter { !batch.contains($0) && !contracting.contains($0) }
    }
  }

  func left(_ rank: Int) -> Side { Side(rank, batch: lhsBatch, contracting: lhsContracting) }
  func right(_ rank: Int) -> Side { Side(rank, batch: rhsBatch, contracting: rhsContracting) }

  public func inferTypes(_ context: TypeContext) throws -> [TensorType] {
    try requireOperands(2, context)
    let (a, b) = (context.inputs[0], context.inputs[1])
    if a.dtype != b.dtype || !a.dtype.isNumeric { throw violated(1, "not defined for \(a) and \(b)") }
    try check(lhsBatch + lhsContracting, of: a, "left")
    try check(rhsBatch + rhsContracting, of: b, "right")
    if lhsBatch.count != rhsBatch.count || lhsContracting.count != rhsContracting.count {
      throw violated(2, "the operands name different numbers of batch or contracting axes")
    }
    try compare(lhsBatch, a, rhsBatch, b, 3, "batch")
    try compare(lhsContracting, a, rhsContracting, b, 4, "contracting")
    let free = left(a.shape.rank).free.map { a.shape[$0] } + right(b.shape.rank).free.map { b.shape[$0] }
    return [TensorType(a.dtype, Shape(lhsBatch.map { a.shape[$0] } + free))]
  }

  private func check(_ axes: [Int], of type: TensorType, _ side: String) throws {
    for axis in axes where axis < 0 || axis >= type.shape.rank {
      throw violated(2, "axis \(axis) is no axis of the \(side) operand \(type)")
    }
    if Set(axes).count != axes.count { throw violated(2, "an axis of the \(side) operand is named twice in \(axes)") }
  }

  private func compare(
    _ lhs: [Int], _ a: TensorType, _ rhs: [Int], _ b: TensorType, _ constraint: Int, _ kind: String
  ) throws {
    for (i, j) in zip(lhs, rhs) where a.shape[i] != b.shape[j] {
      throw violated(
        constraint, "\(kind) sizes \(a.shape[i]) and \(b.shape[j]) differ: axis \(i) of \(a), axis \(j) of \(b)")
    }
  }

  public func gradient(_ context: GradientContext) throws -> Gradient {
    let (a, b) = (context.inputs[0], context.inputs[1])
    let (left, right) = (left(context.type(a).shape.rank), right(context.type(b).shape.rank))
    let g = try context.cotangent()
    let middle = lhsBatch.count + left.free.count
    let leftPart = Array(lhsBatch.count..<middle)
    let rightPart = Array(middle..<middle + right.free.count)
    let builder = context.builder
    let da: Cotangent =
      context.needed[0]
      ? .value(try builder.dotCotangent(g, leftPart, rightPart, of: left, other: b, right)) : .zero
    let db: Cotangent =
      context.needed[1]
      ? .value(try builder.dotCotangent(g, rightPart, leftPart, of: right, other: a, left)) : .zero
    return .cotangents([da, db])
  }

  public func lower(_ context: LoweringContext) throws {
    DotLowering(self, context).emit()
  }

  public func reference(_ context: ReferenceContext) throws -> [HostTensor] {
    let (a, b) = (context.inputs[0], context.inputs[1])
    var result = try HostTensor(zeros: a.dtype, context.outputs[0].shape.sizes ?? [])
    // One free axis may then be as large as it likes.
    if result.count == 0 { return [result] }
    let (x, y) = (DotOffsets(a.sizes, left(a.sizes.count)), DotOffsets(b.sizes, right(b.sizes.count)))
    let terms = DotTerms(a, b)
    var index = 0
    for (batchX, batchY) in zip(x.batch, y.batch) {
      for row in x.free {
        for column in y.free {
          result[linear: index] = terms.sum(x.contracting, batchX + row, y.contracting, batchY + column)
          index += 1
        }
      }
    }
    return [result]
  }
}

/// Positions of an operand's elements along its batch, free and contracting axes.
private struct DotOffsets {
  let batch: [Int]
  let free: [Int]
  let contracting: [Int]

  init(_ sizes: [Int], _ side: Dot.Side) {
    let strides = Layout.rowMajor(sizes).strides
    func offsets(_ axes: [Int]) -> [Int] { StridedPoints.offsets(sizes.picking(axes), strides.picking(axes)) }
    batch = offsets(side.batch)
    free = offsets(side.free)
    contracting = offsets(side.contracting)
  }
}

/// The elements of two operands, read once: in double precision, or as integers that wrap around.
private enum DotTerms {
  case floats([Double], [Double])
  case integers([Int64], [Int64])

  init(_ a: HostTensor, _ b: HostTensor) {
    if a.dtype.isFloat {
      self = .floats((0..<a.count).map { a[linear: $0].asDouble }, (0..<b.count).map { b[linear: $0].asDouble })
    } else {
      self = .integers((0..<a.count).map { a[linear: $0].asInt }, (0..<b.count).map { b[linear: $0].asInt })
    }
  }

  func sum(_ left: [Int], _ leftBase: Int, _ right: [Int], _ rightBase: Int) -> Scalar {
    switch self {
    case .floats(let a, let b):
      var total = 0.0
      for k in left.indices { total += a[leftBase + left[k]] * b[rightBase + right[k]] }
      return .float(total)
    case .integers(let a, let b):
      var total: Int64 = 0
      for k in left.indices { total &+= a[leftBase + left[k]] &* b[rightBase + right[k]] }
      return .int(total)
    }
  }
}

extension GraphBuilder {
  /// Sum of products over contracting axes for each element of batch axes; result axes: batch, left free, right free.
  public func dot(
    _ a: ValueID, _ b: ValueID, lhsBatch: [Int] = [], rhsBatch: [Int] = [], lhsContracting: [Int] = [1],
    rhsContracting: [Int] = [0]
  ) throws -> ValueID {
    let (left, right) = (shape(a).rank, shape(b).rank)
    return try apply(
      Dot(
        lhsBatch: lhsBatch.map { normalized($0, rank: left) }, rhsBatch: rhsBatch.map { normalized($0, rank: right) },
        lhsContracting: lhsContracting.map { normalized($0, rank: left) },
        rhsContracting: rhsContracting.map { normalized($0, rank: right) }), a, b)
  }

  /// The cotangent of one operand of a product: the result's cotangent times the other operand, summed over the other's
  /// free axes. Of the two orders of these factors the one that needs no transpose is taken, if there is one.
  ///
  /// - Parameters:
  ///   - ownPart, otherPart: axes of `g` that are free axes of this operand and of the other one.
  fileprivate func dotCotangent(
    _ g: ValueID, _ ownPart: [Int], _ otherPart: [Int], of own: Dot.Side, other: ValueID, _ side: Dot.Side
  ) throws -> ValueID {
    let batch = Array(side.batch.indices)
    let sorted = side.contracting.sorted()
    let ranks = side.contracting.map { axis in sorted.firstIndex(of: axis) ?? 0 }
    // Where each of the operand's axes lies in the product of g and the other operand, and in the other order.
    var after = [Int](repeating: 0, count: own.batch.count + own.free.count + own.contracting.count)
    var before = after
    for (i, axis) in own.batch.enumerated() { (after[axis], before[axis]) = (i, i) }
    for (i, axis) in own.free.enumerated() {
      (after[axis], before[axis]) = (batch.count + i, batch.count + ranks.count + i)
    }
    for (i, axis) in own.contracting.enumerated() {
      (after[axis], before[axis]) = (batch.count + own.free.count + ranks[i], batch.count + ranks[i])
    }
    if before == Array(before.indices) && after != before {
      return try dot(
        other, g, lhsBatch: side.batch, rhsBatch: batch, lhsContracting: side.free, rhsContracting: otherPart)
    }
    let product = try dot(
      g, other, lhsBatch: batch, rhsBatch: side.batch, lhsContracting: otherPart, rhsContracting: side.free)
    return try transpose(product, after)
  }
}

extension Dot: BatchableOperation {
  public func batch(_ context: BatchingContext) throws -> [Batched] {
    let (a, b) = (context.inputs[0], context.inputs[1])
    var shifted = self
    if a.isBatched {
      shifted.lhsBatch = lhsBatch.map { $0 + 1 }
      shifted.lhsContracting = lhsContracting.map { $0 + 1 }
    }
    if b.isBatched {
      shifted.rhsBatch = rhsBatch.map { $0 + 1 }
      shifted.rhsContracting = rhsContracting.map { $0 + 1 }
    }
    if a.isBatched && b.isBatched {
      shifted.lhsBatch.insert(0, at: 0)
      shifted.rhsBatch.insert(0, at: 0)
      return try context.apply(shifted)
    }
    // The batch is the first free axis of the operand that has it.
    let place = lhsBatch.count + (a.isBatched ? 0 : left(context.rank(0)).free.count)
    let product = try context.builder.apply(shifted, a.value, b.value)
    return [Batched(try context.builder.movingAxis(product, from: place, to: 0))]
  }
}
