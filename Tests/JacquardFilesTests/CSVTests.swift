import JacquardCore
import JacquardFiles
import Testing

private func table(_ text: String, _ options: CSVOptions = CSVOptions()) throws -> CSVTable {
  try CSVTable.parse(Array(text.utf8), file: "x.csv", options: options)
}

struct CSVTests {
  /// A text of one column `c` (and others), and what the column holds.
  @Test(
    arguments: [
      ("c\n1\n-2\n+3\n", .integers([1, -2, 3])), ("c\r\n1\r\n2", .integers([1, 2])),
      ("\u{FEFF}c\n007\n", .integers([7])), ("c\n1\n2.5\n.5\n1e-3\n", .reals([1, 2.5, 0.5, 0.001])),
      ("c\n99999999999999999999\n", .reals([1e20])), ("c\n9223372036854775807\n", .integers([.max])),
      ("c\n0.30000000000000004\n1e23\n", .reals([0.30000000000000004, 1e23])),
      ("c\nb\na\nb\n", .categories([1, 0, 1], names: ["a", "b"])),
      ("c\n1\nx\n", .categories([0, 1], names: ["1", "x"])),
      ("a,c\n1,\"x, \"\"y\"\"\n\"\n2,z\n", .categories([0, 1], names: ["x, \"y\"\n", "z"])),
      ("c,a\n1,2\n\n3,4\n\n", .integers([1, 3])), ("\"c\",\"d\"\n\"1\",2\n", .integers([1])),
      ("a,c\n1, 2 \n2,\t3\n", .integers([2, 3])),
      (
        "c\nN\ninf\n0x1\n1_0\n1.2.3\n-\n",
        .categories(
          [4, 5, 1, 3, 2, 0], names: ["-", "0x1", "1.2.3", "1_0", "N", "inf"])
      ),
      ("c\n\"NA\"\nb\n", .categories([0, 1], names: ["NA", "b"])), ("c\né\n", .categories([0], names: ["é"])),
    ] as [(String, CSVColumn.Values)])
  func columns(text: String, expected: CSVColumn.Values) throws {
    let column = try table(text).column("c")
    #expect(column.values == expected)
  }

  @Test func options() throws {
    let text = "x;k\n1;b\n;a\nNA;b\n"
    let known = CSVOptions(separator: UInt8(ascii: ";"), missing: .nan, categories: ["k": ["b", "a"]])
    let read = try table(text, known)
    let x = try read.tensor("x", .f32).elements(Float.self)
    let k = try read.tensor("k").elements(Int32.self)
    #expect(x[0] == 1 && x[1].isNaN && x[2].isNaN && k == [0, 1, 0])
    #expect(try read.tensor("k", .i64).elements(Int64.self) == [0, 1, 0])
  }

  @Test func matrix() throws {
    let read = try CSVTable.read(fixture("table.csv.gz"))
    let matrix = try read.matrix(["y", "x"])
    #expect(matrix.sizes == [2, 2] && matrix.elements(Float.self) == [0.5, 1, 1.5, 2])
    #expect(read.rowCount == 2 && read.columns.map(\.name) == ["x", "y"])
  }

  /// A wrong text, and the line it throws.
  @Test(arguments: [
    ("", "x.csv: is empty"), ("a,b\n", "x.csv: has no rows below its header"),
    ("a,b\n1,2\n3\n", "x.csv:3: the row has 1 fields, the header 2"),
    ("a,b\n1,2,3,4\n", "x.csv:2: the row has 4 fields, the header 2"),
    ("a,b\n1,\n", "x.csv:2: column 'b': value missing"),
    ("a\n1\n\n2\n", "x.csv:3: column 'a': value missing"),
    ("a,b\n\"x\ny\",2\n1,NaN\n", "x.csv:4: column 'b': value missing"),
    ("a,a\n1,2\n", "x.csv:1: column name 'a' stands there twice"),
    ("a,\n1,2\n", "x.csv:1: column 2 has no name"),
    ("a\nx\"y\n", "x.csv:2: a quote inside a field that is not quoted"),
    ("a\n\"x\n\n", "x.csv:2: a quoted field is never closed"),
    ("a\n\"x\"y\n", "x.csv:2: text after a closing quote"),
    ("a\n1\r2\n", "x.csv:2: a carriage return that no line feed follows"),
    ("a\n1\0\n", "x.csv:2: a zero byte"),
    ("a\n1e999\n", "x.csv:2: column 'a': number too large"),
  ])
  func mistakes(text: String, expected: String) {
    #expect(message { _ = try table(text) } == expected)
  }

  @Test func otherMistakes() throws {
    let read = try table("a,t\n300,x\n1,y\n")
    let closed = CSVOptions(categories: ["t": ["x"]])
    let errors = [
      message { _ = try read.column("b") }, message { _ = try read.tensor("a", .u8) },
      message { _ = try read.matrix(["a", "t"]) }, message { _ = try table("a,t\n1,x\n2,z\n", closed) },
      message { _ = try table("a\n1\n", closed) },
      message { _ = try CSVTable.parse([97, 10, 120, 0xFF, 10], file: "x.csv") },
    ]
    #expect(
      errors == [
        "x.csv: has no column 'b'; its columns are 'a' 't'",
        "x.csv: column 'a': value 300.0 of row 1 does not fit u8",
        "x.csv: column 't': holds text, not numbers",
        "x.csv:3: column 't': 'z' is not one of its categories", "x.csv: has no column 't'",
        "x.csv:2: text that is not valid UTF-8",
      ])
  }
}
