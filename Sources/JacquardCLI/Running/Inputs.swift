import Jacquard
import JacquardCore
import JacquardFiles
import JacquardIR
import JacquardRuntime

/// The tensors that files give for inputs.
struct GivenInputs {
  private(set) var tensors: [String: HostTensor] = [:]
  private var files: [String: String] = [:]

  /// - Parameter options: `NAME=FILE.npy`.
  /// - Throws: `Diagnostic` if a file is damaged or an input is given twice.
  init(_ options: [NamedText]) throws {
    for option in options {
      if files.updateValue(option.text, forKey: option.name) != nil {
        throw Diagnostic("--input gives '\(option.name)' twice", kind: .unsupported)
      }
      tensors[option.name] = try naming(option.text) { try Npy.read(option.text) }
    }
  }

  /// Also these, of other names: what another graph was given.
  func adding(_ others: [String: HostTensor]) -> GivenInputs {
    var result = self
    result.tensors.merge(others) { own, _ in own }
    return result
  }

  var types: [String: TensorType] { tensors.mapValues(\.type) }

  /// Whether every file is for an input of the graph, of the same element type and number of axes.
  func check(_ loaded: Loaded, path: String) throws {
    switch loaded {
    case .graph(let graph): try check(graph.inputs, path)
    case .plan(let plan): try check(plan.inputs.map(\.input), path)
    }
  }

  private func check(_ inputs: [Input], _ path: String) throws {
    for name in tensors.keys.sorted() {
      guard let input = inputs.first(where: { $0.name == name }) else {
        let known = inputs.filter { $0.role == .data }.map { "'\($0.name)'" }.joined(separator: ", ")
        throw Diagnostic(
          "has no input \(quoted(name)); its data inputs: \(known.isEmpty ? "none" : known)", place: path)
      }
      try fits(input, exactly: false)
    }
  }

  /// Whether what is given fits an input whose symbols are bound, or may be bound yet.
  func fits(_ input: Input, exactly: Bool) throws {
    guard let type = tensors[input.name]?.type else { return }
    let isClose = type.dtype == input.type.dtype && type.shape.rank == input.type.shape.rank
    let sizes = zip(type.shape.dims, input.type.shape.dims)
    if isClose && sizes.allSatisfy({ $0 == $1 || (!exactly && $1.value == nil) }) { return }
    let message = "is \(type); input '\(input.name)' wants \(input.type)"
    throw Diagnostic(message, place: files[input.name], site: input.site)
  }
}

extension ParameterStore {
  /// Takes parameters and state that the inputs name from a safetensors file. State that is not there starts anew.
  ///
  /// - Throws: `Diagnostic` if the file is damaged, lacks a parameter or has one of another type.
  func take(_ inputs: [Input], from path: String) throws {
    let file = try SafetensorsFile(path)
    for input in inputs where input.role != .data {
      guard file[input.name] != nil else {
        if input.role == .state { continue }
        throw Diagnostic("has no parameter '\(input.name)' (\(input.type))", place: path)
      }
      let tensor = try file.tensor(input.name)
      if tensor.type != input.type {
        throw Diagnostic("'\(input.name)' is \(tensor.type); the graph wants \(input.type)", place: path)
      }
      try set(input.name, tensor, role: input.role)
    }
  }
}

/// Everything that a run reads: data, parameters and state, in memory and bound.
struct BoundInputs {
  let store: ParameterStore

  /// Binds every input of a program to memory.
  ///
  /// - Parameters:
  ///   - given: data, or parameters, from files.
  ///   - parameters: A safetensors file; without it parameters come from their initialisers.
  ///   - synthetic: Whether missing data is drawn.
  /// - Throws: `Diagnostic` naming the input or file that is missing or does not fit.
  init(
    _ program: StaticProgram, _ runner: any StepRunner, given: GivenInputs, parameters: String?, synthetic: Bool,
    seed: Int
  ) throws {
    store = ParameterStore(seed: seed)
    if let parameters { try store.take(program.inputs, from: parameters) }
    try BoundInputs.bindData(program, runner, given, synthetic, seed)
    for input in program.inputs where input.role != .data {
      if let tensor = given.tensors[input.name] { try store.set(input.name, tensor, role: input.role) }
    }
    try naming(program.path) {
      for (name, storage) in try store.attach(try program.inputGraph()) { try runner.bind(name, storage) }
    }
  }

  private static func bindData(
    _ program: StaticProgram, _ runner: any StepRunner, _ given: GivenInputs, _ synthetic: Bool, _ seed: Int
  ) throws {
    for (position, input) in program.inputs.filter({ $0.role == .data }).enumerated() {
      if let tensor = given.tensors[input.name] {
        try runner.bind(input.name, try TensorStorage(tensor))
      } else if synthetic {
        let tensor = try SyntheticData.tensor(input, seed: seed, position: position)
        try runner.bind(input.name, try TensorStorage(tensor))
      } else {
        throw Diagnostic(
          "input '\(input.name)' (\(input.type)) is missing: give --input \(input.name)=FILE.npy, or --synthetic",
          place: program.path)
      }
    }
  }
}
