import Jacquard

/// Nodes with a class each, and edges that mostly stay within a class: data of 4.2.
struct NodeClassification {
  /// `f32[nodes, width]`.
  let features: HostTensor
  /// Both ways of each edge: `i32[2, edges]`.
  let edges: HostTensor
  let labels: [Int32]
  /// Node indices.
  let train: [Int32]
  let test: [Int32]

  var nodes: Int { labels.count }
  var width: Int { features.sizes[1] }
  var classes: Int { Int(labels.max() ?? 0) + 1 }

  init(features: HostTensor, edges: HostTensor, labels: [Int32], train: [Int32], test: [Int32]) {
    (self.features, self.edges, self.labels) = (features, edges, labels)
    (self.train, self.test) = (train, test)
  }

  /// Cora; each node's words add up to 1.
  init(_ cora: Cora) throws {
    var words = cora.features.elements(Float.self)
    for row in 0..<cora.nodes {
      let range = row * Cora.words..<(row + 1) * Cora.words
      let total = max(1, words[range].reduce(0, +))
      for index in range { words[index] /= total }
    }
    let features = try HostTensor(words, [cora.nodes, Cora.words])
    self.init(features: features, edges: cora.edges, labels: cora.labels, train: cora.train, test: cora.test)
  }

  /// Four communities of 60 nodes (a stochastic block model: two of a community know each other with probability 0.1, others
  /// with 0.01); 16 noisy numbers a node, one of which hints at its community; five nodes of each are labelled.
  static func communities(seed: Int) throws -> NodeClassification {
    let (size, count, width) = (60, 4, 16)
    let nodes = size * count
    let (key, normals) = (Philox(seed: seed).folded(42), Philox(seed: seed).folded(43))
    var (sources, targets): ([Int32], [Int32]) = ([], [])
    for a in 0..<nodes {
      for b in a + 1..<nodes where key.uniform(a * nodes + b) < (a / size == b / size ? 0.1 : 0.01) {
        sources += [Int32(a), Int32(b)]
        targets += [Int32(b), Int32(a)]
      }
    }
    let values = (0..<nodes * width).map { place in
      Float(normals.normal(place) + (place % width == place / width / size ? 1 : 0))
    }
    let all = (0..<Int32(nodes)).map { $0 }
    return NodeClassification(
      features: try HostTensor(values, [nodes, width]),
      edges: try HostTensor(sources + targets, [2, sources.count]), labels: all.map { $0 / Int32(size) },
      train: all.filter { Int($0) % size < 5 }, test: all.filter { Int($0) % size >= 5 })
  }
}
