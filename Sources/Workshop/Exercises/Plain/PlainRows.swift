import Foundation
import Jacquard

/// A float type of plain Swift with an exponential.
protocol PlainFloat: BinaryFloatingPoint, Sendable {
  static func exponential(_ x: Self) -> Self
}

extension Float: PlainFloat { static func exponential(_ x: Float) -> Float { exp(x) } }
extension Double: PlainFloat { static func exponential(_ x: Double) -> Double { exp(x) } }

/// Products of matrices and vectors in plain loops; a matrix is one array, row by row.
enum Rows {
  /// target[t + j] += factor * source[s + j] for j in 0 ..< count: one row's part of a product.
  @inline(__always)
  static func add<S: PlainFloat>(
    _ factor: S, times source: [S], from s: Int, to target: inout [S], at t: Int, count: Int
  ) {
    precondition(s >= 0 && t >= 0 && s + count <= source.count && t + count <= target.count)
    source.withUnsafeBufferPointer { source in
      target.withUnsafeMutableBufferPointer { target in
        for j in 0..<count { target[t + j] += factor * source[s + j] }
      }
    }
  }

  /// A vector times a matrix of `width` columns, added to a row. Zeros of the vector cost nothing: most pixels are.
  static func multiply<S: PlainFloat>(_ x: ArraySlice<S>, _ matrix: [S], width: Int, addingTo row: inout [S]) {
    for (i, value) in x.enumerated() where value != 0 {
      add(value, times: matrix, from: i * width, to: &row, at: 0, count: width)
    }
  }

  /// Column times row, added to a matrix: the gradient of a product by its matrix.
  static func addOuterProduct<S: PlainFloat>(_ x: ArraySlice<S>, _ row: [S], to matrix: inout [S]) {
    for (i, value) in x.enumerated() where value != 0 {
      add(value, times: row, from: 0, to: &matrix, at: i * row.count, count: row.count)
    }
  }

  static func dot<S: PlainFloat>(_ a: ArraySlice<S>, _ b: ArraySlice<S>) -> S {
    zip(a, b).reduce(0) { $0 + $1.0 * $1.1 }
  }

  /// exp(x) divided by its sum, without overflow.
  static func softmax<S: PlainFloat>(_ logits: [S]) -> [S] {
    let largest = logits.max() ?? 0
    let powers = logits.map { S.exponential($0 - largest) }
    let sum = powers.reduce(0, +)
    return powers.map { $0 / sum }
  }
}

/// Images as rows of numbers from 0 to 1, with their classes.
struct PlainImages<S: PlainFloat> {
  let pixels: [S]
  let labels: [Int]
  let width: Int

  var count: Int { labels.count }
  func row(_ index: Int) -> ArraySlice<S> { pixels[index * width..<(index + 1) * width] }

  init(pixels: [S], labels: [Int], width: Int) {
    self.pixels = pixels
    self.labels = labels
    self.width = width
  }

  /// - Throws: `Diagnostic` if there are no images and labels.
  init(_ data: DataSet) throws {
    pixels = try data.images().elements(Float.self).map { S($0) }
    labels = try data.integers("label")
    width = labels.isEmpty ? 0 : pixels.count / labels.count
  }

  /// The share of rows whose largest logit is their label's.
  func accuracy(_ logits: (ArraySlice<S>) -> [S]) -> Proportion {
    let predicted = (0..<count).map { index in
      let values = logits(row(index))
      return values.indices.max { values[$0] < values[$1] } ?? 0
    }
    return Proportion(correct: predicted, labels)
  }
}
