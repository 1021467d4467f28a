import JacquardCore
import JacquardIR
import JacquardOps
import Testing

/// What every operation of the standard registry must hold.
@Suite struct StructuralContractTests {
  static let operations = OperationRegistry.standard.operations

  @Test func theRegistryHoldsEveryListOnce() {
    let lists = StructuralOperations.all.count + ElementwiseOperations.all.count + CompositeOperations.all.count
    #expect(Self.operations.count == lists)
    #expect(Set(Self.operations.map { $0.name }).count == lists)
  }

  @Test func everyConstraintHasAViolation() {
    for type in Self.operations {
      let numbers = Set(type.violations.map(\.constraint))
      #expect(numbers == Set(type.doc.constraints.indices.map { $0 + 1 }), "\(type.name)")
      for (index, text) in type.doc.constraints.enumerated() {
        #expect(text.hasPrefix("c\(index + 1): "), "\(type.name): \(text)")
      }
    }
  }

  @Test func violationsHaveTheirTag() {
    for type in Self.operations {
      for violation in type.violations {
        let context = TypeContext(violation.inputs, graphs: violation.graphs)
        let place = "\(type.name).c\(violation.constraint) \(violation.inputs)"
        let error = #expect(throws: Diagnostic.self, "\(place)") {
          _ = try violation.operation.inferTypes(context)
        }
        #expect(error?.constraint == "\(type.name).c\(violation.constraint)", "\(place): \(error?.message ?? "")")
      }
    }
  }

  /// Files may give any number of operands and sub-graphs to any operation.
  @Test func wrongNumbersOfOperandsAreRefused() {
    for type in Self.operations {
      // These take any number but none.
      let open = type == Concat.self || type == Barrier.self
      for sample in type.samples {
        let right = sample.inputs.map(\.type)
        let others: [[TensorType]] = open ? [[]] : [[], right.dropLast(), right + ["bool[9,9]"]]
        for wrong in others where wrong.count != right.count {
          #expect(throws: Diagnostic.self, "\(type.name) with \(wrong)") {
            _ = try sample.operation.inferTypes(TypeContext(wrong, graphs: sample.graphs))
          }
        }
        let twice = sample.graphs + [GraphBuilder(name: "none").graph]
        #expect(throws: Diagnostic.self, "\(type.name) with \(twice.count) sub-graphs") {
          _ = try sample.operation.inferTypes(TypeContext(right, graphs: twice))
        }
      }
    }
  }

  @Test func typesAreThoseOfTheReference() throws {
    for type in Self.operations {
      #expect(!type.samples.isEmpty, "\(type.name)")
      for sample in type.samples {
        let inputs = try StructuralDraw.inputs(sample)
        let types = try sample.operation.inferTypes(TypeContext(inputs.map(\.type), graphs: sample.graphs))
        let context = ReferenceContext(inputs, outputs: types, graphs: sample.graphs)
        #expect(try sample.operation.reference(context).map(\.type) == types, "\(type.name) of \(inputs.map(\.type))")
      }
    }
  }

  @Test func attributesReadBack() throws {
    for type in Self.operations {
      for sample in type.samples {
        let fields = try sample.operation.attributes()
        let back = try OperationRegistry.standard.decode(type.name, attributes: fields)
        #expect(AnyHashable(back) == AnyHashable(sample.operation), "\(type.name): \(fields)")
        #expect(!fields.contains { type.defaults.contains($0) }, "\(type.name): \(fields)")
      }
    }
  }
}
