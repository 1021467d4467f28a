import JacquardCore

/// How near a value must be to its reference: |a - r| <= atol + rtol |r| for floats; whole numbers and truth values are equal.
/// NaN agrees with NaN.
public struct Agreement: Hashable, Sendable {
  /// rtol. Nil for what one step of a computation may be off, by type: 1e-4 of f32, 1e-9 of f64, a few units of narrower types.
  public var relative: Double?
  /// atol. Nil for rtol times the largest |r| of the tensor: of a sum that cancels an element says nothing of its terms.
  public var absolute: Double?
  /// The share of whole numbers and truth values that may differ: one that follows from a comparison of floats may fall the other way.
  public var flips: Double

  /// These tolerances; without any, those of one step.
  public init(relative: Double? = nil, absolute: Double? = nil, flips: Double = 0) {
    self.relative = relative
    self.absolute = absolute
    self.flips = flips
  }

  /// Nothing but equal values.
  public static let exact = Agreement(relative: 0, absolute: 0)
  /// For a pass or a kernel judged by what it was given.
  public static let ofOneStep = Agreement(flips: 1e-4)

  /// Whether rounding may excuse more: unless tolerances are given.
  var allowsNoise: Bool { relative == nil && absolute == nil }

  /// rtol and atol for values near a reference.
  func tolerances(_ reference: HostTensor) -> (relative: Double, absolute: Double) {
    guard reference.dtype.isFloat else { return (0, 0) }
    let relative = relative ?? Agreement.relative(reference.dtype)
    if let absolute { return (relative, absolute) }
    if relative == 0 { return (0, 0) }
    let sizes = (0..<reference.count).lazy.map { abs(reference[linear: $0].asDouble) }.filter(\.isFinite)
    return (relative, relative * (sizes.max() ?? 0))
  }

  private static func relative(_ dtype: DType) -> Double {
    switch dtype {
    case .f64: 1e-9
    case .f16: 0x1p-8
    case .bf16: 0x1p-5
    default: 1e-4
    }
  }
}

/// How far two tensors of one type are from each other.
public struct TensorDifference: Hashable, Sendable {
  /// A place at which the two were compared.
  public struct Element: Hashable, Sendable {
    /// In row-major order.
    public var position: Int
    /// As a double, whatever the type.
    public var value: Double
    /// The same of the other tensor.
    public var reference: Double
  }

  /// The largest |a - r|; infinite where one of two is NaN, or they are different infinities.
  public private(set) var absolute = 0.0
  /// The largest |a - r| / max(|a|, |r|).
  public private(set) var relative = 0.0
  /// How many elements are further off than the agreement allows one to be.
  public private(set) var beyond = 0
  /// The first of them.
  public private(set) var first: Element?
  /// Elements in all.
  public let count: Int
  /// Of those, as many may be beyond.
  private let allowed: Int

  /// Whether the tensors agree.
  public var isAgreement: Bool { beyond <= allowed }

  /// - Parameters:
  ///   - value: of the type of `reference`.
  ///   - agreement: what is near enough.
  public init(_ value: HostTensor, _ reference: HostTensor, within agreement: Agreement) {
    self.init(value, reference, within: agreement, noise: nil)
  }

  /// - Parameter noise: how far rounding moves each element.
  init(_ value: HostTensor, _ reference: HostTensor, within agreement: Agreement, noise: RoundingNoise?) {
    count = reference.count
    let (rtol, atol) = agreement.tolerances(reference)
    func tolerance(_ size: Double) -> Double { size.isFinite ? atol + rtol * size : 0 }
    let flips = reference.dtype.isFloat ? 0 : Int(agreement.flips * Double(count))
    allowed = flips + (noise?.count { $0 > tolerance(abs(reference[linear: $1].asDouble)) } ?? 0)
    if value == reference { return }
    for position in 0..<min(count, value.count) {
      let (x, y) = (value[linear: position], reference[linear: position])
      let (a, r) = (x.asDouble, y.asDouble)
      if x == y || (a.isNaN && r.isNaN) { continue }
      // Whole numbers may be too large for a Double to tell them apart.
      let apart = reference.dtype.isFloat ? abs(a - r) : max(abs(a - r), 1)
      let distance = a.isFinite && r.isFinite ? apart : .infinity
      absolute = max(absolute, distance)
      relative = max(relative, distance.isFinite ? distance / max(abs(a), abs(r), .leastNonzeroMagnitude) : .infinity)
      if distance <= tolerance(abs(r)) + (noise?.slack(position) ?? 0) { continue }
      beyond += 1
      if first == nil { first = Element(position: position, value: a, reference: r) }
    }
  }
}
