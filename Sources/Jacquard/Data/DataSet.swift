import JacquardCore
import JacquardFiles

/// Named columns of equally many examples.
public struct DataSet: Sendable {
  /// One column: row i of `values` belongs to example i.
  public struct Column: Sendable {
    /// Unique in the data set: `image`, `label`.
    public let name: String
    /// The first axis counts the examples.
    public let values: HostTensor
    /// Texts of the classes, where the values are their numbers.
    public let classes: [String]?

    /// A column of one row of `values` an example.
    public init(_ name: String, _ values: HostTensor, classes: [String]? = nil) {
      self.name = name
      self.values = values
      self.classes = classes
    }

    /// The type of one example's value.
    public var rowType: TensorType { TensorType(values.dtype, Shape(Array(values.sizes.dropFirst()))) }
  }

  /// What messages call it.
  public let name: String
  /// All of the same number of examples.
  public let columns: [Column]
  /// The number of examples.
  public let count: Int

  /// - Throws: `Diagnostic` if there is no column, a column is a scalar, two have one name, or their lengths differ.
  public init(_ name: String, _ columns: [Column]) throws(Diagnostic) {
    guard let first = columns.first else { throw Diagnostic("has no columns", place: name) }
    var seen: Set<String> = []
    for column in columns {
      guard let length = column.values.sizes.first else {
        throw Diagnostic("column '\(column.name)' is a single number", place: name)
      }
      if length != first.values.sizes[0] {
        let lengths = "'\(first.name)' has \(first.values.sizes[0]) rows, '\(column.name)' \(length)"
        throw Diagnostic("columns differ in length: \(lengths)", place: name)
      }
      if !seen.insert(column.name).inserted { throw Diagnostic("two columns are named '\(column.name)'", place: name) }
    }
    self.name = name
    self.columns = columns
    count = first.values.sizes[0]
  }

  /// The column of a name; nil if there is none.
  public subscript(name: String) -> Column? { columns.first { $0.name == name } }

  /// `image u8[28,28], label u8[]`: what messages list.
  public var signature: String { columns.map { "\($0.name) \($0.rowType)" }.joined(separator: ", ") }

  /// The column that a text names, or several columns of numbers side by side: `"age,height"`.
  ///
  /// - Throws: `Diagnostic` that lists the columns.
  public func column(_ text: String) throws(Diagnostic) -> Column {
    if let column = self[text] { return column }
    let names = text.split(separator: ",").map(String.init)
    var parts: [Column] = []
    for name in names {
      guard let part = self[name] else { throw missing(name) }
      if part.values.sizes.count != 1 {
        throw Diagnostic("column '\(name)' is not of single numbers", place: self.name)
      }
      parts.append(part)
    }
    if parts.count < 2 { throw missing(text) }
    return Column(text, try DataSet.joined(parts))
  }

  private func missing(_ name: String) -> Diagnostic {
    Diagnostic("has no column '\(name)'; its columns are \(signature)", place: self.name)
  }

  /// Columns of numbers as one matrix of f32.
  private static func joined(_ columns: [Column]) throws(Diagnostic) -> HostTensor {
    let rows = columns[0].values.sizes[0]
    var result = try HostTensor(zeros: .f32, [rows, columns.count])
    for (index, column) in columns.enumerated() {
      for row in 0..<rows { result[linear: row * columns.count + index] = column.values[linear: row] }
    }
    return result
  }

  /// The examples of a range. - Throws: `Diagnostic` if it goes beyond the examples.
  public func rows(_ range: Range<Int>) throws(Diagnostic) -> DataSet {
    if range.lowerBound < 0 || range.upperBound > count {
      throw Diagnostic("has \(count) examples, not \(range.upperBound)", place: name)
    }
    var parts: [Column] = []
    for column in columns {
      parts.append(Column(column.name, try column.values.rows(range), classes: column.classes))
    }
    return try DataSet(name, parts)
  }
}

extension HostTensor {
  /// A range of the first axis, copied.
  func rows(_ range: Range<Int>) throws(Diagnostic) -> HostTensor {
    var result = try HostTensor(zeros: dtype, [range.count] + sizes.dropFirst())
    let rowBytes = sizes.first.map { $0 == 0 ? 0 : byteCount / $0 } ?? 0
    withUnsafeBytes { source in
      result.withUnsafeMutableBytes { target in
        let part = source[range.lowerBound * rowBytes..<range.upperBound * rowBytes]
        target.copyMemory(from: UnsafeRawBufferPointer(rebasing: part))
      }
    }
    return result
  }
}

/// Data to train on and, where there is some, data to test on.
public struct DataSplits: Sendable {
  /// To train on.
  public let train: DataSet
  /// To test on; nil where there is none.
  public let test: DataSet?

  /// Both parts, whose columns should be the same.
  public init(train: DataSet, test: DataSet? = nil) {
    self.train = train
    self.test = test
  }
}
