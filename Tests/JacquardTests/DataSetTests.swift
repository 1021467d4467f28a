import Foundation
import Jacquard
import Testing

@Suite struct DataSetTests {
  private func numbers(_ count: Int) throws -> DataSet {
    let images = try HostTensor((0..<count * 6).map { UInt8(truncatingIfNeeded: $0) }, [count, 2, 3])
    let labels = try HostTensor((0..<count).map { UInt8($0 % 10) }, [count])
    return try DataSet("numbers", [DataSet.Column("image", images), DataSet.Column("label", labels)])
  }

  @Test func batchesMeetEveryExampleOnce() throws {
    let data = try numbers(103)
    let cases: [(Int, Remainder, [Int])] = [
      (10, .keep, [Int](repeating: 10, count: 10) + [3]), (10, .drop, [Int](repeating: 10, count: 10)),
      (103, .keep, [103]), (200, .keep, [103]), (200, .drop, []), (0, .keep, [Int](repeating: 1, count: 103)),
    ]
    for (size, remainder, expected) in cases {
      for shuffle in [Shuffle.none, .seeded(4)] {
        let batches = data.batches(size, shuffle: shuffle, remainder: remainder)
        #expect(batches.map(\.count) == expected, "\(size) \(remainder) \(shuffle)")
        #expect(batches.count == expected.count)
        let rows = batches.flatMap(\.rows)
        #expect(Set(rows).count == rows.count)
      }
    }
  }

  @Test func rowsByPosition() throws {
    let data = try numbers(20)
    let chosen = try data.rows([13, 2, 2])
    #expect(chosen.count == 3 && chosen.signature == data.signature)
    #expect(try chosen.integers("label") == [3, 2, 2])
    #expect(chosen["image"]?.values.elements(UInt8.self) == [78...83, 12...17, 12...17].flatMap { Array($0) })
    #expect(try data.rows([]).count == 0)
    for positions in [[20], [0, -1]] {
      #expect(throws: Diagnostic.self, "\(positions)") { try data.rows(positions) }
    }
  }

  @Test func ordersFollowFromSeedAndEpoch() {
    let order = Shuffle.seeded(7).order(count: 1000, epoch: 2)
    #expect(order == Shuffle.seeded(7).order(count: 1000, epoch: 2))
    #expect(order != Shuffle.seeded(7).order(count: 1000, epoch: 3))
    #expect(order != Shuffle.seeded(8).order(count: 1000, epoch: 2))
    #expect(order.sorted() == Array(0..<1000))
    let unmoved = order.enumerated().filter { $0.offset == Int($0.element) }.count
    #expect(unmoved < 10, "a shuffle leaves about one element in place, not \(unmoved)")
    let key = Philox(seed: 7).folded(2)
    var slow = Array(Int32(0)..<1000)
    for i in stride(from: 999, to: 0, by: -1) { slow.swapAt(i, Int((UInt64(key.word(i)) * UInt64(i + 1)) >> 32)) }
    #expect(order == slow, "the order is that of the documented formula")
    let places = (0..<2000).map { Shuffle.seeded($0).order(count: 5, epoch: 0)[0] }
    for value in Int32(0)..<5 {
      let share = places.filter { $0 == value }.count
      #expect((320...480).contains(share), "\(value) is first \(share) times of 2000")
    }
  }

  @Test func batchesConvert() throws {
    let data = try numbers(4)
    let batch = Array(data.batches(3))[1]
    #expect(try batch.raw("image").type == "u8[1,2,3]")
    #expect(try batch.images().elements(Float.self) == (18..<24).map { Float($0) * Float(1.0 / 255) })
    #expect(try batch.labels().elements(Int32.self) == [3])
    #expect(throws: Diagnostic.self) { try batch.raw("nothing") }
  }

  @Test func columnsMustFitEachOther() {
    let cases: [([DataSet.Column], String)] = [
      ([], "set: has no columns"),
      ([DataSet.Column("a", HostTensor(Float(1)))], "set: column 'a' is a single number"),
    ]
    for (columns, expected) in cases {
      do {
        _ = try DataSet("set", columns)
        Issue.record("no error: \(expected)")
      } catch {
        #expect("\(error)" == expected)
      }
    }
  }

  @Test func tablesBecomeColumns() throws {
    let folder = try TemporaryFolder()
    try AtomicFile.write("age,height,kind\n1,1.5,cat\n2,0.5,dog\n3,2.5,cat\n", to: folder("t.csv"))
    let data = try DataSplits.load(folder("t.csv")).train
    #expect(data.signature == "age i64[], height f64[], kind i32[]")
    #expect(data["kind"]?.classes == ["cat", "dog"])
    #expect(try data.column("age,height").values.elements(Float.self) == [1, 1.5, 2, 0.5, 3, 2.5])
    do {
      _ = try data.column("weight")
      Issue.record("no error")
    } catch {
      #expect("\(error)".hasSuffix("has no column 'weight'; its columns are age i64[], height f64[], kind i32[]"))
    }
  }

  @Test func arraysBecomeColumns() throws {
    let folder = try TemporaryFolder()
    try Npy.write(try HostTensor([1, 2, 3, 4] as [Float], [2, 2]), to: folder("x.npy"))
    try Npy.write(try HostTensor([0, 1] as [Int64], [2]), to: folder("y.npy"))
    let data = try DataSplits.load("x=\(folder("x.npy")),y=\(folder("y.npy"))").train
    #expect(data.signature == "x f32[2], y i64[]")
  }

  @Test func idxFoldersLoad() throws {
    let folder = try TemporaryFolder()
    func idx(_ name: String, _ sizes: [Int], _ values: [UInt8]) throws {
      let header: [UInt8] = [0, 0, 8, UInt8(sizes.count)] + sizes.flatMap { [0, 0, 0, UInt8($0)] as [UInt8] }
      try AtomicFile.write(header + values, to: folder(name))
    }
    try idx("train-images-idx3-ubyte", [2, 1, 2], [1, 2, 3, 4])
    try idx("train-labels-idx1-ubyte", [2], [7, 9])
    try idx("t10k-images-idx3-ubyte", [1, 1, 2], [5, 6])
    try idx("t10k-labels-idx1-ubyte", [1], [3])
    let splits = try DataSplits.load(folder.path)
    #expect(splits.train.signature == "image u8[1,2], label u8[]")
    #expect(splits.test?.count == 1)
    #expect(try DataSplits.load("mnist", dataFolder: folder.path).train.count == 2)
    do {
      _ = try DataSplits.load("nowhere-set", dataFolder: folder.path)
      Issue.record("no error")
    } catch {
      #expect("\(error)".hasPrefix("data set 'nowhere-set' is in none of \(folder.path)"), "\(error)")
    }
  }
}
