import JacquardCore
import JacquardIR

/// One tensor of a PyTorch state dict, and where a model keeps what is in it.
///
/// Each module describes its own tensors in `pyTorchTensors`; a module made of others has those of its children, with `.`
/// between the names.
public struct PyTorchTensor: Sendable {
  /// A parameter or state of a layer that is a part of the tensor.
  public struct Part: Sendable {
    /// Whose parameter or state it is.
    public let layer: any Layer
    /// The name within the layer: `weight`.
    public let name: String
    /// Its sizes in Jacquard.
    public let sizes: [Int]
    /// Whether PyTorch has the matrix's axes the other way round.
    public let isTransposed: Bool

    /// Its sizes in PyTorch.
    var pyTorchSizes: [Int] { isTransposed ? sizes.reversed() : sizes }
  }

  /// What PyTorch calls it, below the module: `out_proj.weight`.
  public let name: String
  /// One after the other along the first axis of PyTorch's tensor.
  public let parts: [Part]
  /// Parameter, or state (a buffer in PyTorch's terms).
  public let role: Input.Role
  /// Whether it is PyTorch's count of batches, an i64 scalar: it starts at 0, and files without it are legal.
  public let isCounter: Bool

  /// The sizes of PyTorch's tensor.
  public var sizes: [Int] {
    guard var sizes = parts.first?.pyTorchSizes, parts.count > 1, !sizes.isEmpty else {
      return parts.first?.pyTorchSizes ?? []
    }
    sizes[0] = parts.reduce(0) { $0 + ($1.pyTorchSizes.first ?? 0) }
    return sizes
  }

  /// The same below a module of that name; `/` in it, as between Jacquard's names, becomes `.`.
  public func within(_ module: String) -> PyTorchTensor {
    let path = module.split(separator: "/").joined(separator: ".")
    return PyTorchTensor(name: "\(path).\(name)", parts: parts, role: role, isCounter: isCounter)
  }

  /// Tensors that PyTorch keeps in one, one after the other along the first axis. There is at least one.
  public static func joining(_ tensors: [PyTorchTensor], as name: String) -> PyTorchTensor {
    PyTorchTensor(
      name: name, parts: tensors.flatMap(\.parts), role: tensors.first?.role ?? .parameter, isCounter: false)
  }
}

extension Layer {
  /// The description of one of the layer's own tensors that has the same name in PyTorch.
  ///
  /// - Parameters:
  ///   - sizes: Jacquard's.
  ///   - transposed: Whether PyTorch has the matrix's axes the other way round.
  public func pyTorchTensor(
    _ name: String, _ sizes: [Int], transposed: Bool = false, role: Input.Role = .parameter
  ) -> PyTorchTensor {
    let part = PyTorchTensor.Part(layer: self, name: name, sizes: sizes, isTransposed: transposed)
    return PyTorchTensor(name: name, parts: [part], role: role, isCounter: false)
  }

  /// The description of the layer's count of batches.
  func pyTorchCounter(_ name: String) -> PyTorchTensor {
    let part = PyTorchTensor.Part(layer: self, name: name, sizes: [], isTransposed: false)
    return PyTorchTensor(name: name, parts: [part], role: .state, isCounter: true)
  }
}

extension Module {
  /// The tensors of the children.
  public var pyTorchTensors: [PyTorchTensor] { pyTorchTensors(renaming: [:]) }

  /// The tensors of the children, some of which have other names in PyTorch.
  public func pyTorchTensors(renaming names: [String: String]) -> [PyTorchTensor] {
    children.flatMap { child in
      child.module.pyTorchTensors.map { $0.within(names[child.name] ?? child.name) }
    }
  }
}
