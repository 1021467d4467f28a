import CJacquard
import JacquardCore
import JacquardFiles
import JacquardIR
import JacquardKernels

/// What was wrong with a cache of measured tiles.
struct TileCacheProblems {
  private let path: String
  private var unkept: String?
  fileprivate var badEntries = 0

  init(_ cache: NativeCache) {
    path = cache.path
    unkept = cache.refusal
  }

  fileprivate mutating func add(_ failure: Diagnostic) { unkept = unkept ?? "\(failure)" }

  /// All of it in one line; nil if nothing was.
  var note: String? {
    let bad = "\(path): \(badEntries == 1 ? "an entry" : "\(badEntries) entries") of measured tiles made no sense"
    let parts = [unkept.map { "measured tiles are not kept: \($0)" }, badEntries > 0 ? bad : nil].compactMap { $0 }
    return parts.isEmpty ? nil : parts.joined(separator: "; ")
  }
}

/// An entry is the line that says which of the possible tiles was the fastest. One that says anything else is not believed, so
/// that no file can bring about what measuring could not.
extension NativeCache {
  static let tilesSuffix = ".tiles"

  /// Names the measurement of a product: by form, possible tiles, CPU, instructions in use, threads and version.
  static func key(_ product: TunedProduct, threads: Int) -> String {
    var hash = SHA256()
    let form = (try? JSONCoding.encode(product.form).text()) ?? "\(product.form)"
    let machine = [CPUIdentity.current, "\(jq_isa().rawValue)", "\(threads)"]
    for part in ["jacquard.tiles 1", LibraryVersion.number] + machine + [form] + product.candidates.map(line) {
      hash.update(Array("\(part.utf8.count):\(part)".utf8))
    }
    return hash.hexDigest()
  }

  private static func line(_ tiling: Tiling) -> String {
    "\(tiling.provider.rawValue) \(tiling.rows) \(tiling.columns)\n"
  }

  /// The tiles kept under a key; nil if there are none, or they are not among those that are possible.
  func tiling(_ key: String, among candidates: [Tiling], _ problems: inout TileCacheProblems) -> Tiling? {
    guard let bytes = folder?.read(key + Self.tilesSuffix, limit: 1 << 10, isUsed: true) else { return nil }
    if let tiling = candidates.first(where: { Array(Self.line($0).utf8) == bytes }) { return tiling }
    problems.badEntries += 1
    folder?.remove(key + Self.tilesSuffix)
    return nil
  }

  /// Keeps tiles under a key. Where that fails they are measured again.
  func keep(_ tiling: Tiling, _ key: String, _ problems: inout TileCacheProblems) {
    do throws(Diagnostic) {
      try write(Array(Self.line(tiling).utf8), as: key + Self.tilesSuffix)
    } catch {
      problems.add(error)
    }
  }
}
