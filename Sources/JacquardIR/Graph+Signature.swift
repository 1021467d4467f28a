import JacquardCore

extension Graph {
  /// Numbers in all parameters, as a polynomial if sizes are symbolic. - Throws: `Diagnostic` on overflow.
  public func parameterCount() throws(Diagnostic) -> Dim {
    var total = Dim(0)
    for input in inputs where input.role == .parameter { total = try total.plus(input.type.shape.elementCount()) }
    return total
  }

  /// What the outside must know, a line each: symbols, inputs by role with their types, outputs, updates, counts.
  ///
  /// ```
  /// graph mlp
  /// symbol     N = 128
  /// data       x: f32[N,784]
  /// parameter  hidden/weight: f32[784,256]
  /// output     logits: f32[N,10]
  /// update     hidden/weight
  /// nodes      5
  /// parameters 203,530 numbers in 4 tensors
  /// ```
  public var signature: String {
    var lines = ["graph \(name)"]
    func add(_ word: String, _ text: String) {
      lines.append(word + String(repeating: " ", count: max(1, 11 - word.utf8.count)) + text)
    }
    for symbol in symbols { add("symbol", symbol.name + (symbol.defaultSize.map { " = \($0)" } ?? "")) }
    for role in [Input.Role.data, .parameter, .state] {
      for input in inputs where input.role == role { add(role.rawValue, "\(input.name): \(input.type)") }
    }
    for output in outputs { add("output", "\(output.name): \(type(output.value))") }
    for update in updates { add("update", inputs[update.input].name) }
    add("nodes", "\(nodes.count)")
    let tensors = inputs.count { $0.role == .parameter }
    add("parameters", "\(Graph.grouped(try? parameterCount())) numbers in \(tensors) tensor\(tensors == 1 ? "" : "s")")
    return lines.joined(separator: "\n") + "\n"
  }

  /// `203,530`; a polynomial as it is.
  private static func grouped(_ count: Dim?) -> String {
    guard let count else { return "too many" }
    guard let value = count.value else { return count.description }
    var text = ""
    for (index, digit) in String(value).reversed().enumerated() {
      if index > 0, index % 3 == 0 { text.append(",") }
      text.append(digit)
    }
    return String(text.reversed())
  }
}
