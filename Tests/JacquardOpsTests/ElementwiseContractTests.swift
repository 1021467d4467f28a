import JacquardCore
import JacquardIR
import JacquardKernels
import JacquardOps
import Testing

/// What every operation of the two lists must hold: samples that infer, constraints that are enforced, attributes that
/// can be read back, kernels of the right types.
@Suite struct ElementwiseContractTests {
  static let operations = ElementwiseOperations.all + CompositeOperations.all

  @Test func namesAreDistinct() {
    let names = Self.operations.map { $0.name }
    #expect(Set(names).count == names.count)
  }

  @Test func samplesInferAndAttributesReadBack() throws {
    for type in Self.operations {
      #expect(!type.samples.isEmpty, "\(type.name)")
      for sample in type.samples {
        #expect(throws: Never.self, "\(type.name)") {
          _ = try sample.operation.inferTypes(TypeContext(sample.inputs.map(\.type)))
        }
        let back = try OperationRegistry([type]).decode(type.name, attributes: sample.operation.attributes())
        #expect(AnyHashable(back) == AnyHashable(sample.operation), "\(type.name)")
      }
    }
  }

  @Test func constraintsAreEnforced() {
    for type in Self.operations {
      let tested = Set(type.violations.map(\.constraint))
      #expect(tested == Set(1...max(1, type.doc.constraints.count)) || type.doc.constraints.isEmpty, "\(type.name)")
      for (index, text) in type.doc.constraints.enumerated() { #expect(text.hasPrefix("c\(index + 1): ")) }
      for violation in type.violations {
        let error = #expect(throws: Diagnostic.self) {
          _ = try violation.operation.inferTypes(TypeContext(violation.inputs))
        }
        #expect(error?.constraint == "\(type.name).c\(violation.constraint)", "\(violation.inputs)")
      }
    }
  }

  @Test func wrongNumbersOfOperandsAreRefused() {
    for type in Self.operations {
      guard let sample = type.samples.first else { continue }
      let inputs = sample.inputs.map(\.type)
      for wrong in [[], Array(inputs.dropLast()), inputs + inputs] where wrong.count != inputs.count {
        #expect(throws: Diagnostic.self, "\(type.name) with \(wrong.count)") {
          _ = try sample.operation.inferTypes(TypeContext(wrong))
        }
      }
    }
  }

  @Test func kernelsGiveTheInferredType() throws {
    for type in ElementwiseOperations.all {
      for sample in type.samples {
        let output = try sample.operation.inferTypes(TypeContext(sample.inputs.map(\.type)))[0]
        let context = LoweringContext()
        let inputs = sample.inputs.enumerated().map {
          context.buffer("x\($0)", $1.type.dtype, $1.type.shape.sizes ?? [])
        }
        let result = context.buffer("y", output.dtype, output.shape.sizes ?? [])
        context.begin(NodeID(0), inputs: inputs, outputs: [result], graphs: [])
        try sample.operation.lower(context)
        guard case .loops(let nests) = context.program.kernels.first?.kind else {
          Issue.record("\(type.name) emits no loops")
          continue
        }
        let body = nests[0].stages[0]
        #expect(body.body[body.stores[0].value].dtype == output.dtype, "\(type.name)")
        #expect(nests[0].outer == output.shape.sizes, "\(type.name)")
      }
    }
  }

  @Test func symbolsStay() throws {
    let builder = GraphBuilder(name: "symbols")
    let logits = try builder.input("logits", "f32[N,10]")
    let labels = try builder.input("labels", "i32[N]")
    let scale = try builder.input("scale", "f32[10]")
    let normal = try builder.layerNorm(builder.relu(logits), scale: scale, bias: scale)
    #expect(builder.type(normal) == "f32[N,10]")
    #expect(builder.type(try builder.logSumExp(normal)) == "f32[N]")
    for reduction in LossReduction.allCases {
      let loss = try builder.crossEntropy(logits: normal, labels: labels, reduction: reduction)
      #expect(builder.type(loss) == (reduction == .none ? "f32[N]" : "f32[]"))
    }
  }
}
