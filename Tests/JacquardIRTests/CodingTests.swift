import JacquardCore
import JacquardFiles
import JacquardIR
import Testing

@Suite struct JSONCodingTests {
  enum Kind: Hashable, Codable {
    case plain
    case scaled(by: Double, [Int])
  }
  struct Inner: Hashable, Codable {
    var dims: Shape
    var kind: Kind
  }
  struct Outer: Hashable, Codable {
    var zebra = 1
    var apple: String?
    var list: [Int?] = [1, nil]
    var inner: [Inner] = []
    var small: Float = 0.1
    var big: Double = .infinity
    var byName: [String: Int] = [:]
    var flags: Set<Int> = []
    var byte: UInt8 = 200
    var type: TensorType = "f32[N,2]"
    var flag = false
  }

  private let value = Outer(
    inner: [Inner(dims: [.symbol("N"), 3], kind: .scaled(by: -0.0, [1])), Inner(dims: [], kind: .plain)],
    byName: ["b": 2, "a": 1, "é": 3], flags: [3, 1, 2])

  @Test func declaredOrderAndBack() throws {
    let json = try JSONCoding.encode(value)
    #expect(
      json.text() == """
        {"zebra": 1, "list": [1, null], "inner": [{"dims": ["N", "3"], "kind": {"scaled": {"by": -0, "_1": [1]}}}, \
        {"dims": [], "kind": {"plain": {}}}], "small": 0.1, "big": "inf", "byName": {"a": 1, "b": 2, "é": 3}, \
        "flags": [1, 2, 3], "byte": 200, "type": "f32[N,2]", "flag": false}
        """)
    #expect(try JSONCoding.decode(Outer.self, from: json) == value)
    let parsed = try JSONValue.parse(json.utf8(.document), file: "p.json")
    #expect(try JSONCoding.decode(Outer.self, from: parsed) == value)
  }

  @Test func errorsNamePlaceAndKey() throws {
    let text = try JSONCoding.encode(value).text()
    let cases: [(String, String, String)] = [
      ("\"zebra\": 1", "\"zebra\": 1.5", "p.json:1:11: key 'zebra': must be an integer"),
      ("\"zebra\": 1", "\"zibra\": 1", "unknown key 'zibra'"),
      ("\"zebra\": 1, ", "", "p.json:1:1: key 'zebra' is missing"),
      ("\"byte\": 200", "\"byte\": 256", "key 'byte': 256 does not fit UInt8"),
      ("\"by\": -0", "\"by\": \"x\"", "key 'inner[0].kind.scaled.by': must be a number"),
      ("\"N\", \"3\"", "\"N\", \"3+\"", "key 'inner[0].dims[1]': '3+' is not a dimension"),
      ("\"f32[N,2]\"", "\"f32\"", "key 'type': 'f32' is not a type"),
      ("{\"plain\": {}}", "{}", "key 'inner[1].kind'"),
      ("{\"plain\": {}}", "{\"odd\": {}}", "unknown key 'odd'"),
      ("\"flag\": false", "\"flag\": 0", "key 'flag': must be true or false"),
    ]
    for (old, new, expected) in cases {
      let json = try JSONValue.parse(Array(text.replacing(old, with: new).utf8), file: "p.json")
      let line = message { _ = try JSONCoding.decode(Outer.self, from: json) } ?? "no error"
      #expect(line.hasPrefix("p.json:1:") && line.contains(expected), "\(line)")
    }
  }

  @Test func whatHasNoOrderIsRefused() {
    struct Keyed: Encodable { var map: [Int: Int] = [1: 2] }
    struct Large: Encodable { var value = UInt64.max }
    struct Constant: Encodable { var value = AttributeTensor(HostTensor(Float(1))) }
    #expect(message { _ = try JSONCoding.encode(Keyed()) }?.contains("no order") == true)
    #expect(message { _ = try JSONCoding.encode(Large()) }?.contains("does not fit in 64 bits") == true)
    #expect(message { _ = try JSONCoding.encode(Constant()) }?.contains("tensor cannot be written") == true)
  }

  @Test func manyFieldsTakeLinearTime() throws {
    let map = Dictionary(uniqueKeysWithValues: (0..<50_000).map { ("key\($0)", $0) })
    let json = try JSONCoding.encode(map)
    #expect(try JSONCoding.decode([String: Int].self, from: json) == map)
    let list = Array(0..<200_000)
    #expect(try JSONCoding.decode([Int].self, from: JSONCoding.encode(list)) == list)
  }
}

@Suite struct SignatureTests {
  @Test func text() throws {
    #expect(
      try TinyGraphs.everything().signature == """
        graph every.thing
        symbol     N = 2
        symbol     M
        data       x: f32[2*N+1,M]
        data       y: i32[N]
        parameter  layer/w: f32[2*N+1,M]
        state      rng/key: i32[2]
        output     out: f32[2*N+1,M]
        output     second: f64[2*N+1,M]
        output     x: f32[2*N+1,M]
        update     layer/w
        nodes      5
        parameters 2*M*N+M numbers in 1 tensor

        """)
    let builder = GraphBuilder(name: "mlp")
    for (name, type) in [("a", "f32[784,256]"), ("b", "f32[256]"), ("c", "f32[256,10]"), ("d", "f32[10]")] {
      try builder.input(Input(name: name, type: TensorType(parsing: type), role: .parameter))
    }
    #expect(builder.graph.signature.contains("parameters 203,530 numbers in 4 tensors\n"))
    #expect(try builder.graph.parameterCount() == 203_530)
  }
}
