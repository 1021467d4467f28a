import JacquardCore

extension Input {
  /// Checks the type, and that initialiser and hints fit role and type and have the numbers that their kinds need.
  /// - Throws: `Diagnostic` that names the input.
  public func verify() throws(Diagnostic) {
    do {
      try GraphBuilder.checkName(name, "input")
      try type.validate()
      try verifyRole()
      if let initializer { try initializer.verify() }
      if let sample { try sample.verify() }
      if let feed { try feed.verify() }
    } catch {
      throw error.site == nil ? error.at(site) : error
    }
  }

  private func verifyRole() throws(Diagnostic) {
    if role == .data && initializer != nil { throw Diagnostic("a data input has no init") }
    if role != .data && (sample != nil || feed != nil) { throw Diagnostic("only a data input has sample or feed") }
  }
}

extension Initializer {
  /// Numbers that the kind uses beside `seed`.
  private var used: (needed: [String], optional: [String]) {
    switch kind {
    case .zeros, .ones: ([], [])
    case .constant: (["value"], [])
    case .uniform: (["low", "high"], [])
    case .normal: ([], ["mean", "deviation"])
    case .truncatedNormal: ([], ["mean", "deviation", "low", "high"])
    case .kaimingUniform, .kaimingNormal, .xavierUniform, .xavierNormal, .orthogonal: ([], ["gain"])
    }
  }

  fileprivate func verify() throws(Diagnostic) {
    let numbers: [(name: String, value: Double?)] = [
      ("value", value), ("low", low), ("high", high), ("mean", mean), ("deviation", deviation), ("gain", gain),
    ]
    let (needed, optional) = used
    for number in numbers {
      if number.value == nil, needed.contains(number.name) {
        throw Diagnostic("init of kind \(kind.rawValue) needs '\(number.name)'")
      }
      if number.value != nil, !needed.contains(number.name), !optional.contains(number.name) {
        throw Diagnostic("init of kind \(kind.rawValue) has no '\(number.name)'")
      }
    }
    if let low, let high, !(low <= high) || !low.isFinite || !high.isFinite {
      throw Diagnostic("init from \(low) to \(high) is no range")
    }
    if let deviation, !(deviation >= 0) { throw Diagnostic("init has deviation \(deviation)") }
    if kind == .truncatedNormal { try verifyTruncation() }
  }
}

extension Initializer {
  private func verifyTruncation() throws(Diagnostic) {
    let (mean, deviation, low, high) = (mean ?? 0, deviation ?? 1, low ?? -2, high ?? 2)
    // Beyond 8 deviations next to nothing is left to draw from.
    let reach = 8 * deviation
    if !(low < high) || !(low - mean <= reach) || !(mean - high <= reach) || !deviation.isFinite || deviation == 0 {
      throw Diagnostic("init cuts N(\(mean), \(deviation)^2) to \(low) ..< \(high), where nearly nothing is")
    }
  }
}

extension SampleHint {
  fileprivate func verify() throws(Diagnostic) {
    if kind == .normal, low != nil || high != nil { throw Diagnostic("sample of kind normal has no 'low' and 'high'") }
    if kind == .integers, low == nil || high == nil {
      throw Diagnostic("sample of kind integers needs 'low' and 'high'")
    }
    let (low, high) = (self.low ?? 0, self.high ?? 1)
    let isRange = kind == .integers ? low < high : low <= high
    if !isRange || !low.isFinite || !high.isFinite { throw Diagnostic("sample from \(low) to \(high) is no range") }
    if kind == .integers, low.rounded() != low || high.rounded() != high {
      throw Diagnostic("sample of kind integers has a fraction")
    }
  }
}

extension FeedHint {
  fileprivate func verify() throws(Diagnostic) {
    if column.isEmpty { throw Diagnostic("feed has no column") }
    if let scale, !scale.isFinite { throw Diagnostic("feed has scale \(scale)") }
  }
}

extension SourceSite {
  /// A site is `#fileID` and a line, never a path from the root of a machine.
  func verify() throws(Diagnostic) {
    if file.isEmpty || file.hasPrefix("/") || line < 0 {
      throw Diagnostic("'\(self)' is no source line (such as Models/MLP.swift:12)")
    }
  }
}
