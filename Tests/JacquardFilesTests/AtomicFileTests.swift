import Foundation
import JacquardCore
import JacquardFiles
import Testing

struct AtomicFileTests {
  @Test func replacesWholeFiles() throws {
    let folder = try TemporaryFolder()
    let path = folder.file("x")
    try AtomicFile.write("old", to: path)
    chmod(path, 0o640)
    try AtomicFile.write([UInt8](repeating: 65, count: 200_000), to: path)
    var status = stat()
    stat(path, &status)
    #expect(try FileBytes.read(path, limit: 200_000).count == 200_000)
    #expect(folder.names == ["x"] && status.st_mode & 0o777 == 0o640)
  }

  @Test func failureLeavesTheOldFile() throws {
    let folder = try TemporaryFolder()
    let path = folder.file("x")
    try AtomicFile.write("old", to: path)
    let error = message {
      try AtomicFile.write(to: path) { (writer) throws(Diagnostic) in
        try writer.write([UInt8](repeating: 1, count: 100_000))
        throw Diagnostic("no more")
      }
    }
    #expect(error == "no more" && folder.names == ["x"])
    #expect(try FileBytes.read(path, limit: 10) == Array("old".utf8))
  }

  @Test func followsLinks() throws {
    let folder = try TemporaryFolder()
    try AtomicFile.write("old", to: folder.file("x"))
    symlink(folder.file("x"), folder.file("link"))
    try AtomicFile.write("new", to: folder.file("link"))
    #expect(try FileBytes.read(folder.file("x"), limit: 10) == Array("new".utf8))
    #expect(folder.names == ["link", "x"])
  }

  /// Devices are written to, never replaced.
  @Test func devices() throws {
    try AtomicFile.write("gone", to: "/dev/null")
    let full = message { try AtomicFile.write("x", to: "/dev/full") }
    var status = stat()
    stat("/dev/null", &status)
    #expect(full == "/dev/full: cannot be written: No space left on device")
    #expect(status.st_mode & S_IFMT == S_IFCHR)
  }

  @Test func unwritable() throws {
    let folder = try TemporaryFolder()
    let file = try folder.file("file", [])
    let long = folder.file(String(repeating: "n", count: 300))
    let errors = [folder.path, folder.file("none/x"), "\(file)/x", long, "", "a\0b", folder.path + "/"].map {
      path in
      message { try AtomicFile.write("x", to: path) }
    }
    let parts = [
      "it is a folder", "No such file", "Not a directory", "too long", "is empty", "zero byte", "a folder",
    ]
    #expect(zip(errors, parts).allSatisfy { $0?.contains($1) == true }, "\(errors)")
    #expect(folder.names == ["file"])
  }

  @Test func unreadable() throws {
    let folder = try TemporaryFolder()
    mkfifo(folder.file("pipe"), 0o600)
    let errors = [folder.path, folder.file("none"), folder.file("pipe"), "/dev/zero", "", "a\0b"].map {
      path in
      message { _ = try FileBytes.read(path, limit: 100) }
    }
    let parts = ["is a folder", "No such file", "not a regular", "not a regular", "is empty", "zero byte"]
    #expect(zip(errors, parts).allSatisfy { $0?.contains($1) == true }, "\(errors)")
  }

  @Test(arguments: [
    ("a/b", "a%2Fb"), ("100%", "100%25"), ("%2F", "%252F"), ("..", "%2E%2E"), (".", "%2E"), ("..a", "..a"),
    ("", ""), ("é\0", "é%00"),
  ])
  func fileNames(name: String, escaped: String) {
    #expect(FileName.escaped(name) == escaped && FileName.unescaped(escaped) == name)
  }

  @Test(arguments: ["a/b", "%", "%2", "%2f", "%41", "."])
  func wrongFileNames(text: String) { #expect(FileName.unescaped(text) == nil) }

  @Test func quotedNames() {
    let hostile = quoted("a\n\u{1B}[31m\u{7F}\u{2028}" + String(repeating: "x", count: 200))
    #expect(hostile.hasPrefix("'a\\n\\u{1B}[31m\\u{7F}\\u{2028}xx") && hostile.hasSuffix("x...'"))
    #expect(quoted("layer 1/é") == "'layer 1/é'")
  }
}
