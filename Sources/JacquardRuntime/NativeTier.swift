import Foundation
import JacquardCore
import JacquardPlanner
import Synchronization

/// A plan's program whose nests run emitted functions.
struct NativeProgram: @unchecked Sendable {  // nothing in it changes once it is made
  let encoder: ProgramEncoder
  let library: NativeLibrary

  /// Emits, compiles or finds, and loads. - Throws: `Diagnostic` if there is no compiler, or it fails.
  init(_ plan: Plan) throws {
    encoder = try ProgramEncoder(plan, isNative: true)
    let functions = encoder.natives?.functions.count ?? 0
    let units = min(ProcessInfo.processInfo.activeProcessorCount, max(functions / NativeProgram.fewest, 1))
    let library = try NativeLibrary.load(units: encoder.natives?.units(units) ?? [])
    encoder.natives?.load { library.symbol($0) }
    self.library = library
  }

  /// The program, or why there is none.
  static func result(_ plan: Plan) -> Result<NativeProgram, Diagnostic> {
    do {
      return .success(try NativeProgram(plan))
    } catch {
      return .failure(error as? Diagnostic ?? Diagnostic("\(error)", kind: .internalError))
    }
  }

  init(encoder: ProgramEncoder, library: NativeLibrary) {
    self.encoder = encoder
    self.library = library
  }

  /// Functions for which a compiler of its own is worth starting.
  private static let fewest = 6
}

/// When a plan's emitted functions take over from the tile machine, which gives the same bytes.
final class NativeTier: Sendable {
  private enum State {
    case waiting
    case compiling
    case ready(Result<NativeProgram, Diagnostic>)
    case settled
  }

  private let plan: Plan
  private let state = Mutex(State.waiting)
  /// Nanoseconds that steps took before.
  private let spent = Atomic(0)
  /// A step's work that is worth a compiler's: about as long as that takes.
  private static let worthwhile = 500_000_000

  init(_ plan: Plan) { self.plan = plan }

  /// Counts a step. Once they were long enough, compiling begins beside them.
  func add(nanoseconds: Int) {
    guard spent.wrappingAdd(nanoseconds, ordering: .relaxed).newValue > Self.worthwhile else { return }
    let begins = state.withLock { state in
      guard case .waiting = state else { return false }
      state = .compiling
      return true
    }
    if begins { Thread.detachNewThread { [self] in compile() } }
  }

  /// Without a compiler the tile machine stays: nothing is lost but time.
  private func compile() {
    let result = NativeProgram.result(plan)
    state.withLock { $0 = .ready(result) }
  }

  /// The program as soon as it is there, or why there is none; given once.
  func take() -> Result<NativeProgram, Diagnostic>? {
    state.withLock { state in
      guard case .ready(let result) = state else { return nil }
      state = .settled
      return result
    }
  }
}

/// What a user should hear of executor `native`, though steps run all the same.
public enum NativeNotice: Hashable, Sendable {
  /// Why the tile machine runs instead.
  case fallback(Diagnostic)
  /// Why what was compiled was not kept for the next time, in one line.
  case notKept(String)
}
