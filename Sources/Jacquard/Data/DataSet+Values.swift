import JacquardCore

extension DataSet {
  /// All examples as one batch, in their order.
  private var whole: Batch { Batch(data: self, rows: (0..<count).map(Int32.init)) }

  /// The examples at positions, in that order; one may come more than once.
  ///
  /// - Throws: `Diagnostic` if a position is beyond the examples.
  public func rows(_ positions: [Int]) throws(Diagnostic) -> DataSet {
    if let outside = positions.first(where: { !(0..<count).contains($0) }) {
      throw Diagnostic("has \(count) examples, none at \(outside)", place: name)
    }
    let batch = Batch(data: self, rows: positions.map { Int32($0) })
    var parts: [Column] = []
    for column in columns { parts.append(Column(column.name, try batch.raw(column.name), classes: column.classes)) }
    return try DataSet(name, parts)
  }

  /// The column `image` as f32 from 0 to 1, one row an example: `f32[count, pixels]`.
  ///
  /// - Throws: `Diagnostic` if there is no such column.
  public func images() throws(Diagnostic) -> HostTensor { try whole.images() }

  /// A column of whole numbers, such as `label`.
  ///
  /// - Throws: `Diagnostic` if there is no such column or it holds anything else.
  public func integers(_ name: String) throws(Diagnostic) -> [Int] {
    let values = try column(name).values
    if !values.dtype.isInteger || values.sizes.count != 1 {
      throw Diagnostic("column '\(name)' is \(values.type), not whole numbers", place: self.name)
    }
    return (0..<values.count).map { Int(values[linear: $0].asInt) }
  }
}
