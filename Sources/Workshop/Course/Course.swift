import Jacquard

/// The exercises, in the order of the course.
enum Course {
  static let exercises: [any Exercise] = [
    PerceptronByHand(),
    TrainedPerceptron(),
    HiddenActivations(),
    LatentPlane(),
    WordEmbeddings(),
    GradientThreeWays(),
    BackwardFormulas(),
    PlainDescent(),
    Optimizers(),
    CurveShapes(),
    LikelihoodAndDivergence(),
    VariationalAutoencoder(),
    SpiralDiffusion(),
    ImageDiffusion(),
    PerceptronAgainstConvolution(),
    MessagePassingByHand(),
    SelfAttention(),
    SparsityAndDropout(),
    PolynomialFits(),
    Calibration(),
    RotatedImages(),
    OutOfDistribution(),
    AdversarialExamples(),
    ValidationAndShift(),
  ]

  /// The exercises that a text names: `2.1`, `day2.1`, `day2` or `all`.
  ///
  /// - Throws: `Diagnostic` that lists the exercises if there is none.
  static func select(_ text: String) throws -> [any Exercise] {
    if text == "all" { return exercises }
    let name = text.hasPrefix("day") ? String(text.dropFirst(3)) : text
    let isDay = text.hasPrefix("day") && !name.contains(".")
    let found = exercises.filter { isDay ? String($0.day) == name : $0.id == name }
    if found.isEmpty {
      let ids = exercises.map(\.id).joined(separator: ", ")
      throw Diagnostic("there is no exercise '\(text)'; there are day1 to day5, all, and \(ids)")
    }
    return found
  }
}
