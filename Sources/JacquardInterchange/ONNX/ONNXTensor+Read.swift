import Foundation
import JacquardCore

/// Reads tensors of an ONNX file: from the file itself, or from others in its folder.
struct ONNXTensorReader {
  let external: ONNXExternalData

  /// The largest dense tensor that a sparse one may become.
  private static let mostDense = 1 << 28

  /// - Throws: `Diagnostic` if sizes, type and data do not fit each other.
  func tensor(_ proto: Onnx_TensorProto) throws -> HostTensor {
    do {
      return try read(proto)
    } catch let error as Diagnostic {
      throw proto.name.isEmpty ? error : error.at("tensor '\(proto.name.prefix(80))'")
    }
  }

  private func read(_ proto: Onnx_TensorProto) throws -> HostTensor {
    let dtype = try ONNXElementType.dtype(proto.dataType)
    if proto.hasSegment { throw Diagnostic("unsupported: a tensor in segments") }
    let sizes = proto.dims.map(Int.init)
    let count = try ONNXTensorReader.count(sizes)
    if proto.dataLocation == .external {
      let bytes = try external.bytes(proto.externalData, count: Overflow.multiply(count, dtype.byteSize))
      return try ONNXTensorReader.raw(bytes, dtype, sizes)
    }
    if proto.hasRawData { return try ONNXTensorReader.raw(Array(proto.rawData), dtype, sizes) }
    return try typed(proto, dtype, sizes, count)
  }

  private static func count(_ sizes: [Int]) throws(Diagnostic) -> Int {
    var count = 1
    for size in sizes {
      if size < 0 { throw Diagnostic("negative dimension \(size)") }
      count = try Overflow.multiply(count, size)
    }
    return count
  }

  private static func raw(_ bytes: [UInt8], _ dtype: DType, _ sizes: [Int]) throws -> HostTensor {
    let wanted = try Overflow.multiply(count(sizes), dtype.byteSize)
    if bytes.count != wanted {
      throw Diagnostic("\(bytes.count) bytes of data; \(TensorType(dtype, Shape(sizes))) has \(wanted)")
    }
    var result = try HostTensor(zeros: dtype, sizes)
    // A bool may be any byte in the file.
    let clean = dtype == .bool ? bytes.map { $0 == 0 ? 0 : 1 } : bytes
    result.withUnsafeMutableBytes { $0.copyBytes(from: clean) }
    return result
  }

  /// Elements from the list that ONNX names for the type.
  private func typed(_ proto: Onnx_TensorProto, _ dtype: DType, _ sizes: [Int], _ count: Int) throws -> HostTensor {
    switch dtype {
    case .f32: try ONNXTensorReader.filled(dtype, sizes, count, proto.floatData) { .float(Double($0)) }
    case .f64: try ONNXTensorReader.filled(dtype, sizes, count, proto.doubleData) { .float($0) }
    case .i64: try ONNXTensorReader.filled(dtype, sizes, count, proto.int64Data) { .int($0) }
    case .u32, .u64: try ONNXTensorReader.filled(dtype, sizes, count, proto.uint64Data) { .unsigned($0) }
    case .f16:
      try ONNXTensorReader.filled(dtype, sizes, count, proto.int32Data) {
        .float(Double(Float16(bitPattern: UInt16(truncatingIfNeeded: $0))))
      }
    case .bf16:
      try ONNXTensorReader.filled(dtype, sizes, count, proto.int32Data) {
        .float(Double(Float(bitPattern: UInt32(UInt16(truncatingIfNeeded: $0)) << 16)))
      }
    default: try ONNXTensorReader.filled(dtype, sizes, count, proto.int32Data) { .int(Int64($0)) }
    }
  }

  private static func filled<E>(
    _ dtype: DType, _ sizes: [Int], _ count: Int, _ elements: [E], _ scalar: (E) -> Scalar
  ) throws -> HostTensor {
    if elements.count != count {
      throw Diagnostic("\(elements.count) elements of data; \(TensorType(dtype, Shape(sizes))) has \(count)")
    }
    var result = try HostTensor(zeros: dtype, sizes)
    for (index, element) in elements.enumerated() { result[linear: index] = scalar(element) }
    return result
  }

  // MARK: Sparse tensors

  /// A sparse tensor with its zeros.
  func dense(_ proto: Onnx_SparseTensorProto) throws -> HostTensor {
    let (values, indices) = (try tensor(proto.values), try tensor(proto.indices))
    let sizes = proto.dims.map(Int.init)
    let count = try ONNXTensorReader.count(sizes)
    if count > ONNXTensorReader.mostDense { throw Diagnostic("unsupported: a sparse tensor of \(count) elements") }
    let isLinear = indices.sizes == [values.count]
    guard values.sizes.count == 1, indices.dtype == .i64, isLinear || indices.sizes == [values.count, sizes.count]
    else {
      throw Diagnostic("a sparse tensor with values \(values.type) and indices \(indices.type)")
    }
    var result = try HostTensor(zeros: values.dtype, sizes)
    for index in 0..<values.count {
      let place = isLinear ? [Int(indices[linear: index].asInt)] : row(index, of: indices)
      let target = try ONNXTensorReader.position(place, in: isLinear ? [count] : sizes)
      result[linear: target] = values[linear: index]
    }
    return result
  }

  private func row(_ index: Int, of indices: HostTensor) -> [Int] {
    let width = indices.sizes[1]
    return (0..<width).map { Int(indices[linear: index * width + $0].asInt) }
  }

  private static func position(_ place: [Int], in sizes: [Int]) throws(Diagnostic) -> Int {
    var result = 0
    for (index, size) in zip(place, sizes) {
      if index < 0 || index >= size { throw Diagnostic("index \(index) of a sparse tensor is not in 0..<\(size)") }
      result = result * size + index
    }
    return result
  }
}
