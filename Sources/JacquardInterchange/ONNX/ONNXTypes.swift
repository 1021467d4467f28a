import JacquardCore
import JacquardIR

/// Types that an ONNX file states, with symbols for dynamic axes.
struct ONNXTypes {
  var names = ONNXNames()
  /// Sizes of symbols: given, or following from given tensors.
  private var sizes: [String: Int]
  private(set) var boundSymbols: [(symbol: String, size: Int)] = []

  init(sizes: [String: Int]) { self.sizes = sizes }

  /// Learns sizes of symbols from a tensor that is given for an input.
  mutating func bind(_ info: Onnx_ValueInfoProto, to tensor: HostTensor?) {
    let dims = info.type.tensorType.shape.dim
    guard let tensor, dims.count == tensor.sizes.count else { return }
    for (dim, size) in zip(dims, tensor.sizes) where !dim.dimParam.isEmpty && size > 0 {
      let symbol = names.symbol(dim.dimParam)
      if sizes[symbol] == nil { sizes[symbol] = size }
    }
  }

  /// The type of an input. What the file leaves open is taken from the tensor that is given, else becomes a symbol.
  mutating func inputType(_ info: Onnx_ValueInfoProto, given: TensorType?) throws -> TensorType {
    let proto = try ONNXTypes.tensorType(info)
    let dtype = try ONNXElementType.dtype(proto.elemType)
    guard proto.hasShape else {
      if let given, given.dtype == dtype { return given }
      throw Diagnostic("unsupported: input '\(info.name)' has no shape")
    }
    var dims: [Dim] = []
    for (axis, dim) in proto.shape.dim.enumerated() {
      let rest = given.flatMap { $0.shape.rank == proto.shape.dim.count ? $0.shape[axis] : nil }
      dims.append(try dimension(dim, "\(info.name)_\(axis)", given: rest))
    }
    let type = TensorType(dtype, Shape(dims))
    do { try type.validate() } catch { throw error.at("input '\(info.name)'") }
    return type
  }

  private mutating func dimension(
    _ proto: Onnx_TensorShapeProto.Dimension, _ fallback: String, given: Dim?
  ) throws -> Dim {
    if case .dimValue(let size) = proto.value { return Dim(Int(size)) }
    if proto.dimParam.isEmpty, let given { return given }
    let symbol = names.symbol(proto.dimParam.isEmpty ? fallback : proto.dimParam)
    if let size = sizes[symbol] {
      if !boundSymbols.contains(where: { $0.symbol == symbol }) { boundSymbols.append((symbol, size)) }
      return Dim(size)
    }
    return given == 0 ? 0 : .symbol(symbol)
  }

  private static func tensorType(_ info: Onnx_ValueInfoProto) throws -> Onnx_TypeProto.Tensor {
    let kind: String
    switch info.type.value {
    case .tensorType(let type): return type
    case .sequenceType: kind = "sequence"
    case .mapType: kind = "map"
    case .opaqueType: kind = "opaque"
    case .sparseTensorType: kind = "sparse tensor"
    case .optionalType: kind = "optional"
    case nil: throw Diagnostic("value '\(info.name)' has no type")
    }
    throw Diagnostic("unsupported type of value '\(info.name)': \(kind)")
  }

  /// Compares what the file states of a value with what it is; symbols may stand for anything.
  func check(_ info: Onnx_ValueInfoProto, _ type: TensorType) throws {
    guard info.hasType, info.type.value != nil else { return }
    let stated = try ONNXTypes.tensorType(info)
    var fits = try stated.elemType == 0 || ONNXElementType.dtype(stated.elemType) == type.dtype
    if stated.hasShape {
      fits = fits && stated.shape.dim.count == type.shape.rank
      for (dim, own) in zip(stated.shape.dim, type.shape.dims) {
        if case .dimValue(let size) = dim.value, let value = own.value, Int(size) != value { fits = false }
      }
    }
    if !fits {
      throw Diagnostic("value '\(info.name)' is \(type); the file states \(try ONNXTypes.text(stated))")
    }
  }

  private static func text(_ type: Onnx_TypeProto.Tensor) throws -> String {
    let dims = type.shape.dim.map { dim in
      if case .dimValue(let size) = dim.value { "\(size)" } else { dim.dimParam.isEmpty ? "?" : dim.dimParam }
    }
    return "\(try ONNXElementType.dtype(type.elemType))[\(dims.joined(separator: ","))]"
  }
}
