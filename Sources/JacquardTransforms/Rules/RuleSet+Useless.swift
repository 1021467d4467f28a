import JacquardCore
import JacquardIR
import JacquardOps

extension RuleSet {
  /// Nodes that do nothing.
  public static let useless = RuleSet("useless", arithmetic + choices + movements)

  private static let arithmetic: [Rule] = [
    Rule("addZero", "x + 0 is x", on: [Add.name]) { node, context in
      for side in 0...1 where context.isNumber(node.inputs[side], 0) {
        return try context.shaped(node.inputs[1 - side], like: node)
      }
      return nil
    },
    Rule("subtractZero", "x - 0 is x", on: [Subtract.name]) { node, context in
      context.isNumber(node.inputs[1], 0) ? try context.shaped(node.inputs[0], like: node) : nil
    },
    Rule("multiplyOne", "x * 1 is x", on: [Multiply.name]) { node, context in
      for side in 0...1 where context.isNumber(node.inputs[side], 1) {
        return try context.shaped(node.inputs[1 - side], like: node)
      }
      return nil
    },
    Rule("divideOne", "x / 1 and x to the power 1 are x", on: [Divide.name, Power.name]) { node, context in
      context.isNumber(node.inputs[1], 1) ? try context.shaped(node.inputs[0], like: node) : nil
    },
    Rule("negateTwice", "--x is x, and so for the logical not", on: [Negate.name, LogicalNot.name]) { node, context in
      context.node(node.operand, node.operationName)?.operand
    },
    Rule("castSame", "a cast to the type that x has is x", on: [Cast.name]) { node, context in
      context.type(node.operand) == context.type(node.results[0]) ? node.operand : nil
    },
    Rule("castTwice", "a cast through a type that holds every value of the first is one cast", on: [Cast.name]) {
      node, context in
      guard let inner = context.node(node.operand, Cast.name) else { return nil }
      let (first, middle) = (context.type(inner.operand).dtype, context.type(node.operand).dtype)
      return first.fits(in: middle)
        ? try context.builder.cast(inner.operand, context.type(node.results[0]).dtype) : nil
    },
    Rule("sumOverNothing", "a reduction over no axes, or axes of size 1, keeps every element", on: reductions) {
      node, context in
      guard let axes = context.reducedAxes(node), axes.allSatisfy({ context.shape(node.operand)[$0].isOne })
      else { return nil }
      return try context.builder.reshape(node.operand, context.shape(node.results[0]))
    },
  ]

  private static let reductions = [
    Sum.name, Mean.name, Product.name, ReduceMax.name, ReduceMin.name, ReduceAny.name, ReduceAll.name,
  ]

  private static let choices: [Rule] = [
    Rule("selectEqual", "a choice between x and x is x", on: [Select.name]) { node, context in
      node.inputs[1] == node.inputs[2] ? try context.shaped(node.inputs[1], like: node) : nil
    },
    Rule("selectKnown", "a choice by a known predicate is the chosen operand", on: [Select.name]) { node, context in
      guard let predicate = context.number(node.inputs[0]) else { return nil }
      return try context.shaped(node.inputs[predicate.asBool ? 1 : 2], like: node)
    },
    Rule(
      "combineEqual", "max(x, x), min(x, x), x and x, x or x are x",
      on: [Maximum.name, Minimum.name, LogicalAnd.name, LogicalOr.name]
    ) { node, _ in
      node.inputs[0] == node.inputs[1] ? node.inputs[0] : nil
    },
  ]

  private static let movements: [Rule] = [
    Rule(
      "moveNothing", "a reshape, broadcast, transpose, reverse, pad, slice or concat that changes nothing",
      on: [
        Reshape.name, Broadcast.name, Transpose.name, Reverse.name, Pad.name, Slice.name, Concat.name,
      ]
    ) { node, context in
      context.movesNothing(node) ? node.operand : nil
    },
    Rule("reshapeTwice", "the last of two reshapes decides", on: [Reshape.name]) { node, context in
      guard let inner = context.node(node.operand, Reshape.name) else { return nil }
      return try context.builder.reshape(inner.operand, context.shape(node.results[0]))
    },
    Rule("transposeTwice", "two transposes are one", on: [Transpose.name]) { node, context in
      guard let outer = node.operation as? Transpose,
        let (inner, x) = context.match(node.operand, Transpose.self)
      else { return nil }
      return try context.builder.transpose(x, outer.permutation.map { inner.permutation[$0] })
    },
    Rule("broadcastTwice", "two broadcasts are one, and leading axes of size 1 are implied", on: [Broadcast.name]) {
      node, context in
      if let inner = context.node(node.operand, Broadcast.name) { return try context.shaped(inner.operand, like: node) }
      guard let inner = context.node(node.operand, Reshape.name),
        context.shape(inner.operand).dims == context.shape(node.operand).withoutLeadingOnes
      else { return nil }
      return try context.shaped(inner.operand, like: node)
    },
    Rule("reverseTwice", "the same axes reversed twice", on: [Reverse.name]) { node, context in
      guard let outer = node.operation as? Reverse, let (inner, x) = context.match(node.operand, Reverse.self)
      else { return nil }
      return outer.axes == inner.axes ? x : nil
    },
    Rule("sliceTwice", "two slices without strides are one", on: [Slice.name]) { node, context in
      guard let outer = node.operation as? Slice, let (inner, x) = context.match(node.operand, Slice.self),
        outer.strides.allSatisfy({ $0 == 1 }), inner.strides.allSatisfy({ $0 == 1 })
      else { return nil }
      let starts = try zip(inner.starts, outer.starts).map { try $0.plus($1) }
      let limits = try zip(inner.starts, outer.limits).map { try $0.plus($1) }
      return try context.builder.slice(x, starts: starts, limits: limits)
    },
    Rule(
      "moveNumber", "an array that holds one number is that number broadcast, however it is reshaped or transposed",
      on: [Reshape.name, Transpose.name]
    ) { node, context in
      var source = node.operand
      while let inner = context.node(source), [Broadcast.name, Reshape.name].contains(inner.operationName) {
        source = inner.operand
      }
      return context.shape(source).rank == 0 ? try context.shaped(source, like: node) : nil
    },
  ]
}

extension RewriteContext {
  /// The axes that a reduction combines.
  func reducedAxes(_ node: Node) -> [Int]? { (node.operation as? any ReductionOperation)?.axes }

  fileprivate func movesNothing(_ node: Node) -> Bool {
    guard type(node.operand) == type(node.results[0]) else { return false }
    switch node.operation {
    case let operation as Transpose:
      return operation.permutation == Array(operation.permutation.indices)
    case let operation as Reverse:
      return operation.axes.allSatisfy { shape(node.operand)[$0].isOne }
    case let operation as Slice:
      return operation.strides.allSatisfy { $0 == 1 }
    case is Concat:
      return node.inputs.count == 1
    default:
      // A reshape, broadcast or pad that keeps the type keeps every element.
      return true
    }
  }
}

extension Shape {
  fileprivate var withoutLeadingOnes: [Dim] { Array(dims.drop(while: \.isOne)) }
}

extension DType {
  /// Whether every value of this type is a value of the other.
  fileprivate func fits(in other: DType) -> Bool {
    if self == other || self == .bool { return true }
    if other == .bool || isFloat && !other.isFloat { return false }
    if self == .f16 { return other == .f32 || other == .f64 }
    if self == .bf16 || isFloat { return other == .f32 && self == .bf16 || other == .f64 }
    if !isUnsigned && other.isUnsigned { return false }
    // A half-precision float ends at 65,504, which is more than its mantissa's 11 bits hold exactly.
    return valueBits <= other.valueBits
  }

  /// How many bits of a whole number's magnitude it holds exactly.
  private var valueBits: Int {
    switch self {
    case .f64: 53
    case .f32: 24
    case .f16: 11
    case .bf16: 8
    case .bool: 1
    default: 8 * byteSize - (isUnsigned ? 0 : 1)
    }
  }
}
