import JacquardCore

/// Reads a table in two passes over the text: one finds each column's type, the other its values.
struct CSVReader {
  private let file: String
  private let options: CSVOptions
  /// At the first row below the header, once that is read.
  private var scanner: CSVScanner
  private var names: [String] = []

  init(_ bytes: [UInt8], file: String, _ options: CSVOptions) {
    self.file = file
    self.options = options
    scanner = CSVScanner(bytes, separator: options.separator, file: file)
  }

  mutating func table() throws(Diagnostic) -> CSVTable {
    try readHeader()
    var kinds = names.map { options.categories[$0] == nil ? Kind.integer : .text }
    let rowCount = try classify(&kinds)
    if rowCount == 0 { throw Diagnostic("has no rows below its header", place: file) }
    var builders: [CSVColumnBuilder] = []
    for (name, kind) in zip(names, kinds) {
      builders.append(try CSVColumnBuilder(name, kind, rowCount, options.categories[name]))
    }
    try forEachField { (field, column, scanner) throws(Diagnostic) in
      do throws(Diagnostic) { try builders[column].append(field, scanner) } catch {
        throw located(error, field, column)
      }
    }
    return CSVTable(file: file, columns: builders.map { $0.column() }, rowCount: rowCount)
  }

  /// The types a column can have, each including the former.
  enum Kind { case integer, real, text }

  private mutating func readHeader() throws(Diagnostic) {
    if scanner.isAtEnd { throw Diagnostic("is empty", place: file) }
    var known: Set<String> = []
    while true {
      let field = try scanner.field()
      let name = try scanner.text(field)
      if name.isEmpty { throw scanner.wrong("column \(names.count + 1) has no name", line: field.line) }
      if !known.insert(name).inserted {
        throw scanner.wrong("column name \(quoted(name)) stands there twice", line: field.line)
      }
      names.append(name)
      if field.endsRow { break }
    }
    if let unknown = options.categories.keys.filter({ !known.contains($0) }).min() {
      throw Diagnostic("has no column \(quoted(unknown))", place: file)
    }
  }

  /// Widens the type of each column to what its fields need, and counts the rows.
  private func classify(_ kinds: inout [Kind]) throws(Diagnostic) -> Int {
    var rowCount = 0
    try forEachField { (field, column, scanner) throws(Diagnostic) in
      if column == 0 { rowCount += 1 }
      if kinds[column] == .text { return }
      if scanner.isMissing(field) {
        kinds[column] = .real
        if options.missing == .error { throw located(Diagnostic("value missing"), field, column) }
        return
      }
      switch scanner.number(field) {
      case .integer: break
      case .real(let value):
        kinds[column] = .real
        if value.isInfinite { throw located(Diagnostic("number too large"), field, column) }
      case nil: kinds[column] = .text
      }
    }
    return rowCount
  }

  private func located(_ error: Diagnostic, _ field: CSVField, _ column: Int) -> Diagnostic {
    if error.place != nil { return error }
    return scanner.wrong("column \(quoted(names[column])): \(error.message)", line: field.line)
  }

  /// Visits the fields row by row; a row with another number of fields than the header is an error.
  private func forEachField(
    _ body: (CSVField, _ column: Int, CSVScanner) throws(Diagnostic) -> Void
  ) throws(Diagnostic) {
    var scanner = scanner
    while !scanner.isAtEnd {
      if names.count > 1, try scanner.skipEmptyLine() { continue }
      let line = scanner.line
      for column in names.indices {
        let field = try scanner.field()
        let isLast = column == names.count - 1
        if field.endsRow != isLast { throw ragged(&scanner, line, column + 1, field.endsRow) }
        try body(field, column, scanner)
      }
    }
  }

  /// Counts the rest of a row that has too many fields.
  private func ragged(_ scanner: inout CSVScanner, _ line: Int, _ count: Int, _ ended: Bool) -> Diagnostic {
    var total = count
    var isOver = ended
    while !isOver, let field = try? scanner.field() {
      total += 1
      isOver = field.endsRow
    }
    return scanner.wrong("the row has \(total) fields, the header \(names.count)", line: line)
  }
}

/// Gathers the values of one column.
struct CSVColumnBuilder {
  private let name: String
  private var values: CSVColumn.Values
  private var codes: [String: Int32] = [:]
  private let isClosed: Bool

  /// - Parameter categories: The only texts allowed, or nil to take them as they come.
  init(
    _ name: String, _ kind: CSVReader.Kind, _ rowCount: Int, _ categories: [String]?
  ) throws(Diagnostic) {
    self.name = name
    isClosed = categories != nil
    switch kind {
    case .integer: values = .integers([])
    case .real: values = .reals([])
    case .text: values = .categories([], names: categories ?? [])
    }
    for (index, text) in (categories ?? []).enumerated() {
      if codes.updateValue(Int32(clamping: index), forKey: text) != nil {
        throw Diagnostic("category \(quoted(text)) of column \(quoted(name)) is listed twice")
      }
    }
  }

  mutating func append(_ field: CSVField, _ scanner: CSVScanner) throws(Diagnostic) {
    // The payload is taken out and put back, so that appending does not copy the array.
    switch values {
    case .integers(var array):
      values = .integers([])
      if case .integer(let value) = scanner.number(field) { array.append(value) }
      values = .integers(array)
    case .reals(var array):
      values = .reals([])
      array.append(scanner.isMissing(field) ? .nan : scanner.number(field)?.asDouble ?? .nan)
      values = .reals(array)
    case .categories(var array, var names):
      values = .integers([])
      array.append(try code(of: scanner.text(field), &names))
      values = .categories(array, names: names)
    }
  }

  private mutating func code(of text: String, _ names: inout [String]) throws(Diagnostic) -> Int32 {
    if let code = codes[text] { return code }
    if isClosed { throw Diagnostic("\(quoted(text)) is not one of its categories") }
    let code = Int32(clamping: names.count)
    codes[text] = code
    names.append(text)
    return code
  }

  /// The column, its categories sorted unless they were given.
  func column() -> CSVColumn {
    guard case .categories(let array, let names) = values, !isClosed else {
      return CSVColumn(name: name, values: values)
    }
    let order = names.indices.sorted { names[$0].utf8.lexicographicallyPrecedes(names[$1].utf8) }
    var ranks = [Int32](repeating: 0, count: names.count)
    for (rank, index) in order.enumerated() { ranks[index] = Int32(clamping: rank) }
    let sorted = array.map { ranks[Int($0)] }
    return CSVColumn(name: name, values: .categories(sorted, names: order.map { names[$0] }))
  }
}
