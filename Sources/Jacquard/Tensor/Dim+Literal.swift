import JacquardCore

extension Dim: ExpressibleByStringLiteral {
  /// A dimension written in a program: `"N"`, `"2*N+1"`.
  ///
  /// A text that is no dimension becomes a symbol with an illegal name, which whatever takes the shape reports with the
  /// user's line.
  public init(stringLiteral text: String) {
    do { try self.init(parsing: text) } catch { self = .symbol(text) }
  }
}

extension Shape {
  /// - Throws: `Diagnostic` if a dimension was written as a text that is none.
  func checkSymbols() throws(Diagnostic) {
    for symbol in symbols.sorted() where !Dim.isSymbolName(symbol) {
      _ = try Dim(parsing: symbol)
      throw Diagnostic("'\(symbol)' is no legal name for a symbol")
    }
  }
}
