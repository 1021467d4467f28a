extension Template {
  /// Exercise 2.2: the five backward formulas of a network of two layers.
  static let backward = Template(
    exercise: "2.2",
    files: [
      ("Package.swift", manifest), ("README.md", readMe), ("Sources/Backward/Formulas.swift", holes),
      ("Sources/Backward/Matrix.swift", matrix), ("Sources/Backward/Network.swift", network),
      ("Sources/Backward/main.swift", program),
    ],
    formulas: { BackwardSolution().formulas })

  private static let manifest = """
    // swift-tools-version: 6.0
    import PackageDescription

    let package = Package(name: "Backward", targets: [.executableTarget(name: "Backward")])

    """

  private static let readMe = """
    # The five backward formulas

    Fill in the functions of `Sources/Backward/Formulas.swift`; the formula stands above each. Then

    ```
    swift run                  compares each with central differences
    workshop check .           says what is wrong: shape, sign, the factor 1/N, the mask
    ```

    """

  private static let holes = """
    /// The backward pass of the network X -> Z1 = X W1 + b1 -> H = max(Z1, 0) -> Z2 = H W2 + b2 -> P = softmax(Z2), whose loss is
    /// the mean over the N examples of -ln P[i, label i]. Rows are examples. Replace each `nil`.
    enum Formulas {
      /// 1. dZ2 = (P - Y) / N, where Y has a 1 at the label of each row. Shape [N, classes].
      static func outputDelta(p: Matrix, labels: [Int]) -> Matrix? {
        nil
      }

      /// 2. dW2 = transpose(H) dZ2. Shape [hidden, classes].
      static func outputWeights(h: Matrix, dZ2: Matrix) -> Matrix? {
        nil
      }

      /// 3. db2 = the sum of the rows of dZ2. Shape [1, classes].
      static func outputBias(dZ2: Matrix) -> Matrix? {
        nil
      }

      /// 4. dZ1 = (dZ2 transpose(W2)) where Z1 > 0, else 0. Shape [N, hidden].
      static func hiddenDelta(dZ2: Matrix, w2: Matrix, z1: Matrix) -> Matrix? {
        nil
      }

      /// 5. dW1 = transpose(X) dZ1. Shape [inputs, hidden].
      static func hiddenWeights(x: Matrix, dZ1: Matrix) -> Matrix? {
        nil
      }
    }

    """

  private static let matrix = """
    /// Numbers in rows and columns: m[i, j].
    struct Matrix {
      let rows: Int
      let columns: Int
      var values: [Double]

      /// All zeros, or by a rule.
      init(_ rows: Int, _ columns: Int, _ rule: (Int, Int) -> Double = { _, _ in 0 }) {
        (self.rows, self.columns) = (rows, columns)
        values = []
        for i in 0..<rows { for j in 0..<columns { values.append(rule(i, j)) } }
      }

      subscript(i: Int, j: Int) -> Double {
        get { values[i * columns + j] }
        set { values[i * columns + j] = newValue }
      }
    }

    """

  private static let network = """
    import Foundation

    /// The network on fixed numbers.
    struct Network {
      static let (examples, inputs, hidden, classes) = (5, 4, 6, 3)
      var x = Matrix(examples, inputs) { wave($0, $1, 1) }
      var w1 = Matrix(inputs, hidden) { wave($0, $1, 2) }
      var b1 = Matrix(1, hidden) { wave($0, $1, 3) }
      var w2 = Matrix(hidden, classes) { wave($0, $1, 4) }
      var b2 = Matrix(1, classes) { wave($0, $1, 5) }
      let labels = [2, 0, 1, 1, 2]

      static func wave(_ i: Int, _ j: Int, _ k: Int) -> Double { sin(Double(7 * i + 3 * j + 11 * k)) }

      func affine(_ x: Matrix, _ w: Matrix, _ b: Matrix) -> Matrix {
        Matrix(x.rows, w.columns) { i, j in (0..<x.columns).reduce(b[0, j]) { $0 + x[i, $1] * w[$1, j] } }
      }

      var z1: Matrix { affine(x, w1, b1) }
      func relu(_ z: Matrix) -> Matrix { Matrix(z.rows, z.columns) { max(z[$0, $1], 0) } }
      var h: Matrix { relu(z1) }
      var z2: Matrix { affine(h, w2, b2) }
      var p: Matrix { softmax(z2) }

      func softmax(_ z: Matrix) -> Matrix {
        Matrix(z.rows, z.columns) { i, j in
          exp(z[i, j]) / (0..<z.columns).reduce(0) { $0 + exp(z[i, $1]) }
        }
      }

      /// The loss as a function of Z2.
      func loss(_ z2: Matrix) -> Double {
        let p = softmax(z2)
        return labels.indices.reduce(0) { $0 - log(p[$1, labels[$1]]) } / Double(labels.count)
      }
    }

    """

  private static let program = """
    let network = Network()
    // Each formula gets right operands, so that a mistake shows where it is made.
    let dZ2 = central(network.z2) { network.loss($0) }
    let dZ1 = central(network.z1) { network.loss(network.affine(network.relu($0), network.w2, network.b2)) }

    /// Central differences of a function of a matrix.
    func central(_ at: Matrix, _ f: (Matrix) -> Double) -> Matrix {
      Matrix(at.rows, at.columns) { i, j in
        var (up, down) = (at, at)
        up[i, j] += 1e-5
        down[i, j] -= 1e-5
        return (f(up) - f(down)) / 2e-5
      }
    }

    func with(_ change: (inout Network) -> Void) -> Double {
      var other = network
      change(&other)
      return other.loss(other.z2)
    }

    let results: [(name: String, found: Matrix?, numerical: Matrix)] = [
      ("outputDelta", Formulas.outputDelta(p: network.p, labels: network.labels), dZ2),
      ("outputWeights", Formulas.outputWeights(h: network.h, dZ2: dZ2), central(network.w2) { w in with { $0.w2 = w } }),
      ("outputBias", Formulas.outputBias(dZ2: dZ2), central(network.b2) { b in with { $0.b2 = b } }),
      ("hiddenDelta", Formulas.hiddenDelta(dZ2: dZ2, w2: network.w2, z1: network.z1), dZ1),
      ("hiddenWeights", Formulas.hiddenWeights(x: network.x, dZ1: dZ1), central(network.w1) { w in with { $0.w1 = w } }),
    ]
    for (name, found, numerical) in results {
      if CommandLine.arguments.contains("--values") {
        let numbers = found.map { "\\($0.rows) \\($0.columns) " + $0.values.map { "\\($0)" }.joined(separator: " ") }
        print(name, numbers ?? "-")
      } else if let found {
        let fits = found.rows == numerical.rows && found.columns == numerical.columns
        let error = fits ? zip(found.values, numerical.values).map { abs($0 - $1) }.max() ?? 0 : .infinity
        print(error < 1e-7 ? "right  " : "wrong  ", name)
      } else {
        print("empty  ", name)
      }
    }

    """
}
