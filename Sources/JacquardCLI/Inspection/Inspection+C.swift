import JacquardCore
import JacquardFiles
import JacquardRuntime

extension Inspection {
  /// The functions that executor `native` compiles, and what stays with the tile machine.
  func emitted() throws -> [String] {
    guard let plan else { return [] }
    let c = try EmittedC(plan)
    let rest = c.refusals.map { "/* \($0.kernel): by the tile machine, for \($0.reason) */" }
    return c.functions.map(\.text) + (rest.isEmpty ? [] : [""] + rest)
  }

  func emittedFields() throws -> [(name: String, value: JSONValue)] {
    guard let plan else { return [] }
    let c = try EmittedC(plan)
    let functions = c.functions.map { function in
      JSONValue(fields: [
        ("symbol", JSONValue(function.symbol)), ("kernels", JSONValue(function.kernels.map { JSONValue($0) })),
        ("indices", JSONValue(function.indices.map { JSONValue($0) })), ("text", JSONValue(function.text)),
      ])
    }
    let rest = c.refusals.map { refusal in
      var fields: [(name: String, value: JSONValue)] = [("kernel", JSONValue(refusal.kernel))]
      if let index = refusal.index { fields.append(("index", JSONValue(index))) }
      return JSONValue(fields: fields + [("reason", JSONValue(refusal.reason))])
    }
    return [("functions", JSONValue(functions)), ("by_vm", JSONValue(rest))]
  }
}
