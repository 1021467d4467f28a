import Foundation
import JacquardCore
import JacquardFiles

/// Where the boxes of a level lie, in pixels of the drawing.
struct LevelLayout {
  var width: Int
  var height: Int
  /// Centres: x, y of each box in turn.
  var centres: [Int]
  /// Of each edge the control points of Bezier curves: x, y in turn.
  var curves: [[Int]]
}

/// Lays levels out by the program `dot` of Graphviz, which is looked for when it is needed.
enum Graphviz {
  /// Said in the page and on the terminal where there is none.
  static let missing = "Graphviz is not installed (Debian: graphviz), so drawings use the page's own layout"
  static let boxWidth = 132
  static let boxHeight = 40
  /// Levels with more boxes than these are left to the page: `dot` would take long.
  static let mostBoxes = 500
  private static let seconds = 30.0

  /// Where the program is, by `PATH`; nil if it is not installed.
  static var path: String? {
    let folders = (ProcessInfo.processInfo.environment["PATH"] ?? "").split(separator: ":")
    return folders.map { "\($0)/dot" }.first { FileManager.default.isExecutableFile(atPath: $0) }
  }

  /// The text of a level, the same for levels of the same structure.
  static func text(_ level: GraphLevel) -> String {
    let size = "width=\(Double(boxWidth) / 72), height=\(Double(boxHeight) / 72)"
    var text = "digraph { nodesep=0.2; ranksep=0.4; nslimit=2; nslimit1=2; mclimit=0.5; maxiter=200;\n"
    text += "node [shape=box, fixedsize=true, label=\"\", \(size)]; edge [arrowhead=none];\n"
    for index in level.boxes.indices { text += "\(index);\n" }
    for edge in level.edges { text += "\(edge.from) -> \(edge.to);\n" }
    return text + "}\n"
  }

  /// - Returns: The layouts of texts, in order.
  /// - Throws: `Diagnostic` with what `dot` said, or that it took too long.
  static func layouts(of levels: [GraphLevel], by program: String) throws -> [LevelLayout] {
    let output = try run(program, levels.map(text).joined())
    let parts = output.split(separator: "stop\n", omittingEmptySubsequences: true)
    guard parts.count == levels.count else {
      throw Diagnostic("dot laid out \(parts.count) of \(levels.count) drawings")
    }
    return zip(parts, levels).map { PlainLayout(String($0), $1).layout }
  }

  private static func run(_ program: String, _ text: String) throws -> String {
    let folder = FileManager.default.temporaryDirectory.appendingPathComponent("jacquard-\(UUID().uuidString)")
    try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
    defer { try? FileManager.default.removeItem(at: folder) }
    let (source, target) = (folder.appendingPathComponent("in.dot"), folder.appendingPathComponent("out.txt"))
    try AtomicFile.write(text, to: source.path)
    try AtomicFile.write("", to: target.path)
    let process = Process()
    process.executableURL = URL(fileURLWithPath: program)
    process.arguments = ["-Tplain", "-y", source.path]
    process.standardInput = FileHandle.nullDevice
    // With `-o` drawings overwrite each other.
    process.standardOutput = try FileHandle(forWritingTo: target)
    process.standardError = FileHandle.nullDevice
    do { try process.run() } catch { throw Diagnostic("cannot be run", place: program) }
    let watch = DispatchWorkItem { process.terminate() }
    DispatchQueue.global().asyncAfter(deadline: .now() + seconds, execute: watch)
    process.waitUntilExit()
    watch.cancel()
    guard process.terminationReason == .exit else {
      throw Diagnostic("took longer than \(Int(seconds)) s", place: program)
    }
    guard process.terminationStatus == 0 else {
      throw Diagnostic("ended with status \(process.terminationStatus)", place: program)
    }
    return String(decoding: try FileBytes.read(target.path, limit: 1 << 28), as: UTF8.self)
  }
}

/// Reads one drawing of the form `plain`, whose unit is the inch of 72 points.
private struct PlainLayout {
  private(set) var layout: LevelLayout
  private var edgePlaces: [Int: Int] = [:]

  init(_ text: String, _ level: GraphLevel) {
    let curves = [[Int]](repeating: [], count: level.edges.count)
    layout = LevelLayout(
      width: 0, height: 0, centres: [Int](repeating: 0, count: 2 * level.boxes.count), curves: curves)
    for (index, edge) in level.edges.enumerated() { edgePlaces[edge.from << 32 | edge.to] = index }
    for line in text.split(separator: "\n") { read(line.split(separator: " ")) }
  }

  private static func pixels(_ text: Substring) -> Int { Int(((Double(text) ?? 0) * 72).rounded()) }

  private mutating func read(_ words: [Substring]) {
    guard words.count > 3 else { return }
    switch words[0] {
    case "graph": (layout.width, layout.height) = (PlainLayout.pixels(words[2]), PlainLayout.pixels(words[3]))
    case "node":
      guard let index = Int(words[1]), 2 * index + 1 < layout.centres.count else { return }
      layout.centres[2 * index] = PlainLayout.pixels(words[2])
      layout.centres[2 * index + 1] = PlainLayout.pixels(words[3])
    case "edge":
      guard let from = Int(words[1]), let to = Int(words[2]), let count = Int(words[3]),
        let place = edgePlaces[from << 32 | to], words.count >= 4 + 2 * count
      else { return }
      layout.curves[place] = words[4..<(4 + 2 * count)].map(PlainLayout.pixels)
    default: break
    }
  }
}
