import JacquardCore
import JacquardFiles
import JacquardIR

/// What a PyTorch file has more or less than a model.
public struct PyTorchMismatch: Sendable, Hashable {
  /// Tensors of the model that the file does not have.
  public var missing: [String] = []
  /// Tensors of the file that the model does not have.
  public var unexpected: [String] = []
  /// Tensors of other sizes or another kind of element than the model's, with both types.
  public var misshapen: [String] = []

  /// One line that lists everything.
  fileprivate var message: String {
    func part(_ list: [String], _ what: String) -> [String] {
      list.isEmpty ? [] : ["\(list.count) \(what): \(list.joined(separator: ", "))"]
    }
    let parts =
      part(missing, "missing") + part(unexpected, "unexpected") + part(misshapen, "of another type")
    return "does not fit the model: " + parts.joined(separator: "; ")
  }
}

extension ParameterStore {
  /// Writes a model's parameters and state as a safetensors file with PyTorch's names and layouts: what
  /// `load_state_dict(strict=True)` of the same model takes.
  ///
  /// - Parameters:
  ///   - scope: The scope under which the model was declared, as in `g.scope("encoder") { g.module(model) }`.
  /// - Throws: One `Diagnostic` that lists what the store does not have or has with another type, and parameters of the model's
  ///   layers of which no module says what PyTorch calls them.
  public func savePyTorch(_ model: any Module, to path: String, scope: String = "") throws {
    try checkIntact()
    try Safetensors.write(try pyTorchTensors(model, scope: scope), metadata: ["format": "pt"], to: path)
  }

  /// A model's tensors by PyTorch's names, in PyTorch's layouts.
  /// - Throws: One `Diagnostic` that lists what does not fit; see `savePyTorch`.
  public func pyTorchTensors(_ model: any Module, scope: String = "") throws -> [String: HostTensor] {
    let map = PyTorchMap(model, scope)
    var tensors: [String: HostTensor] = [:]
    var wrong: [String] = map.undescribed(among: names.filter { role(of: $0) == .parameter })
    for tensor in map.tensors {
      var parts: [HostTensor] = []
      for part in tensor.parts {
        let name = map.name(part)
        guard let value = self[name] ?? (tensor.isCounter ? HostTensor(0 as Int64) : nil), value.sizes == part.sizes
        else {
          wrong.append("\(tensor.name) (the store has \(self[name].map { "\($0.type) as" } ?? "no") '\(name)')")
          continue
        }
        parts.append(part.isTransposed ? try value.matrixTransposed() : value)
      }
      if parts.count == tensor.parts.count { tensors[tensor.name] = try HostTensor.joined(parts, tensor.sizes) }
    }
    if !wrong.isEmpty { throw Diagnostic("the store does not fit the model: \(wrong.joined(separator: ", "))") }
    return tensors
  }

  /// Sets a model's parameters and state from a safetensors file that PyTorch wrote (`safetensors.torch.save_file` of
  /// `model.state_dict()`).
  ///
  /// Entries of the store keep their float type, and the file's values are converted to it; new ones have the file's, 16-bit floats
  /// become f32.
  ///
  /// - Parameters:
  ///   - strict: Whether file and model must name the same tensors.
  ///   - scope: The scope under which the model is declared.
  /// - Returns: What file and model do not have in common; nothing if strict.
  /// - Throws: One `Diagnostic` that lists all tensors that are missing, unexpected or of another type; the store is then as it was.
  @discardableResult
  public func loadPyTorch(
    _ model: any Module, from path: String, strict: Bool = true, scope: String = ""
  ) throws -> PyTorchMismatch {
    let file = try SafetensorsFile(path)
    let map = PyTorchMap(model, scope)
    let mismatch = map.compare(file, self)
    if !mismatch.misshapen.isEmpty || strict && mismatch != PyTorchMismatch() {
      throw Diagnostic(mismatch.message, place: path)
    }
    var values: [(name: String, role: Input.Role, tensor: HostTensor)] = []
    for tensor in map.tensors where file[tensor.name] != nil {
      let whole = try file.tensor(tensor.name)
      var start = 0
      for part in tensor.parts {
        let name = map.name(part)
        let piece = try whole.part(from: start, part.pyTorchSizes)
        start += piece.count
        let turned = part.isTransposed ? try piece.matrixTransposed() : piece
        values.append((name, tensor.role, try turned.converted(to: self[name]?.dtype ?? turned.dtype.modelType)))
      }
    }
    for (name, role, tensor) in values { try set(name, tensor, role: role) }
    return mismatch
  }
}

extension DType {
  /// The type in which a model keeps what a file has in this one.
  fileprivate var modelType: DType { self == .f16 || self == .bf16 ? .f32 : self }
}

/// Where each tensor of a model's state dict is in a store.
private struct PyTorchMap {
  let tensors: [PyTorchTensor]
  private var paths: [ObjectIdentifier: String] = [:]

  init(_ model: any Module, _ scope: String) {
    tensors = model.pyTorchTensors
    let root = scope.isEmpty ? (model as? any Layer).map(ModuleChildren.defaultName) ?? "" : scope
    var found: [ObjectIdentifier: String] = [:]
    ModuleChildren.visitLayers(model, root) { layer, path in
      let id = ObjectIdentifier(layer)
      if found[id] == nil { found[id] = path }
    }
    paths = found
  }

  /// The name in the store.
  func name(_ part: PyTorchTensor.Part) -> String {
    "\(paths[ObjectIdentifier(part.layer)] ?? ModuleChildren.defaultName(part.layer))/\(part.name)"
  }

  /// Parameters right below the model's layers that no tensor describes.
  func undescribed(among names: [String]) -> [String] {
    let known = Set(tensors.flatMap { $0.parts.map(name) })
    let layers = Set(paths.values)
    return names.filter { name in
      guard !known.contains(name), let slash = name.lastIndex(of: "/") else { return false }
      return layers.contains(String(name[..<slash]))
    }.map { "'\($0)' (no module says what PyTorch calls it)" }
  }

  func compare(_ file: SafetensorsFile, _ store: ParameterStore) -> PyTorchMismatch {
    var result = PyTorchMismatch()
    for tensor in tensors {
      guard let entry = file[tensor.name] else {
        if !tensor.isCounter { result.missing.append(tensor.name) }
        continue
      }
      let isTyped = tensor.isCounter ? entry.dtype == .i64 : entry.dtype?.isFloat ?? false
      if entry.sizes != tensor.sizes || !isTyped {
        let wanted = "\(tensor.isCounter ? "i64" : "float")\(Shape(tensor.sizes))"
        result.misshapen.append("\(tensor.name) (\(entry.elementType)\(Shape(entry.sizes)), not \(wanted))")
      }
      for part in tensor.parts {
        if let held = store[name(part)], held.sizes != part.sizes {
          result.misshapen.append("\(tensor.name) (the store has \(held.type) as '\(name(part))')")
        }
      }
    }
    let known = Set(tensors.map(\.name))
    result.unexpected = file.names.filter { !known.contains($0) }
    return result
  }
}
