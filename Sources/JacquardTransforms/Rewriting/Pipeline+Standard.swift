import JacquardIR

extension RuleSet {
  /// The rules of `useless` and `canonicalise`: what every later pass applies again where it changes something.
  public static let tidying = useless + folding + canonical
}

extension Pipeline {
  /// What every graph goes through before it is lowered.
  public static let standard = Pipeline([
    Pass("useless", "drops what does nothing, computes what is known", .useless + .folding),
    Pass("canonicalise", "gives equal things one form", .canonical, tidying: .tidying),
    Pass("stabilise", "replaces formulas that overflow or cancel", .stable, tidying: .tidying),
    Pass("expand", "writes composites out", .expansion, tidying: .tidying),
    Pass("specialise", "uses cheaper operations for special operands", .special, tidying: .tidying),
    Pass("multiplyAdd", "joins products and sums that round once", .multiplyAdd),
  ])
}
