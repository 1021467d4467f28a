import Foundation
import Jacquard

/// Said where gnuplot is not installed.
struct GnuplotMissing: Error, CustomStringConvertible {
  var description: String { "gnuplot is not installed (Debian: gnuplot-nox), so reports have no plots" }
}

/// Draws plots by the program gnuplot, which is looked for when it is needed.
enum Gnuplot {
  /// Where the program is, by `PATH`; nil if it is not installed.
  static let path: String? = {
    let folders = (ProcessInfo.processInfo.environment["PATH"] ?? "").split(separator: ":")
    return folders.map { "\($0)/gnuplot" }.first { FileManager.default.isExecutableFile(atPath: $0) }
  }()

  /// Draws a plot. Script and picture stay in the folder.
  ///
  /// - Returns: An `svg` element whose ids no other has.
  /// - Throws: `GnuplotMissing`, or `Diagnostic` with what gnuplot said.
  static func draw(_ plot: Plot, named name: String, in folder: String) throws -> String {
    guard let path else { throw GnuplotMissing() }
    try Folder.make(folder)
    let stem = FileName.escaped(name)
    try AtomicFile.write(PlotScript(plot, output: "\(stem).svg").text, to: "\(folder)/\(stem).gp")
    let complaint = try run(path, "\(stem).gp", in: folder)
    let bytes = try? FileBytes.read("\(folder)/\(stem).svg", limit: 1 << 26)
    let svg = String(decoding: bytes ?? [], as: UTF8.self)
    guard let start = svg.range(of: "<svg"), svg.contains("</svg>"), complaint.isEmpty else {
      throw Diagnostic("gnuplot: \(complaint.isEmpty ? "no picture" : complaint)", place: "\(stem).gp")
    }
    return withOwnIDs(String(svg[start.lowerBound...]), stem)
  }

  /// - Returns: The first line that gnuplot complained with; empty for none.
  private static func run(_ path: String, _ script: String, in folder: String) throws -> String {
    let process = Process()
    let errors = Pipe()
    process.executableURL = URL(fileURLWithPath: path)
    process.arguments = ["-d", script]
    process.currentDirectoryURL = URL(fileURLWithPath: folder)
    process.standardInput = FileHandle.nullDevice
    process.standardOutput = FileHandle.nullDevice
    process.standardError = errors
    do { try process.run() } catch { throw Diagnostic("cannot be run", place: path) }
    let said = String(decoding: errors.fileHandleForReading.readDataToEndOfFile(), as: UTF8.self)
    process.waitUntilExit()
    let lines = said.split(separator: "\n").map { $0.trimmingCharacters(in: .whitespaces) }
    return lines.first { !$0.isEmpty && !$0.hasPrefix("^") && !$0.lowercased().contains("warning") } ?? ""
  }

  /// Several pictures stand in one page: each has ids of its own.
  private static func withOwnIDs(_ svg: String, _ stem: String) -> String {
    let name = String(stem.map { $0.isLetter || $0.isNumber ? $0 : "-" })
    let places = [" id='", " id=\"", "href='#", "href=\"#", "url(#", "url('#"]
    return places.reduce(svg.replacingOccurrences(of: "<title>Gnuplot</title>", with: "")) { text, place in
      text.replacingOccurrences(of: place, with: "\(place)\(name)_")
    }
  }
}
