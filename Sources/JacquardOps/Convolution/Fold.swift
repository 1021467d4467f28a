import JacquardCore
import JacquardIR

/// Columns of windows added up to an image (col2im).
public struct Fold: CompositeOperation {
  public static let name = "fold"
  public static let doc = OperationDoc(
    "Adds columns of windows up to an image of the given spatial sizes (col2im): the adjoint of unfold.",
    formula: "y[n, c, i] = the sum of x[n, c * K + k, l] over all k and l whose element is i, K the window's elements",
    constraints: [
      "c1: the operand is numeric, with 3 axes: batch, channels times the window's elements, windows",
      "c2: sizes, window and geometry have one entry a spatial axis, 1 to 3 of them; all positive, sizes and windows under "
        + "2^24, groups and input dilation 1",
      "c3: the number of rows is a multiple of the window's elements, that of columns is the number of windows",
      "c4: the window fits into the padded image", WindowShifts.limitDoc,
    ],
    conventions: ["what falls into the padding is dropped"])

  public static let samples = [
    OperationSample(Fold(sizes: [4, 5], window: [2, 3], ConvGeometry(rank: 2)), [.uniform("f32[2,12,9]", -2, 2)]),
    OperationSample(
      Fold(
        sizes: [5, 4], window: [2, 2],
        ConvGeometry(rank: 2, strides: [2, 1], low: [1, 0], high: [0, 2], dilation: [1, 2])),
      [.uniform("f32[1,8,12]", -2, 2)]),
    OperationSample(
      Fold(sizes: [8], window: [3], ConvGeometry(rank: 1, strides: [2])), [.uniform("f32[2,3,3]", -2, 2)]),
    OperationSample(
      Fold(sizes: [3], window: [2], ConvGeometry(rank: 1, low: [1])), [.integers("i32[1,4,3]", -9, 9)],
      gradient: .none(reason: "integers")),
  ]
  public static let violations = [
    OperationViolation(1, Fold(sizes: [4], window: [2], ConvGeometry(rank: 1)), ["f32[1,2,3,4]"]),
    OperationViolation(1, Fold(sizes: [4], window: [2], ConvGeometry(rank: 1)), ["bool[1,2,3]"]),
    OperationViolation(2, Fold(sizes: [4, 4], window: [2], ConvGeometry(rank: 1)), ["f32[1,2,3]"]),
    OperationViolation(2, Fold(sizes: [0], window: [2], ConvGeometry(rank: 1)), ["f32[1,2,3]"]),
    OperationViolation(3, Fold(sizes: [4], window: [2], ConvGeometry(rank: 1)), ["f32[1,3,3]"]),
    OperationViolation(3, Fold(sizes: [4], window: [2], ConvGeometry(rank: 1)), ["f32[1,2,4]"]),
    OperationViolation(4, Fold(sizes: [4], window: [5], ConvGeometry(rank: 1)), ["f32[1,5,1]"]),
    OperationViolation(5, Fold(sizes: [2000], window: [1025], ConvGeometry(rank: 1)), ["f32[1,1025,976]"]),
    OperationViolation(5, Fold(sizes: [4], window: [2], ConvGeometry(rank: 1, low: [-1])), ["f32[1,2,2]"]),
  ]

  /// Of the image.
  public var sizes: [Int]
  /// Elements of a window along each spatial axis.
  public var window: [Int]
  /// How the windows lie on the image.
  public var geometry: ConvGeometry

  /// The numbers are checked where types are inferred (c2).
  public init(sizes: [Int], window: [Int], _ geometry: ConvGeometry) {
    self.sizes = sizes
    self.window = window
    self.geometry = geometry
  }

  private func output() throws -> [Int] {
    try PoolWindows(name: Self.name, window: window, geometry: geometry) { violated($0, $1) }.output(sizes)
  }

  public func inferTypes(_ context: TypeContext) throws -> [TensorType] {
    try requireOperands(1, context)
    let x = context.inputs[0]
    try require(1, x.dtype.isNumeric && x.shape.rank == 3, "not defined for \(x)")
    let fits = sizes.count == window.count && (1...3).contains(window.count) && geometry.isWellFormed(window.count)
    let plain = geometry.groups == 1 && geometry.inputDilation.allSatisfy { $0 == 1 }
    let possible = (sizes + window).allSatisfy { (1..<1 << 24).contains($0) }
    try require(
      2, fits && plain && possible, "sizes \(sizes), window \(window) and geometry \(geometry) are impossible")
    let count = try Shape(output().map { Dim($0) }).elementCount()
    try require(5, WindowShifts.fits(window, geometry), "a window of \(window), \(geometry)")
    guard let channels = try x.shape[1].dividedExactly(by: Dim(window.product)), x.shape[2] == count else {
      throw violated(3, "\(x) does not hold \(count) windows of \(window)")
    }
    return [TensorType(x.dtype, Shape([x.shape[0], channels] + sizes.map { Dim($0) }))]
  }

  public func decompose(_ builder: GraphBuilder, _ inputs: [ValueID]) throws -> [ValueID] {
    let (shape, output) = (builder.shape(inputs[0]), try output())
    guard let channels = try shape[1].dividedExactly(by: Dim(window.product)) else {
      throw violated(3, "\(shape) does not hold windows of \(window)")
    }
    let shifts = WindowShifts(window: window, geometry: geometry, input: sizes, output: output)
    let parts = try builder.reshape(inputs[0], [shape[0], channels, Dim(window.product), shape[2]])
    var total: ValueID?
    for (index, shift) in shifts.all.enumerated() {
      let part = try builder.slice(parts, axis: 2, from: Dim(index), to: Dim(index + 1))
      let values = try builder.reshape(part, Shape([shape[0], channels] + output.map { Dim($0) }))
      let placed = try shifts.placed(values, shift, builder)
      total = try total.map { try builder.add($0, placed) } ?? placed
    }
    guard let total else { throw violated(2, "the window is empty") }
    return [try shifts.cropped(total, builder)]
  }
}

extension GraphBuilder {
  /// Columns of windows added up to an image of the given spatial sizes.
  public func fold(_ x: ValueID, sizes: [Int], window: [Int], _ geometry: ConvGeometry) throws -> ValueID {
    try apply(Fold(sizes: sizes, window: window, geometry), x)
  }
}
