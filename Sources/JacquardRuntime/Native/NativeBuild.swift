import Foundation
import JacquardCore

/// One call of `NativeLibrary.load`.
struct NativeBuild {
  private let units: [String]
  private let compiler: CCompiler
  private let cache: NativeCache
  private var note: String?

  init(_ units: [String], _ compiler: CCompiler, _ cache: NativeCache) {
    self.units = units
    self.compiler = compiler
    self.cache = cache
    note = cache.refusal.map { "nothing is cached: \($0)" }
  }

  /// - Throws: `Diagnostic` if a unit cannot be compiled or loaded.
  mutating func library() throws(Diagnostic) -> NativeLibrary {
    do throws(CompilerFailure) {
      let recipe = firstRecipe()
      do throws(CompilerFailure) {
        return try library(recipe)
      } catch {
        guard let other = try otherRecipe(recipe, error) else { throw error }
        return try library(other)
      }
    } catch {
      throw diagnostic(error)
    }
  }

  private func diagnostic(_ failure: CompilerFailure) -> Diagnostic {
    Diagnostic(
      "the C compiler failed: \(failure.summary)", kind: .internalError,
      details: failure.output.isEmpty ? nil : failure.output)
  }

  private mutating func library(_ recipe: CompilerRecipe) throws(CompilerFailure) -> NativeLibrary {
    var objects: [LoadedObject] = []
    var missing: [Unit] = []
    var seen: Set<String> = []
    for (index, source) in units.enumerated() {
      let key = NativeCache.key(source, compiler, recipe)
      if !seen.insert(key).inserted { continue }
      if let bytes = cache.object(key), let object = try? LoadedObject(bytes, name: key, compiler: compiler) {
        objects.append(object)
      } else {
        missing.append(Unit(name: String(index), source: source, key: key))
      }
    }
    if missing.isEmpty { return NativeLibrary(objects, compiled: 0, seconds: 0, note: note) }
    let start = monotonicSeconds()
    let compiled = try compile(missing, recipe)
    let seconds = monotonicSeconds() - start
    for (unit, bytes) in zip(missing, compiled) {
      objects.append(try LoadedObject(bytes, name: unit.key, compiler: compiler))
    }
    KnownRecipes.remember(recipe, compiler)
    keep(missing, compiled)
    return NativeLibrary(objects, compiled: missing.count, seconds: seconds, note: note)
  }

  private mutating func keep(_ units: [Unit], _ objects: [[UInt8]]) {
    if note != nil { return }
    do throws(Diagnostic) {
      for (unit, object) in zip(units, objects) { try cache.keep(object, unit.key) }
    } catch {
      note = "nothing is cached: \(error)"
    }
    cache.tidy()
  }
}

// MARK: - Compiling

extension NativeBuild {
  struct Unit {
    var name: String
    var source: String
    var key: String
  }

  /// The objects of units, made in the cache's folder, or in a temporary one if that takes nothing.
  private mutating func compile(
    _ units: [Unit], _ recipe: CompilerRecipe
  ) throws(CompilerFailure) -> [[UInt8]] {
    if note == nil, let folder = cache.folder {
      do throws(CompilerFailure) {
        return try compiler.compile(units, recipe, in: folder.path)
      } catch {
        guard let complaint = error.folderComplaint else { throw error }
        note = "nothing is cached: \(folder.path): \(complaint)"
      }
    }
    return try compiler.compile(units, recipe, in: WorkFolder.temporaryParent)
  }

  /// The recipe that is known to do, in this process or from an earlier one; else the best.
  private func firstRecipe() -> CompilerRecipe {
    let all = CompilerRecipe.all()
    if let known = KnownRecipes.recipe(compiler) { return known }
    let kept = cache.recipe(compiler)
    return all.first { $0.identity == kept } ?? all[0]
  }

  /// Another recipe, if it is for the recipe that nothing could be compiled; nil if it is for the units.
  ///
  /// Only a failure is worth the time of trying: the first recipe does nearly everywhere.
  ///
  /// - Throws: `CompilerFailure` if the compiler takes none.
  private func otherRecipe(
    _ recipe: CompilerRecipe, _ failure: CompilerFailure
  ) throws(CompilerFailure) -> CompilerRecipe? {
    if !failure.isRefusal || KnownRecipes.recipe(compiler) != nil { return nil }
    let probe = Unit(name: "probe", source: "int jacquard_probe(void) { return 1; }\n", key: "probe")
    var complaint = failure
    for candidate in CompilerRecipe.all() {
      do throws(CompilerFailure) {
        let objects = try compiler.compile([probe], candidate, in: WorkFolder.temporaryParent)
        _ = try LoadedObject(objects[0], name: probe.key, compiler: compiler)
        KnownRecipes.remember(candidate, compiler)
        if candidate == recipe { return nil }
        cache.keep(candidate, compiler)
        return candidate
      } catch {
        if !error.isRefusal { throw error }
        complaint = error
      }
    }
    throw complaint
  }
}
