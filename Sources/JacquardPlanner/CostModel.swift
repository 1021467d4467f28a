import JacquardCore
import JacquardKernels

/// Rough nanoseconds of a kernel on one thread, from operations and bytes: for the choice of how many threads to wake,
/// and to refuse a plan from a file that would run for ever.
enum CostModel {
  /// An estimate is never more: 73 minutes.
  static let longest = 1 << 42

  /// Between 0 and `longest`, whatever the extents.
  static func nanoseconds(_ kernel: Kernel) -> Int {
    Int(min(estimate(kernel), Double(longest)))
  }

  /// One trip of a control kernel, its meetings of threads included.
  static func tripNanoseconds(_ control: Control, _ programs: [Plan]) -> Int {
    let each = control.branches.map { branch in
      programs[branch.program].program.kernels.reduce(200.0) { $0 + estimate($1) }
    }
    let total = control.kind == .cond ? each.max() ?? 0 : each.reduce(0, +)
    return Int(min(total, Double(longest)))
  }

  /// In floating point, where hostile extents cannot overflow.
  private static func estimate(_ kernel: Kernel) -> Double {
    switch kernel.kind {
    case .loops(let nests): return nests.reduce(100) { $0 + nest($1) }
    case .contraction(let product):
      let points = points(product.extents)
      // Two operations a term at 80 a nanosecond, and the epilogue.
      let loops = (product.beside ?? []).reduce(200) { $0 + nest($1) }
      return loops + points * Double(product.k) / 40 + points * body(product.epilogue) / 16
    case .scatter(let scatter): return 100 + 4 * points(scatter.space)
    case .library(let call): return LibraryVerifier.nanoseconds(call)
    case .control(let control):
      return 1000 + Double(control.trips) * Double(control.tripCost)
    }
  }

  private static func points(_ extents: [Int]) -> Double { extents.reduce(1) { $0 * Double($1) } }

  private static func nest(_ nest: LoopNest) -> Double {
    nest.stages.reduce(0) { $0 + points(nest.extents(of: $1)) * body($1.body) / 16 }
  }

  private static func body(_ body: [Instruction]) -> Double {
    body.reduce(1) { total, step in
      switch step.operation {
      case .apply(let function, _): total + Double(function.cost)
      case .load, .cast, .bits: total + 1
      case .random: total + 30
      default: total
      }
    }
  }
}
