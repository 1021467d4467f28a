import JacquardCore

/// Modules one after the other. Their names are `0`, `1`, ...
public struct Sequential: UnaryModule {
  /// In the order in which they are applied.
  public let modules: [any UnaryModule]

  /// The first is applied first.
  public init(_ modules: any UnaryModule...) { self.modules = modules }
  /// The first is applied first; without any, what comes in goes out.
  public init(_ modules: [any UnaryModule]) { self.modules = modules }

  public var children: [(name: String, module: any Module)] {
    modules.enumerated().map { ("\($0.offset)", $0.element as any Module) }
  }

  public func callAsFunction<S: TensorFloat>(
    _ x: Tensor<S>, file: String = #fileID, line: Int = #line
  ) -> Tensor<S> {
    modules.reduce(x) { value, module in module.callAsFunction(value, file: file, line: line) }
  }
}
