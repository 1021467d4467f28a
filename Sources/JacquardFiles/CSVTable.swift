import JacquardCore

/// A table with named columns, read from comma-separated text (RFC 4180).
public struct CSVTable: Sendable {
  /// What messages call the text.
  public let file: String
  /// In the order of the header; no two have the same name.
  public let columns: [CSVColumn]
  /// Rows below the header.
  public let rowCount: Int

  /// Reads a file, gzipped or plain.
  ///
  /// Fields may be quoted (`""` is a quote inside); lines end with LF or CRLF; a byte-order mark is skipped;
  /// empty lines are passed over in a table of several columns. A column of integers is `i64`, of other numbers
  /// `f64`, of anything else categories.
  ///
  /// - Parameter limit: Most bytes to accept, after inflating.
  /// - Throws: `Diagnostic` with file and line, and the column where it matters: a row with too few or too many
  ///   fields, a stray or unclosed quote, a missing value, a column name twice, text that is not UTF-8.
  public static func read(
    _ path: String, options: CSVOptions = CSVOptions(), limit: Int = 1 << 32
  ) throws(Diagnostic) -> CSVTable {
    try parse(FileBytes.read(path, limit: limit, inflating: true), file: path, options: options)
  }

  /// Reads a text in memory.
  /// - Throws: `Diagnostic`, as `read`.
  public static func parse(
    _ bytes: [UInt8], file: String, options: CSVOptions = CSVOptions()
  ) throws(Diagnostic) -> CSVTable {
    var reader = CSVReader(bytes, file: file, options)
    return try reader.table()
  }

  /// The column of a name. - Throws: `Diagnostic` that lists the columns if there is none.
  public func column(_ name: String) throws(Diagnostic) -> CSVColumn {
    if let column = columns.first(where: { $0.name == name }) { return column }
    let names = columns.prefix(40).map { quoted($0.name) }.joined(separator: " ")
    throw Diagnostic("has no column \(quoted(name)); its columns are \(names)", place: file)
  }

  /// Numeric columns side by side as one tensor `[rows,names.count]`.
  ///
  /// - Throws: `Diagnostic` if a column is missing or holds text, or a value does not fit the type.
  public func matrix(_ names: [String], _ dtype: DType = .f32) throws(Diagnostic) -> HostTensor {
    var result: HostTensor
    do throws(Diagnostic) { result = try HostTensor(zeros: dtype, [rowCount, names.count]) } catch {
      throw error.at(file)
    }
    for (index, name) in names.enumerated() {
      try tensor(name, dtype).copyElements(to: &result, from: index, step: names.count)
    }
    return result
  }

  /// A numeric column as a tensor `[rows]`, or the numbers of its categories.
  ///
  /// - Parameter dtype: The element type; without it `i64` for integers, `f64` for reals, `i32` for categories.
  /// - Throws: `Diagnostic` if there is no such column, a value does not fit, or text is asked for as floats.
  public func tensor(_ name: String, _ dtype: DType? = nil) throws(Diagnostic) -> HostTensor {
    do throws(Diagnostic) { return try column(name).tensor(dtype) } catch {
      throw error.place == nil ? error.at("\(file): column \(quoted(name))") : error
    }
  }
}

/// How a table is read.
public struct CSVOptions: Sendable {
  /// What becomes of a missing value: an empty field, or `NA`, `NaN` or `nan` without quotes.
  public enum Missing: Sendable {
    /// It is an error naming line and column.
    case error
    /// It is NaN (the column is `f64` then), in a column of text the empty category.
    case nan
  }

  /// The byte between fields.
  public var separator: UInt8
  /// What becomes of missing values.
  public var missing: Missing
  /// Columns whose categories are known beforehand, in the order of their numbers; another text is an error.
  /// Other columns of text get their categories sorted by bytes.
  public var categories: [String: [String]]

  /// Commas, no missing values, no known categories, unless told otherwise.
  public init(
    separator: UInt8 = UInt8(ascii: ","), missing: Missing = .error, categories: [String: [String]] = [:]
  ) {
    self.separator = separator
    self.missing = missing
    self.categories = categories
  }
}

/// One column of a table.
public struct CSVColumn: Sendable {
  /// The values, from the first row on.
  public enum Values: Sendable, Hashable {
    /// Of a column in which every field is a whole number.
    case integers([Int64])
    /// Of any other column of numbers.
    case reals([Double])
    /// For each row the number of its text in `names`.
    case categories([Int32], names: [String])
  }

  /// From the header.
  public let name: String
  /// The values, all of one type.
  public let values: Values

  /// The values as a tensor `[rows]`, see ``CSVTable/tensor(_:_:)``.
  /// - Throws: `Diagnostic` if the values are text and the type is not, or a number does not fit the type exactly.
  public func tensor(_ dtype: DType? = nil) throws(Diagnostic) -> HostTensor {
    switch (values, dtype) {
    case (.integers(let values), .f32): return try HostTensor(values.map { Float($0) }, [values.count])
    case (.integers(let values), .f64): return try HostTensor(values.map { Double($0) }, [values.count])
    case (.integers(let values), _): return try Self.exact(try HostTensor(values, [values.count]), dtype)
    case (.reals(let values), .f32): return try HostTensor(values.map { Float($0) }, [values.count])
    case (.reals(let values), _): return try Self.exact(try HostTensor(values, [values.count]), dtype)
    case (.categories, .f32), (.categories, .f64), (.categories, .bool):
      throw Diagnostic("holds text, not numbers")
    case (.categories(let codes, _), _):
      return try Self.exact(try HostTensor(codes, [codes.count]), dtype)
    }
  }

  /// Converts to integers or truth values, which must be exact.
  private static func exact(_ tensor: HostTensor, _ dtype: DType?) throws(Diagnostic) -> HostTensor {
    guard let dtype, dtype != tensor.dtype else { return tensor }
    var result = try HostTensor(zeros: dtype, tensor.sizes)
    for row in 0..<tensor.count {
      let value = tensor[linear: row]
      let fitted = value.converted(to: dtype)
      if fitted.asDouble != value.asDouble {
        throw Diagnostic("value \(value.asDouble) of row \(row + 1) does not fit \(dtype)")
      }
      result[linear: row] = fitted
    }
    return result
  }
}

extension HostTensor {
  /// Copies the elements in order to every `step`th place of a tensor of the same type.
  fileprivate func copyElements(to target: inout HostTensor, from first: Int, step: Int) {
    let size = dtype.byteSize
    withUnsafeBytes { source in
      target.withUnsafeMutableBytes { target in
        for index in 0..<count {
          let place = (first + index * step) * size
          target[place..<place + size].copyBytes(from: source[index * size..<(index + 1) * size])
        }
      }
    }
  }
}
