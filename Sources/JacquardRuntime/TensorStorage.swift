import JacquardCore

/// Memory of one parameter, state or input, outside every arena. A running step may read and replace it; the owner
/// sees to it that nobody else does meanwhile.
public final class TensorStorage: @unchecked Sendable {
  /// Element type and static shape.
  public let type: TensorType
  /// Elements along each axis, outermost first.
  public let sizes: [Int]
  /// Bytes that the elements take.
  public let byteCount: Int
  /// 64-byte aligned.
  public var bytes: UnsafeMutableRawPointer { memory.bytes }
  private let memory: AlignedMemory

  /// - Throws: `Diagnostic` if the type is not static or memory is short.
  public init(zeros type: TensorType) throws(Diagnostic) {
    guard let sizes = type.shape.sizes, let count = try type.byteCount() else {
      throw Diagnostic("type \(type) has no fixed size")
    }
    self.type = type
    self.sizes = sizes
    byteCount = count
    memory = try AlignedMemory(count)
  }

  /// A copy of a tensor.
  /// - Throws: `Diagnostic` if memory is short.
  public convenience init(_ tensor: HostTensor) throws(Diagnostic) {
    try self.init(zeros: tensor.type)
    try set(tensor)
  }

  /// A copy of the contents.
  public func tensor() -> HostTensor {
    guard var result = try? HostTensor(zeros: type.dtype, sizes) else {
      preconditionFailure("no memory to copy \(byteCount) bytes")
    }
    result.withUnsafeMutableBytes { memory in
      if let base = memory.baseAddress { base.copyMemory(from: bytes, byteCount: byteCount) }
    }
    return result
  }

  /// Replaces the contents. - Throws: `Diagnostic` if the type differs.
  public func set(_ tensor: HostTensor) throws(Diagnostic) {
    if tensor.type != type { throw Diagnostic("a tensor of type \(tensor.type) does not fit \(type)") }
    tensor.withUnsafeBytes { source in
      if let base = source.baseAddress { bytes.copyMemory(from: base, byteCount: byteCount) }
    }
  }
}
