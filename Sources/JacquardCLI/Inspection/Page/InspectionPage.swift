import JacquardCore
import JacquardFiles

/// The record of `--format json` as one page that needs no other file.
struct InspectionPage {
  /// What the page shows: the record of `--format json`.
  let record: JSONValue
  let drawings: PageDrawings
  private let title: String

  /// - Parameters:
  ///   - inspection: of a graph or plan, with all that is known of it.
  ///   - dot: the program that lays drawings out; nil where there is none.
  /// - Throws: `Diagnostic` if a part of the record cannot be made.
  init(_ inspection: Inspection, _ stages: [Inspection.Stage], dot: String? = Graphviz.path) throws {
    title = inspection.name
    record = try inspection.json(stages)
    drawings = PageDrawings(inspection.stagedGraphs, dot: dot)
  }

  /// Scripts in the order in which they need each other.
  private static let scripts = [
    PackageResources.data_js, PackageResources.dom_js, PackageResources.model_js, PackageResources.layout_js,
    PackageResources.drawing_js, PackageResources.node_js, PackageResources.graph_js, PackageResources.passes_js,
    PackageResources.changes_js, PackageResources.kernels_js, PackageResources.fusion_js, PackageResources.memory_js,
    PackageResources.source_js, PackageResources.search_js, PackageResources.main_js,
  ]

  /// The page. Texts of the record stand in its data alone, where nothing can end them.
  var text: String {
    let script = InspectionPage.scripts.map { String(decoding: $0, as: UTF8.self) }.joined(separator: "\n")
    let parts = [
      "title": InspectionPage.escaped(title), "style": String(decoding: PackageResources.page_css, as: UTF8.self),
      "record": PackedJSON.script(PackedJSON.pack(record)),
      "drawings": PackedJSON.script(PackedJSON.pack(drawings.json)),
      "script": "\"use strict\";\n(() => {\n\(script)\n})();",
    ]
    // What is put in is not looked through for further places.
    let pieces = String(decoding: PackageResources.page_html, as: UTF8.self).split(
      separator: "@@", omittingEmptySubsequences: false)
    return pieces.enumerated().map { $0 % 2 == 0 ? String($1) : parts[String($1)] ?? "" }.joined()
  }

  private static func escaped(_ text: String) -> String {
    text.replacing("&", with: "&amp;").replacing("<", with: "&lt;").replacing(">", with: "&gt;")
      .replacing("\"", with: "&quot;")
  }
}
