import JacquardCore
import JacquardFiles
import JacquardIR

/// The format of plan files.
public enum PlanFormat {
  /// What a plan file has under `format`.
  public static let name = "jacquard.plan"
  /// What a plan file has under `version`; other versions are refused.
  public static let version = 1
  /// The largest file that is read, in bytes.
  public static let longestFile = 1 << 30
}

extension Plan {
  /// The plan as a JSON document; the same bytes for the same plan.
  public func json() throws -> JSONValue {
    let fields = try JSONCoding.encode(self).object().fields.map { (name: $0.name, value: $0.value) }
    return JSONValue(
      fields: [("format", JSONValue(PlanFormat.name)), ("version", JSONValue(PlanFormat.version))] + fields)
  }

  /// Writes the plan, whole or not at all. - Throws: `Diagnostic` if the file cannot be written.
  public func write(to path: String) throws { try json().write(to: path, .document) }

  /// Reads and verifies a plan. Nothing in the file is trusted.
  /// - Throws: `Diagnostic` with file, line and column, or the kernel that fails verification.
  public static func read(from path: String) throws -> Plan {
    try Plan(json: FileBytes.read(path, limit: PlanFormat.longestFile), file: path)
  }

  /// - Throws: as `read(from:)`.
  public init(json bytes: [UInt8], file: String) throws {
    let document = try JSONValue.parse(bytes, file: file, limits: JSONLimits(bytes: PlanFormat.longestFile))
    let object = try document.object()
    let format = try object.required("format")
    guard try format.string() == PlanFormat.name else { throw format.fail("this is no plan") }
    let version = try object.required("version")
    guard try version.int() == PlanFormat.version else {
      throw version.fail("version \(try version.int()) of the plan format; this program reads \(PlanFormat.version)")
    }
    let rest = object.fields.filter { $0.name != "format" && $0.name != "version" }
    self = try JSONCoding.decode(Plan.self, from: JSONValue(.object(rest), at: document.place))
    do {
      try verify()
    } catch let error as Diagnostic {
      throw error.at(file)
    }
  }
}
