import JacquardCore

/// A named input of a graph.
public struct Input: Hashable, Sendable {
  /// Where an input's value comes from.
  public enum Role: String, Hashable, Sendable, Codable {
    /// Given for each step; learned and kept between steps; kept between steps but not learned.
    case data, parameter, state
  }

  /// Unique among inputs and nodes; `/` separates the layers: `hidden/weight`.
  public var name: String
  /// Element type and shape, which may mention symbols.
  public var type: TensorType
  /// Where its value comes from.
  public var role: Role
  /// How a parameter or state starts. A parameter without one must be given; a state without one starts at zero.
  public var initializer: Initializer?
  /// How to draw a data input for `--synthetic`.
  public var sample: SampleHint?
  /// What a data input is fed from in training.
  public var feed: FeedHint?
  /// The user's line that declared it.
  public var site: SourceSite?

  /// A data input without hints, unless told otherwise.
  public init(
    name: String, type: TensorType, role: Role = .data, initializer: Initializer? = nil,
    sample: SampleHint? = nil, feed: FeedHint? = nil, site: SourceSite? = nil
  ) {
    self.name = name
    self.type = type
    self.role = role
    self.initializer = initializer
    self.sample = sample
    self.feed = feed
    self.site = site
  }
}

/// How a parameter starts. Names and formulas are PyTorch's (`torch.nn.init`).
public struct Initializer: Hashable, Sendable, Codable {
  /// The distribution; fanIn and fanOut are those of `torch.nn.init`.
  public enum Kind: String, Hashable, Sendable, Codable, CaseIterable {
    /// 0 or 1 everywhere.
    case zeros, ones
    /// `value` everywhere.
    case constant
    /// `low ..< high`.
    case uniform
    /// `mean`, `deviation`.
    case normal
    /// U(-b, b) with b = gain * sqrt(3 / fanIn).
    case kaimingUniform
    /// N(0, gain^2 / fanIn).
    case kaimingNormal
    /// U(-b, b) with b = gain * sqrt(6 / (fanIn + fanOut)).
    case xavierUniform
    /// N(0, 2 gain^2 / (fanIn + fanOut)).
    case xavierNormal
    /// N(`mean`, `deviation`^2), drawn anew outside `low ..< high` (default -2, 2).
    case truncatedNormal
    /// A matrix of the first axis by all others whose rows, or columns if they are fewer, are orthonormal, times `gain`.
    case orthogonal
  }

  /// The distribution; the other properties are those that it uses.
  public var kind: Kind
  /// Folded with the seed of the run into the key of the draw.
  public var seed: Int?
  /// Of `constant`; default 0.
  public var value: Double?
  /// Of `uniform` (default 0) and `truncatedNormal` (default -2).
  public var low: Double?
  /// Of `uniform` (default 1) and `truncatedNormal` (default 2).
  public var high: Double?
  /// Of `normal` and `truncatedNormal`; default 0.
  public var mean: Double?
  /// Standard deviation of `normal` and `truncatedNormal`; default 1.
  public var deviation: Double?
  /// Default 1 / sqrt(3) for `kaimingUniform` (so b = 1 / sqrt(fanIn), PyTorch's default for layers), else 1.
  public var gain: Double?

  /// An initialiser; what is not given has the default of its kind.
  public init(
    _ kind: Kind, seed: Int? = nil, value: Double? = nil, low: Double? = nil, high: Double? = nil,
    mean: Double? = nil, deviation: Double? = nil, gain: Double? = nil
  ) {
    self.kind = kind
    self.seed = seed
    self.value = value
    self.low = low
    self.high = high
    self.mean = mean
    self.deviation = deviation
    self.gain = gain
  }
}

/// How to draw a data input when no data is given.
public struct SampleHint: Hashable, Sendable, Codable {
  /// How each element is drawn.
  public enum Kind: String, Hashable, Sendable, Codable {
    /// Floats in `low ..< high` (default 0, 1).
    case uniform
    /// Mean 0, deviation 1.
    case normal
    /// Whole numbers in `low ..< high`.
    case integers
  }

  /// How each element is drawn.
  public var kind: Kind
  /// Least value that is drawn; default 0.
  public var low: Double?
  /// What every value is less than; default 1.
  public var high: Double?

  /// A hint; what is not given has the default of its kind.
  public init(_ kind: Kind, low: Double? = nil, high: Double? = nil) {
    self.kind = kind
    self.low = low
    self.high = high
  }
}

/// Which column of a data set feeds an input.
public struct FeedHint: Hashable, Sendable, Codable {
  /// The column's name; of several, separated by commas, the columns side by side.
  public var column: String
  /// Factor applied to the column's values, such as 1/255 for images of bytes.
  public var scale: Double?

  /// Feeds the column as it is unless a factor is given.
  public init(column: String, scale: Double? = nil) {
    self.column = column
    self.scale = scale
  }
}
