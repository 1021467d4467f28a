import Foundation
import Jacquard

/// A small package of an exercise with formulas left out, for a learner to fill in.
///
/// The package depends on nothing, so that it is built again within seconds. Its program compares every formula with central
/// differences; with `--values` it prints what they give, which `workshop check` reads.
struct Template: Sendable {
  let exercise: String
  /// Texts by path in the package.
  let files: [(path: String, text: String)]
  /// What each formula must give on the program's numbers.
  let formulas: @Sendable () -> [Formula]

  static let all = [backward]

  /// - Throws: `Diagnostic` if the exercise has no template.
  static func of(_ exercise: String) throws -> Template {
    let id = exercise.hasPrefix("day") ? String(exercise.dropFirst(3)) : exercise
    if let template = all.first(where: { $0.exercise == id }) { return template }
    let known = all.map(\.exercise).joined(separator: ", ")
    throw Diagnostic("'\(exercise)' has no package to fill in; there is one for \(known)")
  }

  /// The template that a package was made from.
  ///
  /// - Throws: `Diagnostic` if the folder is no such package.
  static func ofPackage(_ folder: String) throws -> Template {
    let path = "\(folder)/\(marker)"
    guard let text = try? String(contentsOfFile: path, encoding: .utf8) else {
      throw Diagnostic("'\(folder)' is no package that 'workshop new' made: it has no file \(marker)")
    }
    return try of(text.trimmingCharacters(in: .whitespacesAndNewlines))
  }

  private static let marker = ".workshop"

  /// Writes the package.
  ///
  /// - Throws: `Diagnostic` if the folder exists and is not empty, or cannot be written.
  func write(to folder: String) throws {
    let manager = FileManager.default
    if let content = try? manager.contentsOfDirectory(atPath: folder), !content.isEmpty {
      throw Diagnostic("'\(folder)' is not empty")
    }
    do {
      for (path, text) in files + [(Template.marker, exercise + "\n")] {
        let target = URL(fileURLWithPath: "\(folder)/\(path)")
        try manager.createDirectory(at: target.deletingLastPathComponent(), withIntermediateDirectories: true)
        try text.write(to: target, atomically: true, encoding: .utf8)
      }
    } catch {
      throw Diagnostic("'\(folder)' cannot be written: \(error.localizedDescription)")
    }
  }
}
