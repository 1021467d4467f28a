import JacquardCore

/// Makes names of an ONNX file legal in a graph: what a name may not hold becomes `_`, and equal results get a number.
struct ONNXNames {
  private var legal: [String: String] = [:]
  private var taken: Set<String> = []
  private var symbols: [String: String] = [:]
  private var takenSymbols: Set<String> = []

  /// The name of an input or node; the same for the same name of the file.
  mutating func value(_ name: String) -> String {
    if let known = legal[name] { return known }
    let result = ONNXNames.unique(ONNXNames.legalValue(name), in: &taken)
    legal[name] = result
    return result
  }

  /// The symbol for a `dim_param`.
  mutating func symbol(_ name: String) -> String {
    if let known = symbols[name] { return known }
    let result = ONNXNames.unique(ONNXNames.legalSymbol(name), in: &takenSymbols)
    symbols[name] = result
    return result
  }

  private static func legalValue(_ name: String) -> String {
    var text = ""
    for scalar in name.unicodeScalars {
      let isBad = scalar.value < 32 || scalar.value == 127 || "\"\\:".unicodeScalars.contains(scalar)
      text.unicodeScalars.append(isBad ? "_" : scalar)
      if text.utf8.count >= 200 { break }
    }
    if text.hasPrefix("%") { text = "_" + text.dropFirst() }
    return text.isEmpty ? "_" : text
  }

  private static func legalSymbol(_ name: String) -> String {
    var text = ""
    for byte in name.utf8.prefix(48) {
      let isLegal = (48...57).contains(byte) || (65...90).contains(byte) || (97...122).contains(byte)
      text.unicodeScalars.append(isLegal ? Unicode.Scalar(byte) : "_")
    }
    let startsWell = text.utf8.first.map { !(48...57).contains($0) } ?? false
    return startsWell ? text : "d" + text
  }

  private static func unique(_ name: String, in taken: inout Set<String>) -> String {
    var (result, number) = (name, 2)
    while !taken.insert(result).inserted {
      result = "\(name)_\(number)"
      number += 1
    }
    return result
  }
}
