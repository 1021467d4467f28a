import JacquardCore
import JacquardFiles
import Testing

func parse(_ text: String) throws -> JSONValue { try JSONValue.parse(Array(text.utf8), file: "x.json") }

struct JSONTests {
  /// Text, and the same in the compact and the line layout.
  @Test(arguments: [
    ("null", "null", "null"), (" [ ] ", "[]", "[]"), ("{\n}", "{}", "{}"),
    ("[1 ,2,\t-3]", "[1,2,-3]", "[1, 2, -3]"),
    (
      "{\"b\":true,\"a\":[false,null]}", "{\"b\":true,\"a\":[false,null]}",
      "{\"b\": true, \"a\": [false, null]}"
    ),
    ("9223372036854775807", "9223372036854775807", "9223372036854775807"),
    ("-9223372036854775808", "-9223372036854775808", "-9223372036854775808"),
    ("[1.50, -0, 1E3, 0.1]", "[1.50,-0,1E3,0.1]", "[1.50, -0, 1E3, 0.1]"),
    (
      "\"\\u0041\\/\\\"\\\\\\n\\u0001\\u001F\\u00e9\\ud83d\\ude00\"", "\"A/\\\"\\\\\\n\\u0001\\u001fé😀\"",
      "\"A/\\\"\\\\\\n\\u0001\\u001fé😀\""
    ),
    ("\"\\b\\f\\r\\t\\u0000\"", "\"\\b\\f\\r\\t\\u0000\"", "\"\\b\\f\\r\\t\\u0000\""),
  ])
  func layouts(text: String, compact: String, line: String) throws {
    let value = try parse(text)
    #expect(value.text(.compact) == compact && value.text() == line)
    #expect(try parse(compact) == value)
  }

  @Test func documentLayout() throws {
    let value: JSONValue = [
      "format": "jacquard.graph", "version": 1, "symbols": [], "low": 0.5, "list": [1, 2],
      "nodes": [["name": "h", "inputs": ["x", "w"]], ["name": "y"]],
    ]
    let expected = """
      {
        "format": "jacquard.graph",
        "version": 1,
        "symbols": [],
        "low": 0.5,
        "list": [1, 2],
        "nodes": [
          {"name": "h", "inputs": ["x", "w"]},
          {"name": "y"}
        ]
      }

      """
    #expect(value.text(.document) == expected)
    #expect(try parse(expected) == value)
  }

  /// Every place, also of keys, after text of several bytes and several lines.
  @Test func places() throws {
    let value = try parse("{\"a\": [1,\n  {\"é\": null}],\n\"b\":\"x\"}")
    let object = try value.object()
    let inner = try object.required("a").array()[1]
    let places = [value.place, inner.place, try inner.object().fields[0].place, object.fields[1].value.place]
    #expect(places.map(\.text) == ["x.json:1:1", "x.json:2:3", "x.json:2:4", "x.json:3:5"])
  }

  @Test func numbersOfPythonAndNumPy() throws {
    let object = try JSONValue.read(fixture("floats.json")).object()
    var wrong: [String] = []
    for row in try object.required("doubles").array() {
      let (bits, number) = (try row.array()[0].string(), try row.array()[1])
      let value = try number.double()
      guard case .double(_, let spelling) = number.content else { continue }
      let back = try parse(JSONValue(value).text()).double()
      if value.bitPattern != UInt64(bits, radix: 16) || back.bitPattern != value.bitPattern
        || JSONValue(value).text().utf8.count > spelling.utf8.count
      {
        wrong.append(bits)
      }
    }
    for row in try object.required("floats").array() {
      let (bits, number) = (try row.array()[0].string(), try row.array()[1])
      let value = try number.float()
      let back = try parse(JSONValue(value).text()).float()
      if value.bitPattern != UInt32(bits, radix: 16) || back != value { wrong.append(bits) }
    }
    #expect(wrong == [])
  }

  /// Rounding a decimal to f64 first and to f32 then would give the neighbour.
  @Test func floatIsRoundedOnce() throws {
    let number = try parse("1.00000017881393432617187499")
    #expect(try number.float() == Float("1.00000017881393432617187499"))
    #expect(try number.float() != Float(number.double()))
  }

  @Test(arguments: [
    (JSONValue(Double.nan), "\"nan\""), (JSONValue(-Float.infinity), "\"-inf\""), (JSONValue(1.0), "1"),
    (JSONValue(Float(16_777_216)), "16777216"),
    (JSONValue(-0.0), "-0"), (JSONValue(1e30), "1e+30"), (JSONValue(Float(0.1)), "0.1"), (0.25, "0.25"),
  ])
  func writesNumbers(value: JSONValue, text: String) throws {
    let back = try parse(text)
    #expect(value.text() == text)
    #expect(try back.double().isNaN || back.float() == value.float())
  }

  /// An accessor that does not fit, and the line it throws.
  static let misfits: [(String, @Sendable (JSONValue) throws -> Void, String)] = [
    ("1.5", { _ = try $0.int() }, "x.json:1:1: expected an integer, found a number"),
    (" 300", { _ = try $0.integer(UInt8.self) }, "x.json:1:2: integer 300 does not fit UInt8"),
    ("7", { _ = try $0.int(in: 0...3) }, "x.json:1:1: integer 7 is not in 0...3"),
    ("[]", { _ = try $0.object() }, "x.json:1:1: expected an object, found an array"),
    ("{}", { _ = try $0.array() }, "x.json:1:1: expected an array, found an object"),
    ("null", { _ = try $0.string() }, "x.json:1:1: expected a string, found null"),
    ("\"x\"", { _ = try $0.double() }, "x.json:1:1: expected a number, found a string"),
    ("0", { _ = try $0.bool() }, "x.json:1:1: expected true or false, found an integer"),
    ("1e300", { _ = try $0.float() }, "x.json:1:1: number 1e+300 is too large for f32"),
    ("\"f8\"", { _ = try $0.choice(DType.self) }, "x.json:1:1: 'f8' is not one of \(DType.list)"),
    ("\n{}", { _ = try $0.object().required("name") }, "x.json:2:1: key 'name' is missing"),
    (
      "{\"a\":1,\n \"\\u001b\":2}", { try $0.object().rejectUnknown(["a"]) },
      "x.json:2:2: unknown key '\\u{1B}'"
    ),
  ]

  @Test(arguments: 0..<misfits.count)
  func accessorsExplain(index: Int) throws {
    let (text, access, expected) = Self.misfits[index]
    let value = try parse(text)
    #expect(message { try access(value) } == expected)
  }

  @Test func limits() throws {
    let deep = String(repeating: "[", count: 128) + String(repeating: "]", count: 128)
    _ = try parse(deep)
    let error = message { _ = try parse("[\(deep)]") }
    let large = message {
      _ = try JSONValue.parse([48, 32], file: "x.json", limits: JSONLimits(bytes: 1))
    }
    let abyss = message { _ = try parse(String(repeating: "{\"a\":[", count: 1_000_000)) }
    #expect(error == "x.json:1:129: array is nested too deeply")
    #expect(large == "x.json: has 2 bytes, more than the limit of 1")
    #expect(abyss?.contains("nested too deeply") == true)
  }

  /// Long arrays, wide objects and long strings: four times the length takes about four times as long.
  @Test(
    arguments: [
      { Array(String(repeating: "{\"op\":\"dot\",\"inputs\":[\"x\"],\"a\":0.1},\n", count: $0).utf8) },
      { Array("{\((0..<$0).map { "\"k\($0)\":\($0)," }.joined())\"z\":{}},".utf8) },
      { Array("\"\(String(repeating: "\\u00e9", count: $0))\",".utf8) },
    ] as [@Sendable (Int) -> [UInt8]])
  func takesLinearTime(text: @Sendable (Int) -> [UInt8]) throws {
    var times: [Double] = []
    for count in [20_000, 80_000] {
      let bytes = [UInt8(ascii: "[")] + text(count) + Array("0]".utf8)
      let start = threadSeconds()
      _ = try JSONValue.parse(bytes, file: "x.json")
      times.append(threadSeconds() - start)
    }
    #expect(times[1] < 10 * times[0] + 0.2, "\(times)")
  }
}
