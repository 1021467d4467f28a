import JacquardCore
import JacquardIR

/// One fold of a drawing with all inside it folded: boxes, and edges between them.
struct GraphLevel {
  /// Items by `4 * index + kind` with kind 0 for nodes, 1 inputs, 2 outputs, 3 folds.
  var boxes: [Int] = []
  /// Positions of boxes.
  var edges: [(from: Int, to: Int)] = []
  fileprivate var places: [Int: Int] = [:]
  fileprivate var known: Set<Int> = []

  fileprivate mutating func place(_ box: Int) -> Int {
    if let known = places[box] { return known }
    places[box] = boxes.count
    boxes.append(box)
    return boxes.count - 1
  }

  fileprivate mutating func connect(_ from: Int, _ to: Int) {
    let (a, b) = (place(from), place(to))
    if known.insert(a << 32 | b).inserted { edges.append((a, b)) }
  }
}

/// The drawings of a graph, one a fold.
struct GraphLevels {
  let folds: GraphFolds
  private(set) var levels: [GraphLevel]

  init(_ graph: Graph) {
    folds = GraphFolds(graph)
    levels = folds.paths.map { _ in GraphLevel() }
    // Boxes come in an order in which most edges run forwards.
    for node in graph.nodes {
      let target = (box: 4 * node.id.index, fold: folds.nodes[node.id.index])
      for input in node.inputs { connect(source(input, graph), target) }
      place(target)
    }
    for (index, output) in graph.outputs.enumerated() {
      connect(source(output.value, graph), (4 * index + 2, folds.outputs[index]))
    }
    for index in graph.inputs.indices { place((4 * index + 1, folds.inputs[index])) }
  }

  private typealias Item = (box: Int, fold: Int)

  private func source(_ value: ValueID, _ graph: Graph) -> Item {
    switch graph.definition(value) {
    case .input(let index): (4 * index + 1, folds.inputs[index])
    case .result(let id, _): (4 * id.index, folds.nodes[id.index])
    }
  }

  /// Shows an item in its fold, and that one in those around it.
  private mutating func place(_ item: Item) {
    var (box, fold) = item
    while true {
      let isNew = levels[fold].places[box] == nil
      _ = levels[fold].place(box)
      if fold == 0 || !isNew { return }
      (box, fold) = (4 * fold + 3, folds.parents[fold])
    }
  }

  /// An edge stands in the smallest fold that both its ends lie in.
  private mutating func connect(_ from: Item, _ to: Item) {
    place(from)
    var (a, b) = (from, to)
    while a.fold != b.fold {
      // A fold has a larger number than the one around it.
      if a.fold > b.fold {
        a = (4 * a.fold + 3, folds.parents[a.fold])
      } else {
        b = (4 * b.fold + 3, folds.parents[b.fold])
      }
    }
    place(to)
    if a.box != b.box { levels[a.fold].connect(a.box, b.box) }
  }
}
