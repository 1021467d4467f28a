import Foundation
import Testing

@testable import JacquardCLI

/// A file that is wrong in one way: what is replaced in a right one, and what the message must say.
struct BadFile: Sendable, CustomStringConvertible {
  let name: String
  let find: String
  let replacement: String
  let message: String

  init(_ name: String, _ find: String, _ replacement: String, _ message: String = "") {
    (self.name, self.find, self.replacement, self.message) = (name, find, replacement, message)
  }

  var description: String { name }

  /// - Throws: if there is nothing to replace: the case would test nothing.
  func applied(to text: String) throws -> String {
    guard let range = text.range(of: find) else { throw NothingToReplace(find: find) }
    return text.replacingCharacters(in: range, with: replacement)
  }

  struct NothingToReplace: Error { let find: String }
}

/// Graph files.
enum BadGraphs {
  static let cases: [BadFile] = [
    BadFile("not JSON", "{\n  \"format\"", "format", "bad.json:1"),
    BadFile("truncated", "\"outputs\": [\n    {\"name\": \"y\", \"value\": \"%1\"}\n  ]\n}\n", ""),
    BadFile("trailing text", "  ]\n}\n", "  ]\n}\n}"),
    BadFile("other format", "jacquard.graph", "other.graph"),
    BadFile("other version", "\"version\": 1", "\"version\": 99", "99"),
    BadFile("no format", "\"format\": \"jacquard.graph\",", ""),
    BadFile("unknown key", "\"version\": 1,", "\"version\": 1, \"colour\": 2,", "colour"),
    BadFile("key twice", "\"version\": 1,", "\"version\": 1, \"version\": 1,", "version"),
    BadFile("cycle", "\"inputs\": [\"x\", \"w\"]", "\"inputs\": [\"%1\", \"w\"]"),
    BadFile("unknown value", "\"inputs\": [\"h\"]", "\"inputs\": [\"hh\"]", "hh"),
    BadFile("unknown operation", "\"op\": \"exp\"", "\"op\": \"expo\"", "expo"),
    BadFile("operation of another version", "\"op\": \"exp\",", "\"op\": \"exp\", \"version\": 7,", "7"),
    BadFile("unknown attribute", "\"attributes\": {}", "\"attributes\": {\"axis\": 1}", "axis"),
    BadFile("attribute of the wrong kind", "\"attributes\": {}", "\"attributes\": {\"lhsBatch\": \"no\"}"),
    BadFile("attribute out of range", "\"attributes\": {}", "\"attributes\": {\"lhsContracting\": [7]}", "dot.c2"),
    BadFile("stated type differs", "\"type\": \"f32[N,2]\"", "\"type\": \"f32[N,3]\""),
    BadFile("shapes do not fit", "\"type\": \"f32[3,2]\"", "\"type\": \"f32[4,2]\"", "dot.c4"),
    BadFile("unknown element type", "f32[3,2]", "q32[3,2]", "q32"),
    BadFile("malformed type", "f32[3,2]", "f32[3,2"),
    BadFile("malformed dimension", "f32[3,2]", "f32[3,N+]"),
    BadFile("negative dimension", "f32[3,2]", "f32[-3,2]"),
    BadFile("2^62 elements", "f32[3,2]", "f32[4611686018427387904,2]", "overflow"),
    BadFile("number beyond 64 bits", "f32[3,2]", "f32[99999999999999999999,2]"),
    BadFile("more memory than there is", "\"default\": 2", "\"default\": 1000000000000", "memory"),
    BadFile("seventeen axes", "f32[3,2]", "f32[1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1]", "axes"),
    BadFile("symbol of size 0", "\"default\": 2", "\"default\": 0"),
    BadFile("symbol without a size", ", \"default\": 2", "", "--bind N"),
    BadFile("illegal symbol", "\"name\": \"N\"", "\"name\": \"N*2\""),
    BadFile("two inputs of a name", "\"name\": \"w\"", "\"name\": \"x\"", "'x'"),
    BadFile("two outputs of a name", "\"value\": \"%1\"}", "\"value\": \"%1\"}, {\"name\": \"y\", \"value\": \"h\"}"),
    BadFile("empty name", "\"name\": \"y\"", "\"name\": \"\""),
    BadFile("control character in a name", "\"name\": \"y\"", "\"name\": \"a\\nb\""),
    BadFile("name too long for a file", "\"name\": \"y\"", "\"name\": \"\(String(repeating: "y", count: 254))\""),
    BadFile("unknown role", "\"role\": \"data\"", "\"role\": \"guest\"", "guest"),
    BadFile("init of a data input", "\"role\": \"data\"", "\"role\": \"data\", \"init\": {\"kind\": \"ones\"}"),
    BadFile("unknown init", "\"kind\": \"uniform\"", "\"kind\": \"lucky\"", "lucky"),
    BadFile("init without its numbers", ", \"low\": -1", ""),
    BadFile(
      "parameter without init", ", \"init\": {\"kind\": \"uniform\", \"seed\": 1, \"low\": -1, \"high\": 1}", "", "'w'"),
    BadFile(
      "update of a data input", "\"value\": \"%1\"}\n  ]",
      "\"value\": \"%1\"}\n  ],\n  \"updates\": [{\"input\": \"x\", \"value\": \"x\"}]"),
    BadFile(
      "update of another type", "\"value\": \"%1\"}\n  ]",
      "\"value\": \"%1\"}\n  ],\n  \"updates\": [{\"input\": \"w\", \"value\": \"%1\"}]"),
    BadFile("output of nothing", "\"value\": \"%1\"", "\"value\": \"z\""),
    BadFile("result that is not there", "\"value\": \"%1\"", "\"value\": \"%1:1\""),
    BadFile("deep nesting", "\"attributes\": {}", "\"attributes\": \(String(repeating: "[", count: 100_000))"),
    BadFile(
      "sub-graphs where none belong", "\"attributes\": {}",
      "\"attributes\": {}, \"graphs\": [{\"name\": \"s\", \"inputs\": [], \"nodes\": [], \"outputs\": []}]"),
    BadFile(
      "constants outside the folder", "\"op\": \"exp\", \"inputs\": [\"h\"], \"attributes\": {}",
      "\"op\": \"constant\", \"inputs\": [], \"attributes\": {\"value\": {\"file\": \"../c.safetensors\", \"tensor\": \"t\","
        + " \"sha256\": \"00\"}}"),
    BadFile(
      "constants that are not there", "\"op\": \"exp\", \"inputs\": [\"h\"], \"attributes\": {}",
      "\"op\": \"constant\", \"inputs\": [], \"attributes\": {\"value\": {\"file\": \"c.safetensors\", \"tensor\": \"t\","
        + " \"sha256\": \"\(String(repeating: "0", count: 64))\"}}"),
    BadFile("site from the root", "\"type\": \"f32[N,2]\"}", "\"type\": \"f32[N,2]\", \"site\": \"/etc/passwd:1\"}"),
    BadFile("not UTF-8", "\"name\": \"y\"", "\"name\": \"\u{FFFD}\u{0}\""),
  ]
}

/// Plan files.
enum BadPlans {
  static let cases: [BadFile] = [
    BadFile("truncated", "\"nodes\"", "\"no"),
    BadFile("other version", "\"version\": 1", "\"version\": 2", "version"),
    BadFile("unknown key", "\"version\": 1,", "\"version\": 1, \"extra\": 1,", "extra"),
    BadFile("missing key", "\"arenaBytes\"", "\"arenaBites\""),
    BadFile("list for text", "\"name\": \"g\"", "\"name\": []"),
    BadFile("negative arena", "\"arenaBytes\": ", "\"arenaBytes\": -"),
    BadFile("arena too small", "\"arenaBytes\": ", "\"arenaBytes\": 0, \"unused\": "),
    BadFile("offset outside the arena", "{\"arena\": {\"_0\": 0}}", "{\"arena\": {\"_0\": 1048576}}"),
    BadFile("offset not aligned", "{\"arena\": {\"_0\": 0}}", "{\"arena\": {\"_0\": 4}}"),
    BadFile("negative offset", "{\"arena\": {\"_0\": 0}}", "{\"arena\": {\"_0\": -64}}"),
    BadFile("buffer that does not exist", "\"buffer\": {\"index\": 0}", "\"buffer\": {\"index\": 4096}"),
    BadFile("negative buffer", "\"buffer\": {\"index\": 0}", "\"buffer\": {\"index\": -1}"),
    BadFile("buffer without memory", "{\"input\": {\"_0\": 1}}", "{\"unused\": {}}"),
    BadFile("memory of no input", "{\"input\": {\"_0\": 1}}", "{\"input\": {\"_0\": 9}}"),
    BadFile("memory of no constant", "{\"arena\": {\"_0\": 0}}", "{\"constant\": {\"_0\": 0}}"),
    BadFile("result in the memory of data", "{\"arena\": {\"_0\": 0}}", "{\"input\": {\"_0\": 0}}"),
    BadFile("extents that overflow", "\"extents\": [2, 3]", "\"extents\": [4611686018427387904, 3]"),
    BadFile("extents beyond the buffer", "\"extents\": [2, 3]", "\"extents\": [2, 4]"),
    BadFile("negative stride", "\"strides\": [3, 1]", "\"strides\": [-3, 1]"),
    BadFile("stride beyond the buffer", "\"strides\": [3, 1]", "\"strides\": [300, 1]"),
    BadFile("other element type", "\"dtype\": \"f32\"", "\"dtype\": \"i64\""),
    BadFile("unknown element type", "\"dtype\": \"f32\"", "\"dtype\": \"f99\""),
    BadFile("product too large", "\"k\": 3", "\"k\": 3000"),
    BadFile("product of no rows", "\"m\": 2", "\"m\": 0"),
    BadFile("impossible tiles", "\"rows\": ", "\"rows\": -"),
    BadFile("unknown function", "\"exp\"", "\"exq\""),
    BadFile("too few operands", "\"exp\", \"_1\": [0]", "\"exp\", \"_1\": []"),
    BadFile("too many operands", "\"exp\", \"_1\": [0]", "\"exp\", \"_1\": [0, 0]"),
    BadFile("operand not computed yet", "\"exp\", \"_1\": [0]", "\"exp\", \"_1\": [1]"),
    BadFile("unknown axis", "{\"axis\": {\"_0\": 1}}", "{\"axis\": {\"_0\": 7}}"),
    BadFile("index beyond the buffer", "\"coefficient\": 1}", "\"coefficient\": 2}"),
    BadFile("index that overflows", "\"coefficient\": 1}", "\"coefficient\": 9223372036854775807}"),
    BadFile(
      "division by 0", "{\"axis\": {\"_0\": 1}}",
      "{\"floorDiv\": {\"_0\": {\"constant\": 4, \"terms\": []}, \"_1\": 0}}"),
    BadFile("store of nothing", "\"value\": 1}", "\"value\": 5}"),
    BadFile("nodes out of order", "{\"id\": 0, \"operation\"", "{\"id\": 7, \"operation\""),
    BadFile("output of another type", "\"type\": \"f32[2,2]\", \"buffer\"", "\"type\": \"f32[2,9]\", \"buffer\""),
    BadFile("negative cost", "\"costs\": [", "\"costs\": [-"),
    BadFile("input without a type", "\"type\": \"f32[2,3]\"", "\"type\": \"f32[2,3]]\""),
    BadFile("input of another type", "\"type\": \"f32[2,3]\"", "\"type\": \"f32[2,5]\""),
    BadFile("too few barriers", "\"barriers\": [", "\"barriers\": [true, "),
    BadFile("deep nesting", "\"barriers\": [", "\"barriers\": [\(String(repeating: "[", count: 100_000))"),
  ]
}
