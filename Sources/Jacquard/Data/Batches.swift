import JacquardCore

/// One batch of a data set. Values stay as they are stored until they are asked for.
public struct Batch: Sendable {
  /// What its examples are taken from.
  public let data: DataSet
  /// The positions of its examples in the data set.
  public let rows: [Int32]

  /// The number of examples.
  public var count: Int { rows.count }

  /// The values of a column as they are stored: the first axis counts the batch's examples.
  /// - Throws: `Diagnostic` that lists the columns if there is no such one.
  public func raw(_ column: String) throws(Diagnostic) -> HostTensor {
    try values(column, nil, scale: nil)
  }

  /// The values of a column as another type, times a factor.
  ///
  /// - Throws: `Diagnostic` if there is no such column or its type does not fit.
  public func values(_ column: String, _ dtype: DType?, scale: Double? = nil) throws(Diagnostic) -> HostTensor {
    let source = try data.column(column)
    let row = source.rowType.shape.sizes ?? []
    let width = row.reduce(1, *)
    let conversion = try RowConversion(source.values.dtype, dtype ?? source.values.dtype, scale: scale, width: width)
    var result = try HostTensor(zeros: conversion.target, [count] + row)
    source.values.withUnsafeBytes { from in
      result.withUnsafeMutableBytes { to in
        guard let from = from.baseAddress, let to = to.baseAddress else { return }
        rows.withUnsafeBufferPointer { conversion.fill(to, from: from, rows: $0) }
      }
    }
    return result
  }

  /// The column `image` as f32 from 0 to 1, one row an example: `f32[count, pixels]`.
  /// - Throws: `Diagnostic` if there is no such column or it has no numbers.
  public func images() throws(Diagnostic) -> HostTensor {
    let images = try values("image", .f32, scale: 1.0 / 255)
    return try images.reshaped([count, count == 0 ? 0 : images.count / count])
  }

  /// The column `label` as `i32[count]`.
  /// - Throws: `Diagnostic` if there is no such column or its type does not fit.
  public func labels() throws(Diagnostic) -> HostTensor { try values("label", .i32) }
}

/// The batches of an epoch.
public struct Batches: Sequence, Sendable {
  /// What the batches are taken from.
  public let data: DataSet
  /// Examples of each batch, the last one perhaps aside.
  public let batchSize: Int
  let order: [Int32]
  let remainder: Remainder

  /// How many batches there are.
  public var count: Int {
    let whole = order.count / batchSize
    return remainder == .keep && order.count % batchSize != 0 ? whole + 1 : whole
  }

  /// The positions of the examples of batch `index`.
  func rows(_ index: Int) -> ArraySlice<Int32> {
    order[index * batchSize..<Swift.min(order.count, (index + 1) * batchSize)]
  }

  /// - Precondition: `index` is one of 0 ..< `count`.
  public subscript(index: Int) -> Batch { Batch(data: data, rows: Array(rows(index))) }

  public func makeIterator() -> AnyIterator<Batch> {
    var index = 0
    return AnyIterator {
      if index >= count { return nil }
      defer { index += 1 }
      return self[index]
    }
  }
}

extension DataSet {
  /// The examples in batches.
  ///
  /// - Parameters:
  ///   - size: Examples a batch; under 1 counts as 1.
  ///   - epoch: With a seeded shuffle each epoch has an order of its own.
  public func batches(
    _ size: Int, shuffle: Shuffle = .none, remainder: Remainder = .keep, epoch: Int = 0
  ) -> Batches {
    let order = shuffle.order(count: count, epoch: epoch)
    return Batches(data: self, batchSize: Swift.max(1, size), order: order, remainder: remainder)
  }
}
