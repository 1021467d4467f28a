import CJacquard
import JacquardCodegen
import JacquardKernels
import JacquardPlanner

/// The nests of a plan as emitted C, and the places where the loaded functions will stand.
final class NativeNests {
  /// A function, and the kernels that call it.
  struct Function {
    let source: NestSource
    let slot: UnsafeMutablePointer<jq_native_function?>
    var kernels: [KernelComment]
  }

  private(set) var functions: [Function] = []
  /// Nests that stay with the tile machine: the kernel, and why.
  private(set) var refusals: [(kernel: Kernel, reason: String)] = []
  private var numbers: [String: Int] = [:]
  private let arrays: CArrays

  init(_ arrays: CArrays) { self.arrays = arrays }

  /// Lets a nest of the tile machine run an emitted function as soon as there is one.
  ///
  /// - Parameter nest: As the tile machine's form was made from.
  func add(_ nest: LoopNest, _ plan: Plan, isEpilogue: Bool, _ kernel: Kernel, to encoded: inout jq_nest) {
    add(plan, kernel, to: &encoded) { () throws(NotEmitted) in
      try NestSource(nest, plan.program, isEpilogue: isEpilogue, streams: NativeNests.streams(nest, plan))
    }
  }

  /// Bytes of a result from which on it does not stay in the caches until someone reads it.
  private static let largeResult = 4 << 20

  /// Large results that a nest stores and no kernel reads: kept out of the caches, they need not be fetched before they are written, and
  /// leave what is there. What replaces a parameter lies where the old one was read, and is in the caches.
  private static func streams(_ nest: LoopNest, _ plan: Plan) -> Set<BufferID> {
    let large = plan.program.results.filter { buffer in
      guard case .arena = plan.storage[buffer.index] else { return false }
      return plan.program[buffer].byteCount >= largeResult
    }
    if large.isEmpty { return [] }
    return Set(nest.writes.filter(large.contains)).filter { buffer in
      !plan.program.kernels.contains { $0.reads.contains(buffer) }
    }
  }

  /// The same for a scatter and its body.
  func add(_ scatter: Scatter, _ nest: LoopNest, _ plan: Plan, _ kernel: Kernel, to encoded: inout jq_nest) {
    add(plan, kernel, to: &encoded) { () throws(NotEmitted) in try NestSource(scatter, nest, plan.program) }
  }

  private func add(
    _ plan: Plan, _ kernel: Kernel, to encoded: inout jq_nest, _ emit: () throws(NotEmitted) -> NestSource
  ) {
    do {
      let source = try emit()
      encoded.native = UnsafePointer(slot(source, KernelComment(kernel, plan)))
      encoded.operands = arrays.array(source.operands.map { Int32($0.index) })
    } catch {
      refusals.append((kernel, error.reason))
    }
  }

  private func slot(_ source: NestSource, _ kernel: KernelComment) -> UnsafeMutablePointer<jq_native_function?> {
    if let known = numbers[source.symbol] {
      functions[known].kernels.append(kernel)
      return functions[known].slot
    }
    numbers[source.symbol] = functions.count
    functions.append(Function(source: source, slot: arrays.variables([nil]), kernels: [kernel]))
    return functions[functions.count - 1].slot
  }

  /// What every unit begins with: headers, one after another in the order in which they need each other.
  static let head = String(cString: jq_native_text()).split(separator: "\n", omittingEmptySubsequences: false)
    .filter { !$0.hasPrefix("#include \"") }.joined(separator: "\n")

  /// Complete C texts of about equal length.
  func units(_ count: Int) -> [String] {
    var units = [String](repeating: NativeNests.head, count: max(count, 1))
    for function in functions {
      let shortest = units.indices.min { units[$0].utf8.count < units[$1].utf8.count } ?? 0
      units[shortest] += function.text
    }
    return units
  }

  /// Sets the functions. - Parameter symbol: Where a function was loaded.
  func load(_ symbol: (String) -> UnsafeMutableRawPointer?) {
    for function in functions {
      function.slot.pointee = symbol(function.source.symbol).map { unsafeBitCast($0, to: jq_native_function.self) }
    }
  }
}

extension NativeNests.Function {
  /// With a comment on what it is.
  var text: String { "\n/* \(kernels.map(\.text).joined(separator: "\n   ")) */\n" + source.text }
}

/// What emitted C says of a kernel: its name, and the lines of the user's that it came from.
struct KernelComment {
  let kernel: Kernel
  let text: String

  init(_ kernel: Kernel, _ plan: Plan) {
    self.kernel = kernel
    let nodes = kernel.nodes.compactMap { plan.node($0) }
    let sites = Set(nodes.compactMap(\.site)).sorted()
    let labels = nodes.prefix(KernelComment.most).map(\.label).joined(separator: ", ")
    let more = nodes.count > KernelComment.most ? ", ..." : ""
    text = KernelComment.harmless("\(kernel.name): \(labels)\(more) (\(sites.joined(separator: ", ")))")
  }

  private static let most = 12

  /// Names may hold anything; a comment must not end early.
  private static func harmless(_ text: String) -> String {
    String(text.unicodeScalars.map { allowed.contains($0) ? Character($0) : "_" })
  }

  private static let allowed = Set(
    "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_.,:;()%+- /<>=[]'".unicodeScalars)
}

/// The C that a plan becomes, to be read.
public struct EmittedC: Sendable {
  /// A function of the C text, which does a part of one kernel or several.
  public struct Function: Sendable {
    /// Its name in C.
    public let symbol: String
    /// Kernels that call it.
    public let kernels: [String]
    /// Their numbers in the plan; those of nested programs have none.
    public let indices: [Int]
    /// Its C99 text.
    public let text: String
  }

  /// Everything that is emitted, each text once.
  public let functions: [Function]
  /// Loops that the tile machine runs: the kernel, its number unless it is one of a nested program, and why.
  public let refusals: [(kernel: String, index: Int?, reason: String)]
  /// Whether the functions do all that the plan does, with nothing left to the tile machine, products and routines.
  public let isWhole: Bool

  /// - Throws: `Diagnostic` if the plan cannot be run on this machine.
  public init(_ plan: Plan) throws {
    let natives = try ProgramEncoder(plan, isNative: true).natives
    let kernels = plan.program.kernels
    functions =
      natives?.functions.map { function in
        let users = function.kernels.map(\.kernel)
        return Function(
          symbol: function.source.symbol, kernels: users.map(\.name),
          indices: Set(users.compactMap { kernels.firstIndex(of: $0) }).sorted(), text: function.text)
      } ?? []
    refusals = (natives?.refusals ?? []).map { ($0.kernel.name, kernels.firstIndex(of: $0.kernel), $0.reason) }
    isWhole =
      refusals.isEmpty
      && plan.program.kernels.allSatisfy { kernel in
        switch kernel.kind {
        case .loops, .scatter: true
        case .contraction, .library, .control: false
        }
      }
  }
}
