import JacquardCore
import JacquardIR

extension Predictor {
  /// All outputs for many examples, computed a batch at a time, so that memory is needed for one batch only.
  ///
  /// - Parameters:
  ///   - inputs: Each has one row an example, and so has each output.
  ///   - batchSize: Rows that are computed at once; the last batch may have fewer.
  /// - Throws: `Diagnostic` if the inputs have no or different numbers of rows, an output has another number, or a step fails.
  public func predict(_ inputs: [String: HostTensor], batchSize: Int) throws -> [String: HostTensor] {
    guard let count = inputs.values.first?.sizes.first, count > 0, inputs.values.allSatisfy({ $0.sizes.first == count })
    else { throw Diagnostic("the inputs do not have one number of rows") }
    var parts: [String: [HostTensor]] = [:]
    for start in stride(from: 0, to: count, by: max(1, batchSize)) {
      let rows = start..<min(count, start + max(1, batchSize))
      for (name, value) in try predict(inputs.mapValues { try $0.rows(rows) }) {
        if value.sizes.first != rows.count {
          throw Diagnostic("output '\(name)' (\(value.type)) has no row an example")
        }
        parts[name, default: []].append(value)
      }
    }
    return try parts.mapValues { try HostTensor(joining: $0) }
  }

  /// The only output for the only data input, computed a batch at a time.
  ///
  /// - Throws: As `predict` of several inputs; also if the graph has several data inputs or outputs.
  public func predict(_ input: HostTensor, batchSize: Int) throws -> HostTensor {
    let (name, output) = try onlyNames()
    guard let value = try predict([name: input], batchSize: batchSize)[output] else {
      throw Diagnostic("no output '\(output)'", kind: .internalError)
    }
    return value
  }
}

extension HostTensor {
  /// The rows of tensors of one type of row, one after the other.
  ///
  /// - Parameter parts: At least one, each with a first axis.
  init(joining parts: [HostTensor]) throws(Diagnostic) {
    var rows = 0
    for part in parts { rows += part.sizes.first ?? 0 }
    try self.init(zeros: parts[0].dtype, [rows] + parts[0].sizes.dropFirst())
    withUnsafeMutableBytes { target in
      var offset = 0
      for part in parts {
        part.withUnsafeBytes { source in
          UnsafeMutableRawBufferPointer(rebasing: target[offset..<offset + source.count]).copyMemory(from: source)
          offset += source.count
        }
      }
    }
  }
}
