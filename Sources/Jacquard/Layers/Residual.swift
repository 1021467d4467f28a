import JacquardCore

/// x plus what a module makes of it. The module's name is `body`.
public struct Residual: UnaryModule {
  /// Gives a tensor of its input's shape.
  public let body: any UnaryModule

  /// - Parameter body: Gives a tensor of its input's shape.
  public init(_ body: any UnaryModule) { self.body = body }

  public var children: [(name: String, module: any Module)] { [("body", body)] }

  public func callAsFunction<S: TensorFloat>(
    _ x: Tensor<S>, file: String = #fileID, line: Int = #line
  ) -> Tensor<S> {
    x + body.callAsFunction(x, file: file, line: line)
  }
}
