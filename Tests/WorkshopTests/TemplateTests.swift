import Foundation
import Testing

@testable import Workshop

/// The packages that a learner fills in, and what `check` says of them.
@Suite struct TemplateTests {
  private static let formulas = BackwardSolution().formulas

  private static func scaled(_ values: Values, _ factor: Double) -> Values {
    Values(rows: values.rows, columns: values.columns, elements: values.elements.map { $0 * factor })
  }

  @Test func rightFormulasHaveNoFault() {
    for formula in Self.formulas { #expect(formula.fault(formula.expected) == nil) }
  }

  @Test func mistakesAreNamed() throws {
    for formula in Self.formulas {
      let right = formula.expected
      let turned = Values(rows: right.columns, columns: right.rows, elements: right.elements)
      var changed = right
      changed.elements[1] += 1
      let cases: [(Values?, String)] = [
        (nil, "not filled in"), (Self.scaled(right, -1), "sign"), (Self.scaled(right, 5), "1/N is missing"),
        (Self.scaled(right, -5), "sign is wrong, and"), (Self.scaled(right, 0.2), "1/N stands once too often"),
        (Self.scaled(right, 3), "3.0"), (turned, "shape"), (changed, "element [0, 1]"),
      ]
      for (found, part) in cases {
        let fault = try #require(formula.fault(found))
        #expect(fault.contains(part), "\(formula.name): \(fault)")
      }
      for mistake in formula.mistakes { #expect(formula.fault(mistake.values) == mistake.what) }
    }
  }

  /// The whole way: a new package, one formula filled in wrongly, one rightly.
  @Test func packagesAreBuiltAndChecked() throws {
    let folder = try TestFolder()
    let package = "\(folder.path)/package"
    #expect(workshop("new", "2.2", "--to", package).status == 0)
    #expect(workshop("new", "2.2", "--to", package).status == 2, "a folder that is not empty is left alone")
    let file = "\(package)/Sources/Backward/Formulas.swift"
    var text = try String(contentsOfFile: file, encoding: .utf8)
    text = text.replacing(
      "outputBias(dZ2: Matrix) -> Matrix? {\n    nil",
      with:
        "outputBias(dZ2: Matrix) -> Matrix? {\n    Matrix(1, dZ2.columns) { _, j in (0..<dZ2.rows).reduce(0) { $0 + dZ2[$1, j] } }"
    )
    text = text.replacing(
      "labels: [Int]) -> Matrix? {\n    nil",
      with: "labels: [Int]) -> Matrix? {\n    Matrix(p.rows, p.columns) { p[$0, $1] - (labels[$0] == $1 ? 1 : 0) }")
    try text.write(toFile: file, atomically: true, encoding: .utf8)
    let outcome = workshop("check", package)
    #expect(outcome.status == 1, "\(outcome.errors)")
    let output = outcome.output
    #expect(output.contains("outputBias: right"), "\(output)")
    #expect(output.contains("outputDelta: the factor 1/N is missing"))
    #expect(output.contains("hiddenDelta: not filled in yet"))
  }

  @Test func wrongUseIsOneLine() {
    for outcome in [workshop("new", "1.1", "--to", "/nowhere"), workshop("check", "/nowhere")] {
      #expect(outcome.status == 2 && outcome.errors.split(separator: "\n").count == 1, "\(outcome.errors)")
    }
  }
}
