import ArgumentParser
import JacquardCore
import JacquardIR
import JacquardRuntime

/// What data a graph is given.
struct DataOptions: ParsableArguments {
  @Option(name: .customLong("input"), help: ArgumentHelp("Data for an input.", valueName: "name=file.npy"))
  var inputs: [NamedText] = []

  @Option(help: ArgumentHelp("Parameters and state; without it their initialisers.", valueName: "file.safetensors"))
  var params: String?
}

/// How near values must be.
struct ToleranceOptions: ParsableArguments {
  @Option(help: ArgumentHelp("How far a float may be from its reference, by its size.", valueName: "share"))
  var rtol: Double?

  @Option(help: ArgumentHelp("How far a float may be from its reference besides.", valueName: "distance"))
  var atol: Double?

  func validate() throws {
    for value in [rtol, atol] {
      if let value, !(value >= 0 && value < .infinity) {
        throw ValidationError("a tolerance must be a number and not negative")
      }
    }
  }

  /// What was asked for: of one that is not given, 0 where the other is.
  func agreement(else standard: Agreement) -> Agreement {
    if rtol == nil && atol == nil { return standard }
    return Agreement(relative: rtol ?? 0, absolute: atol ?? 0, flips: standard.flips)
  }
}

/// A graph whose symbols are bound, and the data that files give for it.
struct DataSubject {
  let program: StaticProgram
  let graph: Graph
  private let given: GivenInputs

  /// - Parameters:
  ///   - given: for inputs that the graph must have.
  ///   - shared: for those of its other inputs that have these names and fit: what another graph was given.
  ///   - purpose: the command, which wants a graph.
  /// - Throws: `Diagnostic` if it is a plan, or what is given does not fit.
  init(
    _ path: String, given: GivenInputs, shared: [String: HostTensor] = [:], bindings: [String: Int], purpose: String,
    _ console: Console
  ) throws {
    let loaded = try Loaded(path, Loaded.Hints(values: given.tensors, bindings: bindings) { console.note($0) })
    guard case .graph(let read) = loaded else {
      throw Diagnostic("is a compiled plan; \(purpose) wants a graph", place: path)
    }
    try given.check(loaded, path: path)
    self.given = given.adding(shared.filter { name, tensor in read.input(named: name).map(tensor.mayFit) ?? false })
    program = try StaticProgram(loaded, path: path, bindings: bindings, types: self.given.types)
    graph = try program.inputGraph()
    for input in graph.inputs { try self.given.fits(input, exactly: true) }
  }

  /// Refuses a graph whose values do not fit the machine. - Throws: `Diagnostic`.
  func checkMemory() throws { try program.checkMemory(try StaticProgram.valueBytes(graph)) }

  /// A tensor for every input, by name.
  ///
  /// - Parameters:
  ///   - parameters: a safetensors file; else parameters come from their initialisers.
  ///   - synthetic: whether missing data is drawn.
  /// - Throws: `Diagnostic` naming what is missing or does not fit.
  func inputs(_ parameters: String?, synthetic: Bool, seed: Int) throws -> [String: HostTensor] {
    let runner = ReferenceRunner(graph: graph)
    let bound = try BoundInputs(
      program, runner, given: given, parameters: parameters, synthetic: synthetic, seed: seed)
    return withExtendedLifetime(bound) { runner.inputs }
  }
}

extension HostTensor {
  /// Whether it is of an input's type, whatever the size of symbols.
  fileprivate func mayFit(_ input: Input) -> Bool {
    dtype == input.type.dtype && sizes.count == input.type.shape.rank
      && zip(sizes, input.type.shape.dims).allSatisfy { $1.value == nil || $1.value == $0 }
  }
}
