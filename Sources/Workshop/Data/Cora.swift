import Jacquard

/// The citation graph Cora with the split of Planetoid (Yang, Cohen, Salakhutdinov 2016).
struct Cora {
  /// 2,708.
  let nodes: Int
  /// 1,433 binary words a node, rows not normalised: `f32[nodes, words]`.
  let features: HostTensor
  /// Directed edges, both ways of each citation: `i32[2, edges]`.
  let edges: HostTensor
  /// Seven classes: `i32[nodes]`.
  let labels: [Int32]
  /// Node indices.
  let train: [Int32]
  let validation: [Int32]
  let test: [Int32]

  static let words = 1433

  /// - Throws: `Diagnostic` if a file is absent or damaged.
  init(folder: String) throws {
    func numbers(_ name: String) throws -> HostTensor { try Npy.read("\(folder)/\(name).npy") }
    func list(_ name: String) throws -> [Int32] {
      let tensor = try numbers(name)
      return (0..<tensor.count).map { Int32(truncatingIfNeeded: tensor[linear: $0].asInt) }
    }
    labels = try list("labels")
    (train, validation, test) = (try list("train"), try list("val"), try list("test"))
    nodes = labels.count
    edges = try numbers("edges")
    let ones = try list("feature_index")
    var values = [Float](repeating: 0, count: nodes * Cora.words)
    let half = ones.count / 2
    for (row, column) in zip(ones.prefix(half), ones.suffix(half)) {
      guard (0..<nodes).contains(Int(row)), (0..<Cora.words).contains(Int(column)) else {
        throw Diagnostic("has an index beyond \(nodes) x \(Cora.words)", place: "\(folder)/feature_index.npy")
      }
      values[Int(row) * Cora.words + Int(column)] = 1
    }
    features = try HostTensor(values, [nodes, Cora.words])
  }
}

extension CourseData {
  /// Cora, if it is in the folder `cora` of the data folder. - Throws: `Diagnostic` if a file is damaged.
  func cora() throws -> Cora? { try path("cora").map { try Cora(folder: $0) } }
}
