/// How well scores tell positives from negatives, whatever threshold is chosen.
public struct RankingCurve: Sendable {
  /// Of each threshold from the highest score down: the share of negatives, and of positives, at or above it.
  public let falsePositiveRates: [Double]
  /// See `falsePositiveRates`; both begin with 0.
  public let truePositiveRates: [Double]
  /// The probability that a positive scores higher than a negative, ties counted half: the area under the curve by
  /// midranks (Mann, Whitney 1947). NaN without positives or without negatives.
  public let auroc: Double

  /// - Parameter scores: High for positives; NaN counts as lowest.
  public init(scores: [Double], isPositive: [Bool]) {
    let pairs = zip(scores, isPositive).map { ($0.isNaN ? -Double.infinity : $0, $1) }.sorted { $0.0 > $1.0 }
    let positives = pairs.count { $0.1 }
    let negatives = pairs.count - positives
    var (falses, trues, area) = ([0], [0], 0.0)
    var index = 0
    while index < pairs.count {
      var (tiedFalse, tiedTrue) = (0, 0)
      let score = pairs[index].0
      while index < pairs.count && pairs[index].0 == score {
        if pairs[index].1 { tiedTrue += 1 } else { tiedFalse += 1 }
        index += 1
      }
      let (oldTrue, oldFalse) = (trues[trues.count - 1], falses[falses.count - 1])
      area += Double(tiedFalse) * (Double(oldTrue) + Double(tiedTrue) / 2)
      trues.append(oldTrue + tiedTrue)
      falses.append(oldFalse + tiedFalse)
    }
    auroc = area / (Double(positives) * Double(negatives))
    falsePositiveRates = falses.map { Double($0) / Double(negatives) }
    truePositiveRates = trues.map { Double($0) / Double(positives) }
  }

  /// The least share of negatives that is let through when at least `rate` of the positives are: FPR95 at 0.95.
  public func falsePositiveRate(atTruePositiveRate rate: Double = 0.95) -> Double {
    let first = truePositiveRates.firstIndex { $0 >= rate }
    return first.map { falsePositiveRates[$0] } ?? .nan
  }
}
