import JacquardCore
import JacquardFiles
import JacquardIR

/// How the page draws the graphs of a record: folds, levels, places. Nothing in it is a fact of the graph that the record lacks.
struct PageDrawings {
  /// Why the page lays drawings out itself; nil where `dot` has done it.
  private(set) var note: String?
  private var layouts: [JSONValue] = []
  /// Levels of the same structure share a layout.
  private var known: [String: Int] = [:]
  private var waiting: [GraphLevel] = []
  private var stages: [JSONValue] = []

  /// - Parameter dot: the program that lays drawings out; nil where there is none.
  init(_ graphs: [(name: String, graph: Graph)], dot: String?) {
    if dot == nil { note = Graphviz.missing }
    for (name, graph) in graphs {
      var parts: [(name: String, value: JSONValue)] = []
      add(graph, "", to: &parts, isLaidOut: dot != nil)
      stages.append(JSONValue(fields: [("name", JSONValue(name)), ("graphs", JSONValue(fields: parts))]))
    }
    guard let dot, !waiting.isEmpty else { return }
    do {
      layouts = try Graphviz.layouts(of: waiting, by: dot).map(PageDrawings.json)
    } catch {
      note = "\(error); drawings use the page's own layout"
    }
  }

  var json: JSONValue {
    JSONValue(fields: [
      ("note", note.map { JSONValue($0) } ?? nil),
      ("box", [JSONValue(Graphviz.boxWidth), JSONValue(Graphviz.boxHeight)]),
      ("stages", JSONValue(stages)), ("layouts", JSONValue(layouts)),
    ])
  }

  /// Adds a graph and those inside its nodes, by the path `node.graph/node.graph`.
  private mutating func add(
    _ graph: Graph, _ path: String, to parts: inout [(name: String, value: JSONValue)], isLaidOut: Bool
  ) {
    let drawing = GraphLevels(graph)
    let folds = drawing.folds
    let levels = drawing.levels.map { level in
      let layout = isLaidOut ? layout(level) : -1
      return JSONValue([
        PageDrawings.list(level.boxes), PageDrawings.list(level.edges.flatMap { [$0.from, $0.to] }), JSONValue(layout),
      ])
    }
    let value = JSONValue(fields: [
      ("folds", JSONValue(folds.paths.map { JSONValue($0) })), ("parents", PageDrawings.list(folds.parents)),
      ("nodes", PageDrawings.list(folds.nodes)), ("inputs", PageDrawings.list(folds.inputs)),
      ("outputs", PageDrawings.list(folds.outputs)), ("levels", JSONValue(levels)),
    ])
    parts.append((path, value))
    for node in graph.nodes {
      for (index, inner) in node.graphs.enumerated() {
        add(inner, "\(path.isEmpty ? "" : path + "/")\(node.id.index).\(index)", to: &parts, isLaidOut: isLaidOut)
      }
    }
  }

  /// - Returns: Its number among the layouts; -1 for none.
  private mutating func layout(_ level: GraphLevel) -> Int {
    if level.boxes.isEmpty || level.boxes.count > Graphviz.mostBoxes { return -1 }
    let text = Graphviz.text(level)
    if let number = known[text] { return number }
    known[text] = waiting.count
    waiting.append(level)
    return waiting.count - 1
  }

  private static func list(_ numbers: [Int]) -> JSONValue { JSONValue(numbers.map { JSONValue($0) }) }

  private static func json(_ layout: LevelLayout) -> JSONValue {
    JSONValue([
      JSONValue(layout.width), JSONValue(layout.height), list(layout.centres), JSONValue(layout.curves.map(list)),
    ])
  }
}
