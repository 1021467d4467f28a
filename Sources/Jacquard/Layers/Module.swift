import JacquardCore
import JacquardIR

/// A part of a model. Its properties that are modules or layers give their parameters names: `hidden/weight`.
///
/// ```swift
/// struct MLP: Module {
///   let hidden = Linear(784, 256)
///   let output = Linear(256, 10)
///   func callAsFunction(_ x: Tensor<Float>) -> Tensor<Float> { output(relu(hidden(x))) }
/// }
/// ```
public protocol Module {
  /// The parts with their names; by default the properties, in order of declaration.
  var children: [(name: String, module: any Module)] { get }
  /// What its tensors are called and how they are laid out in PyTorch; by default those of its parts.
  var pyTorchTensors: [PyTorchTensor] { get }
}

extension Module {
  public var children: [(name: String, module: any Module)] { ModuleChildren.properties(of: self) }
}

/// A module with parameters or behaviour of its own. It is an object: called twice, it shares its parameters.
public protocol Layer: AnyObject, Module, Sendable {}

extension Layer {
  public var children: [(name: String, module: any Module)] { [] }
}

/// A module from one tensor of floats to another, for any float type.
public protocol UnaryModule: Module {
  /// Appends the module to the graph that the tensor belongs to.
  /// - Parameters:
  ///   - x: its shape is the module's to say; one that does not fit gives a poisoned tensor.
  ///   - file: with `line` the place that errors name.
  func callAsFunction<S: TensorFloat>(_ x: Tensor<S>, file: String, line: Int) -> Tensor<S>
}

enum ModuleChildren {
  /// The modules among the properties of a value. An array's items are named `property/0`, `property/1`.
  static func properties(of value: Any) -> [(name: String, module: any Module)] {
    var mirror: Mirror? = Mirror(reflecting: value)
    var groups: [[(name: String, module: any Module)]] = []
    while let level = mirror {
      groups.append(level.children.flatMap { child in modules(child.label ?? "", child.value) })
      mirror = level.superclassMirror
    }
    return groups.reversed().flatMap { $0 }
  }

  private static func modules(_ label: String, _ value: Any) -> [(name: String, module: any Module)] {
    if let module = value as? any Module { return [(label, module)] }
    let mirror = Mirror(reflecting: value)
    switch mirror.displayStyle {
    case .optional: return mirror.children.flatMap { modules(label, $0.value) }
    case .collection: return mirror.children.enumerated().flatMap { modules("\(label)/\($0)", $1.value) }
    default: return []
    }
  }
}

extension ModuleChildren {
  /// Calls a closure with each layer of a module and its path below the module's own.
  static func visitLayers(_ module: any Module, _ path: String, _ body: (any Layer, String) -> Void) {
    if let layer = module as? any Layer { body(layer, path) }
    for (name, child) in module.children { visitLayers(child, path.isEmpty ? name : "\(path)/\(name)", body) }
  }

  /// What a layer is called that no module names: its type, as `linear`, `conv2d`, `lstm`, `gcnConv`.
  static func defaultName(_ layer: any Layer) -> String {
    let type = String(describing: Swift.type(of: layer))
    let capitals = type.prefix { $0.isUppercase }.count
    let lowered = capitals > 1 && capitals < type.count ? capitals - 1 : capitals
    return type.prefix(lowered).lowercased() + type.dropFirst(lowered)
  }
}

extension GraphContext {
  /// Names the layers of a model after its properties, under the open scopes, and gives the model back.
  ///
  /// A layer that has a name in this graph keeps it.
  public func module<M: Module>(_ model: M) -> M {
    if path.isEmpty, let layer = model as? any Layer {
      _ = path(of: layer)
    } else {
      ModuleChildren.visitLayers(model, path) { name($0, $1) }
    }
    return model
  }

  private func name(_ layer: any Layer, _ path: String) {
    let id = ObjectIdentifier(layer)
    guard paths[id] == nil, !path.isEmpty else { return }
    paths[id] = path
    takenPaths.insert(path)
    layers.append(layer)
  }

  /// The name of a layer. One that no module named is called after its type: `linear`, `linear2`, ...
  func path(of layer: any Layer) -> String {
    if let path = paths[ObjectIdentifier(layer)] { return path }
    let base = (path.isEmpty ? "" : path + "/") + ModuleChildren.defaultName(layer)
    var name = base
    var number = 1
    while takenPaths.contains(name) {
      number += 1
      name = "\(base)\(number)"
    }
    ModuleChildren.visitLayers(layer, name) { self.name($0, $1) }
    return name
  }
}

extension Layer {
  /// Runs the layer's computation under its name, with the line of the call.
  func apply<S: TensorScalar, R>(
    to x: Tensor<S>, _ file: String, _ line: Int, _ body: (GraphContext) -> R
  ) -> R {
    let context = x.context
    return context.call(context.path(of: self), SourceSite(file: file, line: line)) { body(context) }
  }
}
