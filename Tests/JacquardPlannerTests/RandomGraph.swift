import JacquardCore
import JacquardIR
import JacquardOps
import JacquardTransforms

/// A random graph with values for its inputs.
///
/// Values stay small, and functions that jump (rounding, comparisons, positions of maxima) are applied only to values
/// that carry no rounding error, so that executors must agree closely.
struct RandomGraph {
  struct Item {
    var value: ValueID
    /// The same bits in every executor.
    var isExact: Bool
    /// No magnitude is larger.
    var bound: Double
  }

  let builder: GraphBuilder
  var random: Random
  var inputs: [String: HostTensor] = [:]
  var items: [Item] = []
  let float: DType
  private var names = 0
  var parameters: [(name: String, value: ValueID)] = []
  private var key: ValueID?

  init(seed: Int, size: Int) throws {
    builder = GraphBuilder(name: "random\(seed)")
    random = Random(seed)
    float = random.chance(40) ? .f64 : .f32
    for _ in 0..<(2 + random.below(3)) { try addInput(randomShape(), random.chance(75) ? float : integerType()) }
    for _ in 0..<random.below(4) {
      // Those of one type can change places.
      let same = parameters.last.flatMap { builder.shape($0.value).sizes }
      try addParameter(random.chance(50) ? same ?? randomShape() : randomShape())
    }
    for _ in 0..<size { try grow() }
    try addRoots()
  }

  var graph: Graph { builder.graph }

  // MARK: Draws

  private static let extents = [1, 2, 3, 4, 5, 7, 8, 16, 17, 33]

  mutating func randomShape() -> [Int] {
    var shape: [Int] = []
    for _ in 0..<random.below(4) {
      let extent = random.chance(2) ? 0 : random.pick(RandomGraph.extents)
      if shape.reduce(1, *) * extent <= 2000 { shape.append(extent) }
    }
    if random.chance(6) { shape = random.pick([[700], [40, 50], [3, 400], [400, 3], [2, 1100], [1300, 2]]) }
    return shape
  }

  mutating func integerType() -> DType { random.pick([.i32, .i64, .u8, .bool]) }

  mutating func fresh(_ prefix: String) -> String {
    names += 1
    return "\(prefix)\(names)"
  }

  @discardableResult
  mutating func addInput(_ shape: [Int], _ dtype: DType, low: Double = -2, high: Double = 2) throws -> Item {
    let name = fresh("x")
    let type = TensorType(dtype, Shape(shape))
    let (from, to) = dtype == .bool ? (0, 1) : dtype == .u8 ? (0, max(high, 1)) : (low, high)
    inputs[name] = try random.tensor(type, from, to)
    let item = Item(value: try builder.input(name, type), isExact: true, bound: max(abs(from), abs(to)))
    items.append(item)
    return item
  }

  mutating func addParameter(_ shape: [Int]) throws {
    let name = fresh("p")
    let type = TensorType(float, Shape(shape))
    inputs[name] = try random.tensor(type, -1, 1)
    let value = try builder.input(Input(name: name, type: type, role: random.chance(70) ? .parameter : .state))
    parameters.append((name, value))
    items.append(Item(value: value, isExact: true, bound: 1))
  }

  mutating func keyInput() throws -> ValueID {
    if let key { return key }
    let name = fresh("key")
    inputs[name] = try HostTensor([Int32(7), Int32(names)], [2])
    let value = try builder.input(name, TensorType(.i32, [2]))
    key = value
    return value
  }

  func type(_ item: Item) -> TensorType { builder.type(item.value) }
  func sizes(_ item: Item) -> [Int] { builder.shape(item.value).sizes ?? [] }

  mutating func add(_ value: ValueID, exact: Bool, bound: Double) {
    items.append(Item(value: value, isExact: exact, bound: bound))
  }

  /// A recent or an old value that fits.
  mutating func pick(_ fits: (Item) -> Bool = { _ in true }) -> Item? {
    let found = items.filter(fits)
    if found.isEmpty { return nil }
    let recent = random.chance(60) ? min(found.count, 6) : found.count
    return found[found.count - 1 - random.below(recent)]
  }

  mutating func pickFloat() throws -> Item {
    let float = float
    let known = builder
    if let item = pick({ known.type($0.value).dtype == float }) { return item }
    return try addInput(randomShape(), float)
  }

  /// The value, made small if it could be large.
  mutating func small(_ item: Item, _ most: Double = 8) throws -> Item {
    if item.bound <= most { return item }
    let value = try builder.tanh(item.value)
    return Item(value: value, isExact: false, bound: 1)
  }

  /// A value that broadcasts with another one: one that is there, or a new input.
  mutating func partner(of item: Item) throws -> Item {
    let (type, shape, known) = (type(item), sizes(item), builder)
    if random.chance(75),
      let found = pick({ other in
        known.type(other.value).dtype == type.dtype
          && RandomGraph.broadcasts(known.shape(other.value).sizes ?? [], shape)
      })
    {
      return found
    }
    var own = shape
    for axis in own.indices where random.chance(25) { own[axis] = 1 }
    return try addInput(Array(own.dropFirst(random.chance(25) ? random.below(own.count + 1) : 0)), type.dtype)
  }

  private static func broadcasts(_ a: [Int], _ b: [Int]) -> Bool {
    var count = 1
    let rank = max(a.count, b.count)
    for axis in 0..<rank {
      let x = axis < rank - a.count ? 1 : a[axis - rank + a.count]
      let y = axis < rank - b.count ? 1 : b[axis - rank + b.count]
      if x != y && x != 1 && y != 1 { return false }
      count *= x == 1 ? y : x
    }
    return count <= 3000
  }
}

// MARK: - Results

extension RandomGraph {
  /// Names outputs, and gives most parameters an update.
  fileprivate mutating func addRoots() throws {
    let count = 1 + random.below(3)
    for k in 0..<count { if let item = pick() { try builder.output("y\(k)", item.value) } }
    var loss: ValueID?
    if random.chance(50) && !parameters.isEmpty {
      let item = try small(try pickFloat(), 100)
      let total = try builder.mean(item.value, axes: Array(0..<sizes(item).count))
      loss = total
      if random.chance(60) { try builder.output("loss", total) }
    }
    let old = parameters
    let turned = random.chance(30) ? try addRotation() : []
    for (name, value) in old where !turned.contains(name) && random.chance(85) { try addUpdate(name, value, loss) }
    if let (_, value) = old.first, random.chance(20) { try builder.output("old", value) }
    if let update = graph.updates.first, random.chance(30) { try builder.output("new", update.value) }
    if let output = graph.outputs.last, random.chance(15) { try builder.output("again", output.value) }
  }

  /// Parameters of one type change places: each gets the old value of another. - Returns: Their names.
  private mutating func addRotation() throws -> Set<String> {
    let known = builder
    let same = parameters.filter { known.type($0.value) == known.type(parameters[0].value) }
    guard same.count > 1 else { return [] }
    let order = random.shuffled(same)
    for (position, parameter) in order.enumerated() {
      try builder.update(parameter.name, order[(position + 1) % order.count].value)
    }
    return Set(order.map(\.name))
  }

  private mutating func addUpdate(_ name: String, _ value: ValueID, _ loss: ValueID?) throws {
    let (known, type) = (builder, builder.type(value))
    let same = items.filter { known.type($0.value) == type }
    let others = parameters.filter { known.type($0.value) == type && $0.name != name }
    let rank = builder.shape(value).rank
    switch random.below(6) {
    case 0 where !same.isEmpty: try builder.update(name, random.pick(same).value)
    case 3 where rank > 0: try builder.update(name, builder.reverse(value, axes: [random.below(rank)]))
    case 1 where !others.isEmpty: try builder.update(name, random.pick(others).value)
    case 2 where !graph.updates.isEmpty:
      let used = random.pick(graph.updates).value
      let fits = builder.type(used) == type
      try builder.update(name, fits ? used : descended(value, loss))
    default: try builder.update(name, descended(value, loss))
    }
  }

  private mutating func descended(_ value: ValueID, _ loss: ValueID?) throws -> ValueID {
    let rate = try builder.constant(0.1, float)
    if let loss, let slope = try? builder.connectedGradients(of: loss, withRespectTo: [value])[0] {
      return try builder.subtract(value, builder.multiply(rate, builder.tanh(slope)))
    }
    return try builder.subtract(value, builder.multiply(rate, builder.sin(value)))
  }
}
