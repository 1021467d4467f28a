import JacquardIR

extension Scan: BatchableOperation {
  /// The trips stay, and each works on the whole batch.
  public func batch(_ context: BatchingContext) throws -> [Batched] {
    let builder = context.builder
    let flags = try context.carriedFlags(context.graphs[0], context.inputs.map(\.isBatched), carried: carried)
    let body = try context.subGraph(context.graphs[0], flags, outputs: Array(flags.prefix(carried)))
    let operands = try context.inputs.indices.map { index in
      let value = flags[index] ? try context.batched(index) : context.inputs[index].value
      let isCut = flags[index] && (carried..<carried + scanned).contains(index)
      return isCut ? try builder.movingAxis(value, from: 0, to: 1) : value
    }
    let results = try builder.append(self, operands, graphs: [body.graph])
    return try results.enumerated().map { index, value in
      if index < carried { return Batched(value, isBatched: flags[index]) }
      let isBatched = body.isBatched[index]
      return Batched(isBatched ? try builder.movingAxis(value, from: 0, to: 1) : value, isBatched: isBatched)
    }
  }
}
