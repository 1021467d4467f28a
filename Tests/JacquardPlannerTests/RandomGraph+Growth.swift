import JacquardCore
import JacquardIR
import JacquardOps

extension RandomGraph {
  /// Appends an operation or a few.
  mutating func grow() throws {
    switch random.below(100) {
    case 0..<26: try growUnary()
    case 26..<46: try growBinary()
    case 46..<51: try growTernary()
    case 51..<63: try growReduction()
    case 63..<68: try growRows()
    case 68..<75: try growProduct()
    case 75..<88: try growShape()
    case 88..<92: try growIndexed()
    case 92..<97: try growIntegers()
    default: try growSource()
    }
  }

  private mutating func growUnary() throws {
    let x = try small(try pickFloat(), 40)
    let b = builder
    let v = x.value
    if x.isExact && random.chance(15) {
      let value = try random.pick([b.sign, b.floor, b.ceil, b.round])(v)
      return add(value, exact: true, bound: x.bound + 1)
    }
    switch random.below(18) {
    case 0: add(try b.negate(v), exact: x.isExact, bound: x.bound)
    case 1: add(try b.abs(v), exact: x.isExact, bound: x.bound)
    case 2: add(try b.sqrt(b.add(b.abs(v), b.constant(0.5, float))), exact: false, bound: x.bound + 1)
    case 3: add(try b.rsqrt(b.add(b.multiply(v, v), b.constant(0.5, float))), exact: false, bound: 2)
    case 4: add(try b.exp(small(x, 3).value), exact: false, bound: 21)
    case 5: add(try b.expm1(small(x, 3).value), exact: false, bound: 21)
    case 6: add(try b.log(b.add(b.abs(v), b.constant(0.5, float))), exact: false, bound: 5)
    case 7: add(try b.log1p(b.abs(v)), exact: false, bound: 5)
    case 8: add(try b.sin(v), exact: false, bound: 1)
    case 9: add(try b.cos(v), exact: false, bound: 1)
    case 10: add(try b.tanh(v), exact: false, bound: 1)
    case 11: add(try b.sigmoid(v), exact: false, bound: 1)
    case 12: add(try b.erf(v), exact: false, bound: 1)
    case 13: add(try b.relu(v), exact: x.isExact, bound: x.bound)
    case 14: add(try b.gelu(v, approximate: random.chance(50)), exact: false, bound: x.bound)
    case 15: add(try b.silu(v), exact: false, bound: x.bound)
    case 16: add(try b.softplus(v), exact: false, bound: x.bound + 1)
    default: add(try b.elu(v), exact: false, bound: x.bound + 1)
    }
  }

  private mutating func growBinary() throws {
    let x = try small(try pickFloat(), 100)
    let y = try small(try partner(of: x), 100)
    let (b, v, w) = (builder, x.value, y.value)
    let exact = x.isExact && y.isExact
    switch random.below(9) {
    case 0, 1: add(try b.add(v, w), exact: false, bound: x.bound + y.bound)
    case 2: add(try b.subtract(v, w), exact: false, bound: x.bound + y.bound)
    case 3, 4: add(try b.multiply(v, w), exact: false, bound: x.bound * y.bound)
    case 5: add(try b.divide(v, b.add(b.abs(w), b.constant(1, float))), exact: false, bound: x.bound)
    case 6: add(try b.maximum(v, w), exact: exact, bound: max(x.bound, y.bound))
    case 7: add(try b.minimum(v, w), exact: exact, bound: max(x.bound, y.bound))
    default:
      guard exact else { return add(try b.add(v, v), exact: false, bound: 2 * x.bound) }
      let value = try random.pick([b.less, b.lessEqual, b.greater, b.greaterEqual, b.equal, b.notEqual])(v, w)
      add(value, exact: true, bound: 1)
    }
  }

  private mutating func growTernary() throws {
    let x = try pickFloat()
    let y = try partner(of: x)
    let b = builder
    if random.chance(40) {
      let low = try b.constant(-0.75, float)
      return add(
        try b.clamp(low, x.value, b.constant(0.5, float)), exact: x.isExact, bound: max(1, min(x.bound, 1)))
    }
    if random.chance(50) {
      let (p, q) = (try small(x), try small(y))
      return add(try b.fma(p.value, q.value, p.value), exact: false, bound: p.bound * q.bound + p.bound)
    }
    let shape = try b.shape(b.add(x.value, y.value))
    let known = builder
    let there = pick { known.type($0.value).dtype == .bool && known.shape($0.value) == shape }
    let predicate = try there ?? addInput(shape.sizes ?? [], .bool)
    add(
      try b.select(predicate.value, x.value, y.value), exact: x.isExact && y.isExact, bound: max(x.bound, y.bound))
  }

  private mutating func axes(_ rank: Int) -> [Int] { (0..<rank).filter { _ in random.chance(50) } }

  private mutating func growReduction() throws {
    let x = try small(try pickFloat(), 50)
    let (b, v, shape) = (builder, x.value, sizes(x))
    let axes = axes(shape.count)
    let count = axes.reduce(1) { $0 * shape[$1] }
    let keep = random.chance(40)
    switch random.below(7) {
    case 0, 1: add(try b.sum(v, axes: axes, keepDims: keep), exact: false, bound: x.bound * Double(max(count, 1)))
    case 2: add(try b.mean(v, axes: count == 0 ? [] : axes, keepDims: keep), exact: false, bound: x.bound)
    case 3 where count > 0: add(try b.reduceMax(v, axes: axes, keepDims: keep), exact: x.isExact, bound: x.bound)
    case 4 where count > 0: add(try b.reduceMin(v, axes: axes, keepDims: keep), exact: x.isExact, bound: x.bound)
    case 5 where count <= 40:
      let near = try b.add(b.multiply(b.tanh(v), b.constant(0.1, float)), b.constant(1, float))
      add(try b.product(near, axes: axes, keepDims: keep), exact: false, bound: 50)
    case 6 where !shape.isEmpty && x.isExact && !shape.contains(0):
      let axis = random.below(shape.count)
      let value = random.chance(50) ? try b.argmax(v, axis: axis) : try b.argmin(v, axis: axis)
      add(value, exact: true, bound: Double(shape[axis]))
    default: add(try b.sum(v, axes: axes), exact: false, bound: x.bound * Double(max(count, 1)))
    }
  }

  /// Composites along an axis.
  private mutating func growRows() throws {
    let x = try small(try pickFloat(), 20)
    let (b, v, shape) = (builder, x.value, sizes(x))
    guard let width = shape.last, !shape.contains(0) else { return try growUnary() }
    let axis = random.below(shape.count)
    switch random.below(4) {
    case 0: add(try b.softmax(v, axis: axis), exact: false, bound: 1)
    case 1: add(try b.logSoftmax(v, axis: axis), exact: false, bound: 2 * x.bound + 10)
    case 2: add(try b.logSumExp(v, axis: axis, keepDims: random.chance(50)), exact: false, bound: x.bound + 10)
    default:
      let scale = try addInput([width], float, low: 0.5, high: 1.5)
      let bias = try addInput([width], float)
      add(
        try b.layerNorm(v, scale: scale.value, bias: bias.value, epsilon: 0.1), exact: false,
        bound: 2 + 1.5 * Double(width).squareRoot())
    }
  }

  private mutating func growProduct() throws {
    let x = try small(try pickFloat(), 4)
    let (b, shape) = (builder, sizes(x))
    if shape.isEmpty { return try growUnary() }
    let contracted = random.below(shape.count)
    let batch = shape.indices.filter { $0 != contracted && random.chance(20) }
    let free = (0..<random.below(3)).map { _ in random.pick([1, 2, 3, 5, 16, 19]) }
    let others = shape.indices.filter { $0 != contracted && !batch.contains($0) }
    let total = (others + batch).reduce(1) { $0 * shape[$1] } * free.reduce(1, *)
    if total > 3000 { return try growReduction() }
    // The other operand has its axes in any order.
    let roles = random.shuffled(batch.map { shape[$0] }.indices.map { $0 } + [-1] + free.indices.map { 100 + $0 })
    let extents = roles.map { $0 == -1 ? shape[contracted] : $0 >= 100 ? free[$0 - 100] : shape[batch[$0]] }
    let y = try addInput(extents, float, low: -1, high: 1)
    let otherBatch = batch.indices.compactMap { roles.firstIndex(of: $0) }
    let value = try b.dot(
      x.value, y.value, lhsBatch: batch, rhsBatch: otherBatch, lhsContracting: [contracted],
      rhsContracting: [roles.firstIndex(of: -1) ?? 0])
    add(value, exact: false, bound: x.bound * Double(max(shape[contracted], 1)))
    if random.chance(40) { try growEpilogue() }
  }

  /// Bias and activation after a product.
  private mutating func growEpilogue() throws {
    guard let product = items.last, let width = sizes(product).last else { return }
    let bias = try addInput([width], float)
    let value = try builder.add(product.value, bias.value)
    add(try builder.relu(value), exact: false, bound: product.bound + 2)
  }

  private mutating func growShape() throws {
    guard let x = pick() else { return }
    let (b, v, shape) = (builder, x.value, sizes(x))
    let count = shape.reduce(1, *)
    switch random.below(8) {
    case 0:
      var target = [count]
      if let divisor = [2, 3, 4, 5].first(where: { count > 0 && count % $0 == 0 }) {
        target = [divisor, count / divisor]
      }
      add(try b.reshape(v, Shape(random.chance(50) ? target : target + [1])), exact: x.isExact, bound: x.bound)
    case 1: add(try b.transpose(v, random.shuffled(Array(shape.indices))), exact: x.isExact, bound: x.bound)
    case 2: add(try b.reverse(v, axes: axes(shape.count)), exact: x.isExact, bound: x.bound)
    case 3: try growSlice(x)
    case 4 where type(x).dtype != .bool:
      let low = shape.map { _ in random.below(3) }
      let high = shape.map { _ in random.below(3) }
      let padded = zip(shape, zip(low, high)).reduce(1) { $0 * ($1.0 + $1.1.0 + $1.1.1) }
      if padded > 3000 { return }
      add(try b.pad(v, low: low, high: high, value: 1), exact: x.isExact, bound: max(x.bound, 1))
    case 5 where !shape.isEmpty && count <= 1000: try growConcat(x)
    case 6 where count <= 500:
      add(
        try b.broadcast(v, to: Shape([random.pick([2, 3])] + shape)), exact: x.isExact, bound: x.bound)
    default: add(try b.expandDims(v, axis: random.below(shape.count + 1)), exact: x.isExact, bound: x.bound)
    }
  }

  private mutating func growSlice(_ x: Item) throws {
    let shape = sizes(x)
    var (starts, limits, strides): ([Int], [Int], [Int]) = ([], [], [])
    for extent in shape {
      let start = random.below(extent + 1)
      starts.append(start)
      limits.append(start + random.below(extent - start + 1))
      strides.append(1 + random.below(3))
    }
    let value = try builder.slice(
      x.value, starts: starts.map { Dim($0) }, limits: limits.map { Dim($0) },
      strides: random.chance(50) ? strides : nil)
    add(value, exact: x.isExact, bound: x.bound)
  }

  private mutating func growConcat(_ x: Item) throws {
    let (known, shape, dtype) = (builder, sizes(x), type(x).dtype)
    let axis = random.below(shape.count)
    let fits = items.filter { other in
      let sizes = known.shape(other.value).sizes ?? []
      return known.type(other.value).dtype == dtype && sizes.count == shape.count
        && sizes.indices.allSatisfy { $0 == axis || sizes[$0] == shape[$0] }
    }
    let parts = (0..<(1 + random.below(3))).map { _ in random.pick(fits) } + [x]
    if parts.reduce(0, { $0 + sizes($1).reduce(1, *) }) > 3000 { return }
    add(
      try builder.concat(parts.map(\.value), axis: axis), exact: parts.allSatisfy(\.isExact),
      bound: parts.map(\.bound).max() ?? 1)
  }

  private mutating func growIndexed() throws {
    let x = try pickFloat()
    let (b, v, shape) = (builder, x.value, sizes(x))
    guard !shape.isEmpty, !shape.contains(0) else { return try growUnary() }
    let axis = random.below(shape.count)
    let high = Double(shape[axis]) - 1
    let dtype: DType = random.chance(50) ? .i32 : .i64
    switch random.below(3) {
    case 0:
      let wanted = random.pick([[], [3], [2, 2], [9]] as [[Int]])
      if shape.reduce(1, *) / shape[axis] * wanted.reduce(1, *) > 3000 { return }
      let places = try addInput(wanted, dtype, low: 0, high: high)
      add(try b.gather(v, places.value, axis: axis), exact: x.isExact, bound: x.bound)
    case 1:
      var wanted = shape
      wanted[axis] = 1 + random.below(3)
      let places = try addInput(wanted, dtype, low: 0, high: high)
      add(try b.takeAlongAxis(v, places.value, axis: axis), exact: x.isExact, bound: x.bound)
    default:
      let count = 1 + random.below(6)
      let places = try addInput([count], dtype, low: 0, high: high)
      var wanted = shape
      wanted[axis] = count
      if wanted.reduce(1, *) > 3000 { return }
      let updates = try addInput(wanted, float)
      add(
        try b.scatterAdd(v, places.value, updates.value, axis: axis), exact: false,
        bound: x.bound + 2 * Double(count))
    }
  }

  private mutating func growIntegers() throws {
    let (known, b) = (builder, builder)
    guard let x = pick({ known.type($0.value).dtype.isInteger && $0.isExact }) else {
      guard let p = pick({ known.type($0.value).dtype == .bool }) else {
        try addInput(randomShape(), integerType())
        return
      }
      let q = try partner(of: p)
      let value = try random.pick([b.logicalAnd, b.logicalOr, b.logicalXor])(p.value, q.value)
      add(value, exact: true, bound: 1)
      if random.chance(50) { add(try b.logicalNot(value), exact: true, bound: 1) }
      let shape = sizes(items[items.count - 1])
      return add(
        try random.chance(50) ? b.any(value, axes: axes(shape.count)) : b.all(value, axes: axes(shape.count)),
        exact: true, bound: 1)
    }
    let y = try partner(of: x)
    let shape = sizes(x)
    switch random.below(6) {
    case 0: add(try b.add(x.value, y.value), exact: true, bound: 1e9)
    case 1: add(try b.multiply(x.value, y.value), exact: true, bound: 1e9)
    case 2: add(try b.divide(x.value, y.value), exact: true, bound: 1e9)
    case 3: add(try b.sum(x.value, axes: axes(shape.count)), exact: true, bound: 1e9)
    case 4: add(try b.less(x.value, y.value), exact: true, bound: 1)
    default: add(try b.cast(x.value, float), exact: x.bound < 1e6, bound: x.bound)
    }
  }

  private mutating func growSource() throws {
    let b = builder
    var shape = randomShape()
    if shape.contains(0) { shape = [4] }
    switch random.below(5) {
    case 0 where !shape.isEmpty:
      add(
        try b.iota(Shape(shape), axis: random.below(shape.count), random.pick([.i32, .i64])), exact: true, bound: 2000)
    case 1:
      add(try b.constant(random.tensor(TensorType(float, Shape(shape)))), exact: true, bound: 1)
    case 2:
      let key = try b.foldKey(keyInput(), random.below(1000))
      add(try b.uniform(key: key, shape: Shape(shape), dtype: float), exact: true, bound: 1)
    case 3:
      let key = try b.foldKey(keyInput(), random.below(1000))
      add(try b.normal(key: key, shape: Shape(shape), dtype: float), exact: false, bound: 6)
    default:
      let key = try b.foldKey(keyInput(), random.below(1000))
      let x = try pickFloat()
      if x.bound > 100 { return }
      add(try b.dropout(x.value, key: key, rate: 0.25), exact: false, bound: 2 * x.bound)
    }
  }
}
