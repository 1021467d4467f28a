import JacquardCore
import JacquardIR
import JacquardOps

/// For each rule, small graphs and what they become.
enum RuleCases {
  typealias Case = RuleTests.Case

  static let all = useless + canonical + stable + special

  private static let v: TensorType = "f64[3]"
  private static let m: TensorType = "f64[2,3]"

  static let useless: [Case] = [
    Case("addZero", [v], "x0") { b, x in try b.add(b.constant(0, .f64), x[0]) },
    Case("addZero", [v], "broadcast[shape:2,3](x0)") { b, x in try b.add(x[0], b.fill(0, like: b.zeros([2, 3], .f64)))
    },
    Case("subtractZero", [v], "x0") { b, x in try b.subtract(x[0], b.constant(0, .f64)) },
    Case("multiplyOne", [v], "x0") { b, x in try b.multiply(b.fill(1, like: x[0]), x[0]) },
    Case("divideOne", [v], "x0") { b, x in try b.divide(x[0], b.constant(1, .f64)) },
    Case("divideOne", [v], "x0") { b, x in try b.power(x[0], b.constant(1, .f64)) },
    Case("negateTwice", [v], "x0") { b, x in try b.negate(b.negate(x[0])) },
    Case("castSame", [v], "x0") { b, x in try b.apply(Cast(.f64), x[0]) },
    Case("castTwice", ["i32[3]"], "cast[dtype:f32](x0)") { b, x in try b.cast(b.cast(x[0], .f64), .f32) },
    Case("sumOverNothing", [v], "x0") { b, x in try b.mean(x[0], axes: []) },
    Case("sumOverNothing", ["f64[3,1]"], "reshape[shape:3](x0)") { b, x in try b.sum(x[0], axes: [1]) },
    Case("selectEqual", ["bool[3]", v], "x1") { b, x in try b.select(x[0], x[1], x[1]) },
    Case("selectKnown", [v, v], "x1") { b, x in try b.select(b.constant(HostTensor(false)), x[0], x[1]) },
    Case("combineEqual", [v], "x0") { b, x in try b.maximum(x[0], x[0]) },
    Case("moveNothing", [m], "x0") { b, x in try b.apply(Transpose([0, 1]), x[0]) },
    Case("moveNothing", [m], "x0") { b, x in try b.slice(x[0], starts: [0, 0], limits: [2, 3]) },
    Case("moveNothing", [m], "x0") { b, x in try b.apply(Pad(low: [0, 0], high: [0, 0]), x[0]) },
    Case("moveNothing", [m], "x0") { b, x in try b.append(Concat(axis: 0), x)[0] },
    Case("reshapeTwice", [m], "x0") { b, x in try b.reshape(b.reshape(x[0], [6]), [2, 3]) },
    Case("transposeTwice", [m], "x0") { b, x in try b.transpose(b.transpose(x[0], [1, 0]), [1, 0]) },
    Case("transposeTwice", ["f64[2,3,4]"], "transpose[permutation:2,0,1](x0)") { b, x in
      try b.transpose(b.transpose(x[0], [1, 2, 0]), [1, 2, 0])
    },
    Case("broadcastTwice", [v], "broadcast[shape:4,2,3](x0)") { b, x in
      try b.broadcast(b.broadcast(x[0], to: [2, 3]), to: [4, 2, 3])
    },
    Case("broadcastTwice", [v], "broadcast[shape:2,3](x0)") { b, x in
      try b.broadcast(b.reshape(x[0], [1, 3]), to: [2, 3])
    },
    Case("reverseTwice", [m], "x0") { b, x in try b.reverse(b.reverse(x[0], axes: [0]), axes: [0]) },
    Case("sliceTwice", ["f64[9]"], "slice[starts:3 limits:5 strides:1](x0)") { b, x in
      try b.slice(b.slice(x[0], starts: [2], limits: [8]), starts: [1], limits: [3])
    },
    Case("moveNumber", ["f64[]"], "broadcast[shape:1,1](x0)") { b, x in try b.reshape(x[0], [1, 1]) },
    Case("moveNumber", ["f64[]"], "broadcast[shape:3,2](x0)") { b, x in
      try b.transpose(b.broadcast(x[0], to: [2, 3]), [1, 0])
    },
    Case("foldConstants", [], "[5,8]") { b, _ in
      try b.add(b.constant(HostTensor([2.0, 5], [2])), b.constant(3, .f64))
    },
    Case("foldConstants", [], "12") { b, _ in try b.dimension(12, .f64) },
  ]

  static let canonical: [Case] = [
    Case("addNegated", [v, v], "subtract(x0, x1)") { b, x in try b.add(b.negate(x[1]), x[0]) },
    Case("subtractNegated", [v, v], "add(x0, x1)") { b, x in try b.subtract(x[0], b.negate(x[1])) },
    Case("zeroMinus", [v], "negate(x0)") { b, x in try b.subtract(b.constant(0, .f64), x[0]) },
    Case("minusOneTimes", [v], "negate(x0)") { b, x in try b.multiply(x[0], b.constant(-1, .f64)) },
    Case("negateDifference", [v, v], "subtract(x1, x0)") { b, x in try b.negate(b.subtract(x[0], x[1])) },
    Case("negatedFactors", [v, v], "multiply(x0, x1)") { b, x in try b.multiply(b.negate(x[0]), b.negate(x[1])) },
    Case("negatedFactors", [v], "divide(x0, -3)") { b, x in try b.divide(b.negate(x[0]), b.constant(3, .f64)) },
    Case("constantsRight", [v], "add(x0, 2)") { b, x in try b.add(b.constant(2, .f64), x[0]) },
    Case("broadcastLater", [m, v], "multiply(x0, x1)") { b, x in try b.multiply(x[0], b.broadcast(x[1], to: [2, 3])) },
    Case("broadcastLater", [v], "broadcast[shape:2,3](exp(x0))") { b, x in try b.exp(b.broadcast(x[0], to: [2, 3])) },
    Case("keepDimensions", [m], "sum[axes:1 keepDims:true](x0)") { b, x in
      try b.reshape(b.sum(x[0], axes: [1]), [2, 1])
    },
  ]

  static let stable: [Case] = [
    Case("logSumExp", [m], "logSumExp[axis:1](x0)") { b, x in try b.log(b.sum(b.exp(x[0]), axes: [1])) },
    Case("logSumExp", [m], "logSumExp[axis:1 keepDims:true](x0)") { b, x in
      try b.log(b.reshape(b.sum(b.exp(x[0]), axes: [1]), [2, 1]))
    },
    Case("softmax", [m], "softmax[axis:1](x0)") { b, x in
      let e = try b.exp(x[0])
      return try b.divide(e, b.sum(e, axes: [1], keepDims: true))
    },
    Case("softmax", [v], "softmax[axis:0](x0)") { b, x in
      let e = try b.exp(x[0])
      return try b.divide(e, b.sum(e, axes: [0]))
    },
    Case("softmaxProduct", [m], "softmax[axis:1](x0)") { b, x in
      let e = try b.exp(x[0])
      return try b.multiply(e, b.divide(b.constant(1, .f64), b.sum(e, axes: [1], keepDims: true)))
    },
    Case("logOfSoftmax", [m], "logSoftmax[axis:1](x0)") { b, x in try b.log(b.softmax(x[0], axis: 1)) },
    Case("logOfChosenSoftmax", [m, "i32[2,1]"], "takeAlongAxis[axis:1](logSoftmax[axis:1](x0), x1)") { b, x in
      try b.log(b.takeAlongAxis(b.softmax(x[0], axis: 1), x[1], axis: 1))
    },
    Case("subtractLogSumExp", [m], "logSoftmax[axis:1](x0)") { b, x in
      try b.subtract(x[0], b.logSumExp(x[0], axis: 1, keepDims: true))
    },
    Case("expOfLogSoftmax", [m], "softmax[axis:1](x0)") { b, x in try b.exp(b.logSoftmax(x[0], axis: 1)) },
    Case("shiftedSoftmax", [m], "softmax[axis:1](x0)") { b, x in
      try b.softmax(b.subtract(x[0], b.reduceMax(x[0], axes: [1], keepDims: true)), axis: 1)
    },
    Case("shiftedLogSumExp", [m], "logSumExp[axis:1 keepDims:true](x0)") { b, x in
      let shift = try b.reduceMax(x[0], axes: [1], keepDims: true)
      return try b.add(b.logSumExp(b.subtract(x[0], shift), axis: 1, keepDims: true), shift)
    },
    Case("sigmoid", [v], "sigmoid(x0)") { b, x in
      let one = try b.constant(1, .f64)
      return try b.divide(one, b.add(one, b.exp(b.negate(x[0]))))
    },
    Case("logOfSigmoid", [v], "negate(softplus(negate(x0)))") { b, x in try b.log(b.sigmoid(x[0])) },
    Case("logOfOneMinusSigmoid", [v], "negate(softplus(x0))") { b, x in
      try b.log(b.subtract(b.constant(1, .f64), b.sigmoid(x[0])))
    },
    Case("oneMinusSigmoid", [v], "sigmoid(negate(x0))") { b, x in
      try b.subtract(b.constant(1, .f64), b.sigmoid(x[0]))
    },
    Case("softplus", [v], "softplus(x0)") { b, x in try b.log(b.add(b.exp(x[0]), b.constant(1, .f64))) },
    Case("log1p", [v], "log1p(x0)") { b, x in try b.log(b.add(b.constant(1, .f64), x[0])) },
    Case("expm1", [v], "expm1(x0)") { b, x in try b.subtract(b.exp(x[0]), b.constant(1, .f64)) },
  ]

  static let special: [Case] = [
    Case("expand", [v], "maximum(x0, 0)") { b, x in try b.relu(x[0]) },
    Case("dropStopGradient", [v], "exp(x0)") { b, x in try b.exp(b.stopGradient(x[0])) },
    Case("square", [v], "multiply(x0, x0)") { b, x in try b.power(x[0], b.constant(2, .f64)) },
    Case("squareRoot", [v], "sqrt(x0)") { b, x in try b.power(x[0], b.constant(0.5, .f64)) },
    Case("reciprocal", [v], "divide(1, x0)") { b, x in try b.power(x[0], b.constant(-1, .f64)) },
    Case("divideByPowerOfTwo", [v], "multiply(x0, 0.125)") { b, x in try b.divide(x[0], b.constant(8, .f64)) },
    Case("dotOfTranspose", [m, m], "dot[lhsContracting:0](x0, x1)") { b, x in
      try b.dot(b.transpose(x[0], [1, 0]), x[1])
    },
    Case("dotOfTranspose", [m, m], "dot[rhsContracting:1](x0, x1)") { b, x in
      try b.dot(x[0], b.transpose(x[1], [1, 0]))
    },
    Case("transposeOfDot", [m, "f64[3,4]"], "dot[lhsContracting:0 rhsContracting:1](x1, x0)") { b, x in
      try b.transpose(b.dot(x[0], x[1]), [1, 0])
    },
    Case(
      "transposeOfDot", ["f64[5,2,3]", "f64[5,3,4]"],
      "dot[lhsBatch:0 rhsBatch:0 rhsContracting:2](x1, x0)"
    ) { b, x in
      let product = try b.dot(
        x[0], x[1], lhsBatch: [0], rhsBatch: [0], lhsContracting: [2], rhsContracting: [1])
      return try b.transpose(product, [0, 2, 1])
    },
    Case("fma", [v, v, v], "fma(x0, x1, x2)") { b, x in try b.add(x[2], b.multiply(x[0], x[1])) },
    Case("addOfScatter", ["f64[5]", "i32[2]", "f64[2]"], "scatterAdd[axis:0](x0, x1, x2)") { b, x in
      try b.add(x[0], b.scatterAdd(b.zeros([5], .f64), x[1], x[2], axis: 0))
    },
    Case("subtractOfScatter", ["f64[5]", "i32[2]", "f64[2]"], "scatterAdd[axis:0](x0, x1, negate(x2))") { b, x in
      try b.subtract(x[0], b.scatterAdd(b.zeros([5], .f64), x[1], x[2], axis: 0))
    },
    Case(
      "scaledScatter", ["f64[]", "i32[2]", "f64[2]"], "scatterAdd[axis:0](broadcast[shape:5](0), x1, multiply(x0, x2))"
    ) { b, x in try b.multiply(x[0], b.scatterAdd(b.zeros([5], .f64), x[1], x[2], axis: 0)) },
    Case(
      "convOfSpreadInput", ["f64[2,3,4]", "f64[2,3,1]"],
      "pad[low:0,0,1 high:0,0,2 interior:0,0,2](conv[geometry:strides:1 low:0 high:0 dilation:1 i"
        + "nputDilation:1 groups:1](x0, x1))"
    ) { b, x in
      try b.conv(x[0], x[1], ConvGeometry(rank: 1, low: [1], high: [2], inputDilation: [3]))
    },
    Case(
      "convOfSpreadInput", ["f64[2,3,4]", "f64[2,3,3]"],
      "reshape[shape:2,2,8](transpose[permutation:0,1,3,2](reshape[shape:2,2,2,4](conv[geometry:s"
        + "trides:1 low:0 high:1 dilation:1 inputDilation:1 groups:1](x0, reshape[shape:4,3,2](transp"
        + "ose[permutation:0,3,1,2](reverse[axes:3](reshape[shape:2,3,2,2](pad[low:0,0,0 high:0,0,1]("
        + "x1)))))))))"
    ) { b, x in
      try b.conv(x[0], x[1], ConvGeometry(rank: 1, low: [1], high: [2], inputDilation: [2]))
    },
  ]
}
