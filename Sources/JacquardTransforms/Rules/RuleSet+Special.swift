import JacquardCore
import JacquardIR
import JacquardOps

extension RuleSet {
  /// Cheaper operations for special operands.
  public static let special = RuleSet("specialise", powers + products + scattered + convolutions)

  private static let powers: [Rule] = [
    Rule("square", "x to the power 2 is x * x", on: [Power.name]) { node, context in
      guard context.isNumber(node.inputs[1], 2) else { return nil }
      return try context.shaped(context.builder.multiply(node.inputs[0], node.inputs[0]), like: node)
    },
    Rule("squareRoot", "x to the power 0.5 is sqrt(x) (which is NaN at -inf)", on: [Power.name]) { node, context in
      guard context.isNumber(node.inputs[1], 0.5), context.type(node.results[0]).dtype.isFloat else { return nil }
      return try context.shaped(context.builder.sqrt(node.inputs[0]), like: node)
    },
    Rule("reciprocal", "x to the power -1 is 1 / x", on: [Power.name]) { node, context in
      guard context.isNumber(node.inputs[1], -1), context.type(node.results[0]).dtype.isFloat else { return nil }
      return try context.shaped(
        context.builder.divide(context.scalar(1, like: node), node.inputs[0]), like: node)
    },
    Rule("divideByPowerOfTwo", "x / 2^k is x * 2^-k, exactly", on: [Divide.name]) { node, context in
      guard case .float(let divisor) = context.number(node.inputs[1]), divisor.isNormal,
        divisor.significand == 1, abs(divisor.exponent) < 120
      else { return nil }
      // In f16 the reciprocal of a subnormal power of two is infinite.
      let dtype = context.type(node.results[0]).dtype
      guard Scalar.float(1 / divisor).converted(to: dtype).asDouble.isFinite else { return nil }
      let factor = try context.scalar(1 / divisor, like: node)
      return try context.shaped(context.builder.multiply(node.inputs[0], factor), like: node)
    },
  ]

  private static let products: [Rule] = [
    Rule("dotOfTranspose", "a product takes its operands' axes in any order: no transpose is needed", on: [Dot.name]) {
      node, context in
      guard var dot = node.operation as? Dot else { return nil }
      var inputs = node.inputs
      if let (transpose, x) = context.match(inputs[0], Transpose.self),
        let axes = transpose.mapped(dot.lhsBatch, dot.lhsContracting)
      {
        (dot.lhsBatch, dot.lhsContracting, inputs[0]) = (axes.batch, axes.contracting, x)
      }
      if let (transpose, x) = context.match(inputs[1], Transpose.self),
        let axes = transpose.mapped(dot.rhsBatch, dot.rhsContracting)
      {
        (dot.rhsBatch, dot.rhsContracting, inputs[1]) = (axes.batch, axes.contracting, x)
      }
      return inputs == node.inputs ? nil : try context.builder.append(dot, inputs)[0]
    },
    Rule(
      "transposeOfDot", "a product transposed is the product of the operands in the other order", on: [Transpose.name]
    ) { node, context in
      guard let transpose = node.operation as? Transpose, let inner = context.node(node.operand, Dot.name),
        let dot = inner.operation as? Dot, context.useCount(node.operand) == 1,
        let swapped = dot.transposed(by: transpose.permutation, leftRank: context.shape(inner.inputs[0]).rank)
      else { return nil }
      return try context.builder.append(swapped, [inner.inputs[1], inner.inputs[0]])[0]
    },
  ]

  /// A product and a sum become one operation that rounds once. Last of all: nothing else knows `fma`.
  ///
  /// Only in types that arithmetic is done in (`DType.computeType`). In f32 and f64 the operation saves an instruction and a
  /// rounding of 2^-24. In f16 and bf16 there is no such instruction: every result is rounded back to 16 bits, the product's
  /// too, and leaving that rounding out would move results by whole units of a coarse grid (2^-8 of the value in bf16)
  /// without doing any less work. With it, sums, products, quotients and roots are the very bits of the reference: f32 has
  /// more than twice their digits and two more, so rounding to f32 first changes nothing
  /// (Figueroa, When is double rounding innocuous?, https://doi.org/10.1145/221332.221334).
  public static let multiplyAdd = RuleSet(
    "multiplyAdd",
    [
      Rule("fma", "a * b + c rounds once, if nothing else uses the product", on: [Add.name]) { node, context in
        let dtype = context.type(node.results[0]).dtype
        guard dtype.isFloat, dtype.computeType == dtype else { return nil }
        for side in 0...1 {
          guard let product = context.node(node.inputs[side], Multiply.name),
            context.useCount(node.inputs[side]) == 1,
            context.shape(node.inputs[side]) == context.shape(node.results[0])
          else { continue }
          return try context.builder.fma(product.inputs[0], product.inputs[1], node.inputs[1 - side])
        }
        return nil
      }
    ])
}

extension Transpose {
  /// The same axes of a product, counted in the operand of this transpose; nil if that would reorder the free axes.
  fileprivate func mapped(_ batch: [Int], _ contracting: [Int]) -> (batch: [Int], contracting: [Int])? {
    let named = Set(batch + contracting)
    let free = permutation.indices.filter { !named.contains($0) }.map { permutation[$0] }
    guard free == free.sorted() else { return nil }
    return (batch.map { permutation[$0] }, contracting.map { permutation[$0] })
  }
}

extension Dot {
  /// The product with operands exchanged whose result has its axes as after the permutation; nil if there is none.
  fileprivate func transposed(by permutation: [Int], leftRank: Int) -> Dot? {
    let batch = lhsBatch.count
    let left = leftRank - batch - lhsContracting.count
    let order = permutation.prefix(batch)
    guard order.allSatisfy({ $0 < batch }), left > 0, permutation.count > batch + left else { return nil }
    let swapped = Array(batch + left..<permutation.count) + Array(batch..<batch + left)
    guard Array(permutation.dropFirst(batch)) == swapped else { return nil }
    return Dot(
      lhsBatch: order.map { rhsBatch[$0] }, rhsBatch: order.map { lhsBatch[$0] }, lhsContracting: rhsContracting,
      rhsContracting: lhsContracting)
  }
}
