import Foundation
import JacquardCore

extension CCompiler {
  /// Compiles units side by side, each to a shared object.
  ///
  /// - Parameter parent: the folder in which a work folder is made.
  /// - Returns: the bytes of the objects.
  /// - Throws: `CompilerFailure` of the first unit that fails.
  func compile(
    _ units: [NativeBuild.Unit], _ recipe: CompilerRecipe, in parent: String
  ) throws(CompilerFailure) -> [[UInt8]] {
    let work = try workFolder(units, in: parent)
    let pool = ProcessPool(environment: Self.variables(work), timeLimit: timeLimit)
    do throws(CompilerFailure) {
      try pool.run(units.map { recipe.commands(self, "\(work.path)/\($0.name)") })
      return try units.map { (unit) throws(CompilerFailure) in
        if let bytes = work.handle.read("\(unit.name).so") { return bytes }
        throw CompilerFailure(reason: .noResult, program: path)
      }
    } catch {
      var failure = error
      failure.output = error.output.replacingOccurrences(of: "\(work.path)/", with: "")
      throw failure
    }
  }

  /// A new folder with the units' texts.
  private func workFolder(
    _ units: [NativeBuild.Unit], in parent: String
  ) throws(CompilerFailure) -> WorkFolder {
    do throws(Diagnostic) {
      let work = try WorkFolder(in: parent)
      for unit in units { try work.handle.create("\(unit.name).c", Array(unit.source.utf8)) }
      return work
    } catch {
      throw CompilerFailure(reason: .folder("\(parent): \(error.message)"), program: path)
    }
  }

  /// Variables by which the environment would change what comes out, or where.
  private static let meddling: Set<String> = [
    "CCC_OVERRIDE_OPTIONS", "DEPENDENCIES_OUTPUT", "SUNPRO_DEPENDENCIES", "LD_RUN_PATH", "LC_ALL", "TMPDIR",
  ]

  /// The process's environment, but for the language of messages and the place of temporary files.
  private static func variables(_ work: WorkFolder) -> [String] {
    let kept = ProcessInfo.processInfo.environment.filter { !meddling.contains($0.key) }
    return kept.map { "\($0.key)=\($0.value)" } + ["LC_ALL=C", "TMPDIR=\(work.path)"]
  }
}
