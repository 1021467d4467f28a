import JacquardCore
import JacquardKernels

/// Rough nanoseconds of a kernel on one thread, from operations and bytes. Only for the choice of how many threads to
/// wake.
enum CostModel {
  static func nanoseconds(_ kernel: Kernel, _ program: KernelProgram) -> Int {
    switch kernel.kind {
    case .loops(let nests): return nests.reduce(100) { $0 + nest($1) }
    case .contraction(let product):
      let batch = product.batch.reduce(1, &*)
      let points = batch &* product.m &* product.n
      // Two operations a term at 80 a nanosecond, and the epilogue.
      return 200 + points &* product.k / 40 + points &* body(product.epilogue) / 16
    case .scatter(let scatter): return 100 + 4 * scatter.space.reduce(1, &*)
    case .control(let control):
      return control.programs.reduce(1000) { total, inner in
        inner.kernels.reduce(total) { $0 + nanoseconds($1, inner) }
      }
    }
  }

  private static func nest(_ nest: LoopNest) -> Int {
    let outer = nest.outer.reduce(1, &*)
    return nest.stages.reduce(0) { total, stage in
      total + outer &* stage.inner.reduce(1, &*) &* body(stage.body) / 16
    }
  }

  private static func body(_ body: [Instruction]) -> Int {
    body.reduce(1) { total, step in
      switch step.operation {
      case .apply(let function, _): total + function.cost
      case .load, .cast: total + 1
      case .random: total + 30
      default: total
      }
    }
  }
}
