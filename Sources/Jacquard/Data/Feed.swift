import JacquardCore
import JacquardIR
import JacquardRuntime

/// Which columns of a data set feed the data inputs of a graph. Made before training, so that what does not fit is said then.
struct Feed: Sendable {
  /// One input.
  struct Line: Sendable {
    let input: String
    let column: DataSet.Column
    let conversion: RowConversion
    /// Sizes of one example in the input.
    let row: [Int]
    let target: DType
    /// The number of examples that the graph wants, if its first dimension is a number.
    let batch: Int?
  }

  let lines: [Line]
  let data: DataSet

  /// - Parameter map: Columns by input; others follow the inputs' hints, else the column of the input's name, else
  ///   x <- image (times 1/255) and y <- label.
  /// - Throws: `Diagnostic` with one line that lists the columns if something is missing, ambiguous or does not fit.
  init(_ graph: Graph, _ data: DataSet, map: [String: String] = [:]) throws {
    self.data = data
    let inputs = graph.inputs.filter { $0.role == .data }
    for name in map.keys.sorted() where !inputs.contains(where: { $0.name == name }) {
      throw Diagnostic(
        "graph '\(graph.name)' has no data input '\(name)'; it has \(inputs.map(\.name).joined(separator: ", "))")
    }
    var lines: [Line] = []
    for input in inputs {
      do {
        lines.append(try Feed.line(input, data, map[input.name]))
      } catch {
        throw Diagnostic("input '\(input.name)' (\(input.type)): \(error.message)", place: data.name, site: input.site)
      }
    }
    self.lines = lines
  }

  private static func line(_ input: Input, _ data: DataSet, _ mapped: String?) throws(Diagnostic) -> Line {
    let (name, scale) = try choice(input, data, mapped)
    let column = try data.column(name)
    guard let first = input.type.shape.dims.first, let row = Shape(Array(input.type.shape.dims.dropFirst())).sizes
    else { throw Diagnostic("has no first axis for the examples, or further symbols; columns are \(data.signature)") }
    let given = column.rowType.shape.sizes ?? []
    if !fits(given, row) {
      throw Diagnostic(
        "an example is \(Shape(row)), but column '\(name)' has \(column.rowType); all: \(data.signature)")
    }
    let width = row.reduce(1, *)
    let factor = scale ?? (column.values.dtype == .u8 && input.type.dtype.isFloat && name == "image" ? 1.0 / 255 : nil)
    do {
      let conversion = try RowConversion(column.values.dtype, input.type.dtype, scale: factor, width: width)
      return Line(
        input: input.name, column: column, conversion: conversion, row: row, target: input.type.dtype,
        batch: first.value)
    } catch {
      throw Diagnostic("column '\(name)' (\(column.rowType)): \(error.message); all: \(data.signature)")
    }
  }

  private static func choice(
    _ input: Input, _ data: DataSet, _ mapped: String?
  ) throws(Diagnostic) -> (column: String, scale: Double?) {
    let hint = input.feed
    if let mapped { return (mapped, mapped == hint?.column ? hint?.scale : nil) }
    if let hint, (try? data.column(hint.column)) != nil { return (hint.column, hint.scale) }
    if data[input.name] != nil { return (input.name, hint?.scale) }
    let usual = ["x": "image", "y": "label"][input.name]
    if hint == nil, let usual, data[usual] != nil { return (usual, nil) }
    let wanted = hint.map { "there is no column '\($0.column)'" } ?? "no column is named for it"
    throw Diagnostic("\(wanted); the columns are \(data.signature)")
  }

  /// Equal sizes once axes of size 1 are left out, or flattened to one axis.
  private static func fits(_ given: [Int], _ wanted: [Int]) -> Bool {
    let (a, b) = (given.filter { $0 != 1 }, wanted.filter { $0 != 1 })
    return a == b || (wanted.count <= 1 && given.reduce(1, *) == wanted.reduce(1, *))
  }

  /// The size of a batch that the graph is fixed to, if it is.
  var fixedBatch: Int? { lines.lazy.compactMap(\.batch).first }

  // MARK: Batches

  /// Memory for a batch.
  func storages(_ count: Int) throws -> [String: TensorStorage] {
    var result: [String: TensorStorage] = [:]
    for line in lines {
      result[line.input] = try TensorStorage(zeros: TensorType(line.target, Shape([count] + line.row)))
    }
    return result
  }

  /// Gathers, converts and scales the examples of a batch.
  func fill(_ storages: [String: TensorStorage], rows: UnsafeBufferPointer<Int32>) {
    for line in lines {
      guard let target = storages[line.input] else { continue }
      line.column.values.withUnsafeBytes { source in
        guard let base = source.baseAddress else { return }
        line.conversion.fill(target.bytes, from: base, rows: rows)
      }
    }
  }
}
