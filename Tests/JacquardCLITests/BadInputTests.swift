import Foundation
import Jacquard
import JacquardCore
import JacquardFiles
import Testing

@testable import JacquardCLI

/// A `.npy` file that is wrong.
struct BadArray: Sendable, CustomStringConvertible {
  let name: String
  let bytes: [UInt8]
  let message: String

  init(_ name: String, _ bytes: [UInt8], _ message: String = "") {
    (self.name, self.bytes, self.message) = (name, bytes, message)
  }

  var description: String { name }

  /// A file of version 1 with any header and 24 bytes of data.
  static func npy(_ descr: String, _ shape: String, count: Int = 24, order: String = "False") -> [UInt8] {
    var header = "{'descr': \(descr), 'fortran_order': \(order), 'shape': \(shape), }"
    header += String(repeating: " ", count: 117 - header.utf8.count) + "\n"
    return [0x93] + Array("NUMPY".utf8) + [1, 0, 118, 0] + Array(header.utf8) + [UInt8](repeating: 0, count: count)
  }

  static let cases: [BadArray] = [
    BadArray("empty", []),
    BadArray("no .npy", Array("PK\u{3}\u{4} this is something else altogether".utf8)),
    BadArray("truncated header", Array(npy("'<f4'", "(2, 3)").prefix(40))),
    BadArray("truncated data", Array(npy("'<f4'", "(2, 3)").dropLast(3))),
    BadArray("bytes after the data", npy("'<f4'", "(2, 3)", count: 25)),
    BadArray("big-endian", npy("'>f4'", "(2, 3)"), "big-endian"),
    BadArray("pickled objects", npy("'|O'", "(2, 3)")),
    BadArray("records", npy("[('a', '<f4')]", "(2, 3)")),
    BadArray("texts", npy("'<U1'", "(2, 3)")),
    BadArray("complex numbers", npy("'<c8'", "(3,)")),
    BadArray("half precision", npy("'<f2'", "(4, 3)")),
    BadArray("doubles for floats", npy("'<f8'", "(1, 3)"), "f64[1,3]"),
    BadArray("integers for floats", npy("'<i4'", "(2, 3)"), "i32[2,3]"),
    BadArray("too few axes", npy("'<f4'", "(6,)"), "f32[6]"),
    BadArray("too many axes", npy("'<f4'", "(1, 2, 3)"), "f32[1,2,3]"),
    BadArray("another width", npy("'<f4'", "(3, 2)"), "f32[3,2]"),
    BadArray("negative size", npy("'<f4'", "(-2, 3)")),
    BadArray("sizes that overflow", npy("'<f4'", "(4611686018427387904, 4)")),
    BadArray("sizes beyond the file", npy("'<f4'", "(2000000, 3)")),
    BadArray("no rows", npy("'<f4'", "(0, 3)", count: 0), "at least 1"),
    BadArray("header that is no dictionary", npy("'<f4'", "(2, 3)").map { $0 == UInt8(ascii: "{") ? 0x5B : $0 }),
  ]
}

@Suite("Bad input files")
struct BadInputTests {
  @Test("An array", arguments: BadArray.cases)
  func array(_ bad: BadArray) throws {
    let folder = try TestFolder()
    try folder.write("g.json", Fixtures.graph)
    try folder.write("bad.npy", bad.bytes)
    let before = folder.contents
    for executor in ["vm", "reference"] {
      let outcome = jacquard(
        "run", folder["g.json"], "--input", "x=\(folder["bad.npy"])", "--executor", executor, "--output-dir",
        folder["out"])
      // An empty array is right in itself: the graph names the symbol.
      let file = bad.name == "no rows" ? "g.json" : "bad.npy"
      BadFileTests.expectRefusal(outcome, naming: file, bad.message, bad.name)
      #expect(folder.contents == before, "\(bad) left something")
    }
  }

  @Test("Fortran order is accepted")
  func fortran() throws {
    let folder = try TestFolder()
    try folder.write("g.json", Fixtures.graph)
    try folder.write("x.npy", BadArray.npy("'<f4'", "(2, 3)", order: "True"))
    #expect(jacquard("run", folder["g.json"], "--input", "x=\(folder["x.npy"])").status == 0)
  }

  @Test("Inputs that do not fit together")
  func inputs() throws {
    let folder = try TestFolder()
    try folder.write("g.json", Fixtures.graph)
    try folder.write("x.npy", BadArray.npy("'<f4'", "(2, 3)"))
    let (g, x) = (folder["g.json"], folder["x.npy"])
    let cases: [(arguments: [String], file: String, message: String)] = [
      ([g], "g.json", "'x'"),
      ([g, "--input", "q=\(x)", "--synthetic"], "g.json", "'q'"),
      ([g, "--input", "x=\(folder["absent.npy"])"], "absent.npy", "No such file"),
      ([g, "--input", "x=\(folder.path)"], folder.path, "folder"),
      ([g, "--input", "x=\(x)", "--bind", "N=3"], "x.npy", "f32[2,3]"),
      ([g, "--synthetic", "--bind", "M=3"], "g.json", "'M'"),
      ([g, "--synthetic", "--bind", "N=0"], "g.json", "at least 1"),
      ([g, "--synthetic", "--bind", "N=-4"], "g.json", "at least 1"),
      ([g, "--synthetic", "--bind", "N=4611686018427387904"], "g.json", "overflow"),
      ([g, "--synthetic", "--bind", "N=1000000000000"], "g.json", "memory"),
      ([g, "--synthetic", "--input", "w=\(x)"], "x.npy", "'w'"),
    ]
    let before = folder.contents
    for (arguments, file, message) in cases {
      let outcome = jacquard(["run"] + arguments + ["--output-dir", folder["out"]])
      BadFileTests.expectRefusal(outcome, naming: file, message, "\(arguments.dropFirst())")
      #expect(folder.contents == before, "\(arguments) left something")
    }
  }

  @Test("Parameters")
  func parameters() throws {
    let folder = try TestFolder()
    try folder.write("g.json", Fixtures.graph)
    let w = try HostTensor([Float](repeating: 2, count: 6), [3, 2])
    try Safetensors.write(["w": w], to: folder["good.safetensors"])
    let good = [UInt8](try Data(contentsOf: URL(fileURLWithPath: folder["good.safetensors"])))
    func text(_ find: String, _ replacement: String) -> [UInt8] {
      let text = String(decoding: good, as: UTF8.self)
      return Array(text.replacing(find, with: replacement).utf8)
    }
    let wide = try HostTensor([Double](repeating: 1, count: 6), [3, 2])
    let files: [(name: String, bytes: [UInt8], message: String)] = [
      ("empty", [], ""), ("short", Array(good.prefix(5)), ""), ("truncated header", Array(good.prefix(30)), ""),
      ("truncated data", Array(good.dropLast()), ""), ("bytes after the data", good + [0], ""),
      ("huge header", [255, 255, 255, 255, 255, 255, 255, 127] + good.dropFirst(8), "header"),
      ("header that is no JSON", Array(good.prefix(8)) + good.dropFirst(8).map { $0 == 0x7B ? 0x5B : $0 }, ""),
      ("offsets that overlap", text("[0,24]", "[9,24]"), ""), ("offsets outside", text("[0,24]", "[0,99]"), ""),
      ("offsets reversed", text("[0,24]", "[24,0"), ""), ("shape that differs", text("[3,2]", "[3,3]"), ""),
      ("shape that overflows", text("[3,2]", "[9e9]"), ""), ("unknown type", text("F32", "Q32"), "Q32"),
      ("other name", text("\"w\"", "\"v\""), "'w'"), ("other type", text("F32", "U32"), "u32[3,2]"),
      ("other shape", text("[3,2]", "[2,3]"), "f32[2,3]"),
    ]
    for (name, bytes, message) in files {
      try folder.write("bad.safetensors", bytes)
      let before = folder.contents
      let outcome = jacquard(
        "run", folder["g.json"], "--synthetic", "--params", folder["bad.safetensors"], "--output-dir", folder["out"])
      BadFileTests.expectRefusal(outcome, naming: "bad.safetensors", message, name)
      #expect(folder.contents == before, "\(name) left something")
    }
    try Safetensors.write(["w": wide], to: folder["bad.safetensors"])
    let outcome = jacquard("run", folder["g.json"], "--synthetic", "--params", folder["bad.safetensors"])
    BadFileTests.expectRefusal(outcome, naming: "bad.safetensors", "f64[3,2]", "doubles")
  }

  @Test("Labels out of range when running", arguments: ["vm", "reference"], [-1, 2, 2_000_000_000])
  func labels(executor: String, label: Int32) throws {
    let folder = try TestFolder()
    _ = try folder.trainingSet(4) { $0 == 0 ? 0 : label }
    let before = folder.contents
    let outcome = jacquard(
      "run", folder["t.json"], "--input", "x=\(folder["x.npy"])", "--input", "y=\(folder["y.npy"])", "--executor",
      executor, "--output-dir", folder["out"], "--save", folder["s.safetensors"])
    BadFileTests.expectRefusal(outcome, naming: "t.json", "\(label)", "label \(label)")
    #expect(folder.contents == before, "label \(label) left something")
  }

  @Test("Labels out of range when training", arguments: [-1, 2])
  func trainingLabels(label: Int32) throws {
    let folder = try TestFolder()
    let data = try folder.trainingSet(labels: { $0 == 0 ? 0 : label })
    let before = folder.contents
    let outcome = jacquard(
      "train", folder["t.json"], "--data", data, "--save", folder["s.safetensors"], "--checkpoint",
      folder["c.safetensors"], "--progress", "silent")
    #expect(outcome.status == 2, "\(outcome.errors)")
    #expect(outcome.errorLines.count == 1, "\(outcome.errors)")
    #expect(outcome.errors.contains("t.json") && outcome.errors.contains("\(label)"), "\(outcome.errors)")
    #expect(folder.contents == before, "label \(label) left something")
  }

  @Test("Data sets that do not fit the graph")
  func dataSets() throws {
    let folder = try TestFolder()
    let data = try folder.trainingSet()
    try folder.write("table.csv", "a,b,c,kind\n1,2,3,0\n4,5,6,1\n")
    try folder.write("ragged.csv", "a,b\n1,2\n3\n")
    let (x, y) = (folder["x.npy"], folder["y.npy"])
    let (short, _) = try Fixtures.points(9)
    try Npy.write(short, to: folder["short.npy"])
    let cases: [(data: String, further: [String], message: String)] = [
      (folder["table.csv"], [], "a i64[], b i64[], c i64[], kind"),
      (folder["table.csv"], ["--map", "x=a,b,c"], "kind"),
      (folder["table.csv"], ["--map", "x=a", "--map", "y=kind"], "a"),
      (folder["table.csv"], ["--map", "z=a"], "'z'"), (folder["table.csv"], ["--map", "x=a,b,d"], "'d'"),
      (folder["ragged.csv"], [], "ragged.csv"), (folder["absent.csv"], [], "absent.csv"),
      (folder["absent"], [], "absent"), ("no-such-set", [], "no-such-set"), (folder.path, [], folder.path),
      ("x=\(x)", [], "'y'"), ("x=\(folder["short.npy"]),y=\(y)", [], "9"), ("x=\(y),y=\(y)", [], "x"),
      ("x=\(x),y=\(x)", [], "'y'"), (data, ["--loss", "cost"], "cost"), (data, ["--eval", x], "x.npy"),
      (data, ["--params", y], "y.npy"), (data, ["--resume", folder["absent.safetensors"]], "absent.safetensors"),
      (data, ["--batch", "64", "--drop-remainder"], "64"),
      (data, ["--eval-data", folder["absent.csv"], "--eval", folder["f.json"]], "absent.csv"),
    ]
    let before = folder.contents
    for (data, further, message) in cases {
      let arguments = ["train", folder["t.json"], "--data", data, "--save", folder["s.safetensors"]] + further
      let outcome = jacquard(arguments + ["--progress", "silent"])
      #expect(outcome.status == 2, "\(data) \(further): \(outcome.errors)")
      #expect(outcome.errorLines.count == 1, "\(data) \(further): \(outcome.errors)")
      #expect(outcome.errors.contains(message), "\(data) \(further): \(outcome.errors)")
      #expect(folder.contents == before, "\(data) \(further) left something")
    }
  }

  @Test("Output that cannot be written")
  func outputs() throws {
    let folder = try TestFolder()
    let data = try folder.trainingSet()
    try folder.write("g.json", Fixtures.graph)
    try FileManager.default.createDirectory(atPath: folder["sub/y.npy"], withIntermediateDirectories: true)
    let g = folder["g.json"]
    let away = folder["absent/a"]
    let cases: [(arguments: [String], file: String)] = [
      (["run", g, "--synthetic", "--output-dir", away], "absent"),
      (["run", g, "--synthetic", "--output-dir", g], "g.json"),
      (["run", g, "--synthetic", "--output-dir", folder["sub"]], "y.npy"),
      (["run", g, "--synthetic", "--save", away], "absent"),
      (["run", g, "--synthetic", "--save", folder.path], folder.path),
      (["grad", folder["t.json"], "--of", "loss", "--wrt", "x", "-o", away + ".json"], "absent"),
      (["compile", g, "-o", away + ".plan.json"], "absent"), (["compile", g, "-o", g + "/x.plan.json"], "g.json"),
      (["convert", g, away + ".json"], "absent"), (["convert", g, away + ".dot"], "absent"),
      (["convert", g, away + ".txt"], "absent"), (["inspect", g, "-o", away], "absent"),
      (["train", folder["t.json"], "--data", data, "--save", away], "absent"),
      (["train", folder["t.json"], "--data", data, "--checkpoint", away], "absent"),
      (["zoo", "--write", away], "absent"),
      (["run", g, "--synthetic", "--output-dir", ""], "output folder"),
      (["convert", g, "\(folder.path)/.json/"], ".json"),
    ]
    let before = folder.contents
    for (arguments, file) in cases {
      let outcome = jacquard(arguments)
      BadFileTests.expectRefusal(outcome, naming: file, "", arguments.joined(separator: " "))
      #expect(folder.contents == before, "\(arguments) left something")
    }
  }
}
