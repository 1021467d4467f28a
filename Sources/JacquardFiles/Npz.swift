import JacquardCore

/// Named tensors in NumPy's `.npz` format: a zip archive with one `.npy` member a tensor.
///
/// Opening reads the archive's directory only; a member is read, inflated and checked when it is taken. Members
/// that are not called `*.npy` are passed over.
public struct NpzFile: Sendable {
  /// The path as it was given.
  public let path: String
  /// The names of the tensors (without `.npy`), in the order of the archive.
  public let names: [String]
  private let members: [String: ZipMember]
  private let file: OpenFile

  /// Opens an archive. - Throws: `Diagnostic` if its directory is damaged or names a tensor twice.
  public init(_ path: String) throws(Diagnostic) {
    let file = try OpenFile(path)
    var names: [String] = []
    var members: [String: ZipMember] = [:]
    for member in try ZipDirectory(file).members where member.name.hasSuffix(".npy") {
      let name = String(member.name.dropLast(4))
      if members.updateValue(member, forKey: name) != nil {
        throw Diagnostic("holds the array \(quoted(name)) twice", place: path)
      }
      names.append(name)
    }
    self.path = path
    self.file = file
    self.names = names
    self.members = members
  }

  /// Reads a tensor.
  ///
  /// - Throws: `Diagnostic` if there is none of that name, its bytes are damaged, or see ``Npy/read(_:)``.
  public func tensor(_ name: String) throws(Diagnostic) -> HostTensor {
    guard let member = members[name] else { throw Diagnostic("has no array \(quoted(name))", place: path) }
    return try Npy.read(ZipMemberStream(file, member))
  }

  /// Reads all tensors.
  /// - Throws: `Diagnostic` if one of them cannot be read.
  public func tensors() throws(Diagnostic) -> [String: HostTensor] {
    var result: [String: HostTensor] = [:]
    for name in names { result[name] = try tensor(name) }
    return result
  }
}

/// Writing of `.npz` files.
public enum Npz {
  /// Writes named tensors as a file that `numpy.load` reads, uncompressed, whole or not at all.
  ///
  /// Names are written in byte order and without times: the same tensors give the same bytes.
  ///
  /// - Throws: `Diagnostic` if the file cannot be written or would be larger than 4 GiB or 65,534 tensors.
  public static func write(_ tensors: [String: HostTensor], to path: String) throws(Diagnostic) {
    let names = tensors.keys.sorted { $0.utf8.lexicographicallyPrecedes($1.utf8) }
    try AtomicFile.write(to: path) { (writer) throws(Diagnostic) in
      var archive = ZipWriter(writer, path)
      for name in names {
        guard let tensor = tensors[name] else { continue }
        try archive.add("\(name).npy", NpyHeader(tensor).encoded(), tensor)
      }
      try archive.finish()
    }
  }
}
