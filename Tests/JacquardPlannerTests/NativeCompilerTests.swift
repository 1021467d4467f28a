import Foundation
import JacquardCore
import Testing

@testable import JacquardRuntime

/// What compilers do on a bad day.
struct NativeCompilerTests {
  @Test func compileError() throws {
    let trial = try NativeTrial()
    let error = try #require(
      trial.failure([NativeTrial.unit("good", 1), "int bad(void) { return missing; }"], trial.compiler))
    let details = try #require(error.details)
    #expect(error.description == "the C compiler failed: \(trial.compiler.path), exit status 1")
    #expect(details.hasPrefix("1.c:") && details.contains("missing") && error.kind == .internalError)
    #expect(trial.names.isEmpty)
    let unknown = try #require(trial.failure(["int missing(void); int f(void) { return missing(); }"], trial.compiler))
    #expect(unknown.message.contains("cannot be loaded") && unknown.message.contains("undefined symbol: missing"))
    #expect(trial.names.isEmpty)
  }

  /// Scripts that end badly: nothing is kept, and the message says what happened.
  @Test(arguments: [
    ("printf half > $OUT; echo cannot go on >&2; exit 3", "exit status 3"),
    ("$REAL \"$@\"; kill -9 $$", "ended by signal 9"),
    ("exit 0", "made no file"),
    ("for OUT; do case $OUT in *.o|*.so) printf rubbish > $OUT;; esac; done", "cannot be loaded"),
    ("printf 'x%.0s' $(seq 100000) >&2; exit 1", "exit status 1"),
  ])
  func badEnds(_ lines: String, _ text: String) throws {
    let trial = try NativeTrial()
    let error = try #require(trial.failure([NativeTrial.unit("value", 1)], try trial.script(lines)))
    #expect(error.message.hasPrefix("the C compiler failed: ") && error.message.contains(text))
    #expect(!error.description.contains("\n") && (error.details ?? "").utf8.count <= 1 << 16)
    #expect(trial.names.isEmpty)
  }

  /// One that never ends is killed with all that it started, also when nothing would be heard of it any more.
  @Test(arguments: ["", "exec > /dev/null 2>&1"]) func hanging(_ start: String) throws {
    let trial = try NativeTrial()
    let lines = "\(start)\nsleep 100 &\necho $! >> '\(trial.folder)/sleeper'\nwait"
    let begin = monotonicSeconds()
    let error = trial.failure([NativeTrial.unit("value", 1)], try trial.script(lines, timeLimit: 0.4))
    let sleepers = try String(contentsOfFile: "\(trial.folder)/sleeper", encoding: .utf8).split(separator: "\n")
    #expect(error?.message.hasSuffix("was stopped after 0.4 s") == true && monotonicSeconds() - begin < 20)
    let isGone = waitFor { sleepers.allSatisfy { kill(pid_t($0) ?? 0, 0) != 0 || NativeCompilerTests.isZombie($0) } }
    #expect(isGone && sleepers.count == 1 && trial.names.isEmpty)
  }

  private func waitFor(_ condition: () -> Bool) -> Bool {
    for _ in 0..<500 {
      if condition() { return true }
      usleep(10_000)
    }
    return false
  }

  private static func isZombie(_ id: Substring) -> Bool {
    (try? String(contentsOfFile: "/proc/\(id)/stat", encoding: .utf8))?.contains(") Z ") ?? true
  }

  /// A compiler that does not know an option gets the next recipe, and that is remembered from run to run.
  @Test func recipes() throws {
    let trial = try NativeTrial()
    let refusing = try trial.script(
      "echo call >> '\(trial.folder)/calls'\ncase \"$*\" in *march=native*) exit 1;; esac\nexec $REAL \"$@\"")
    let library = try trial.load([NativeTrial.unit("value", 5)], refusing)
    let kept = try #require(trial.cache.recipe(refusing))
    #expect(NativeTrial.call(library, "value") == 5 && !kept.contains("-march=native"))
    #expect(CompilerRecipe.all().contains { $0.identity == kept && KnownRecipes.recipe(refusing) == $0 })
    let again = try trial.load([NativeTrial.unit("value", 5)], refusing)
    let calls = try String(contentsOfFile: "\(trial.folder)/calls", encoding: .utf8)
    #expect(again.unitsFound == 1 && calls.split(separator: "\n").count <= 5)
    #expect(trial.cache.recipe(trial.compiler) == nil)
  }

  /// Every recipe makes the same functions, and nothing is left where they were made.
  ///
  /// The unit's own function is called, though the C library has one of the name.
  @Test func allRecipes() throws {
    let trial = try NativeTrial()
    let source = """
      static volatile int six = 6;
      __attribute__((noinline)) int getpagesize(void) { return six; }
      long value(void) { return getpagesize(); }
      """
    let unit = NativeBuild.Unit(name: "u", source: source, key: "u")
    let values = try CompilerRecipe.all().map { recipe in
      let bytes = try trial.compiler.compile([unit], recipe, in: trial.folder)
      let object = try LoadedObject(bytes[0], name: "u", compiler: trial.compiler)
      return NativeTrial.call(NativeLibrary([object], compiled: 1, seconds: 0, note: nil), "value")
    }
    #expect(values == [Int?](repeating: 6, count: values.count) && CompilerRecipe.all([:]).count == 2)
    #expect(try FileManager.default.contentsOfDirectory(atPath: trial.folder).isEmpty)
  }

  /// Which compiler is taken.
  @Test func search() throws {
    let trial = try NativeTrial()
    let bin = "\(trial.folder)/bin"
    func program(_ name: String) -> String { "\(bin)/\(name)" }
    try FileManager.default.createDirectory(atPath: "\(bin)/toolchain", withIntermediateDirectories: true)
    for name in ["gcc", "my cc", "toolchain/clang", "toolchain/swift-driver"] {
      try Data("#!/bin/sh\n".utf8).write(to: URL(fileURLWithPath: program(name)))
      chmod(program(name), 0o755)
    }
    func find(_ environment: [String: String]) -> String {
      do {
        let compiler = try CCompiler.find(environment: environment)
        return ([compiler.path] + compiler.arguments).joined(separator: "|")
      } catch {
        return error.description
      }
    }
    let none = "no C compiler: neither CC nor the Swift toolchain nor PATH names clang, cc or gcc"
    let before: [(environment: [String: String], found: String)] = [
      ([:], none), (["PATH": "/nonexistent:.", "CC": " "], none), (["PATH": bin], program("gcc")),
      (["PATH": bin, "CC": "my cc"], program("my cc")), (["CC": program("my cc")], program("my cc")),
      (["PATH": bin, "CC": "gcc  -m64"], "\(program("gcc"))|-m64"),
      (["PATH": bin, "CC": "tcc -x"], "CC names no program that can be run: 'tcc'"),
      (["PATH": bin, "CC": bin], "CC names no program that can be run: '\(bin)'"),
    ]
    for row in before { #expect(find(row.environment) == row.found) }
    symlink("toolchain/swift-driver", program("swift"))
    #expect(find(["PATH": bin]) == "\(try #require(realpath(bin)))/toolchain/clang")
  }

  private func realpath(_ path: String) -> String? {
    guard let real = Foundation.realpath(path, nil) else { return nil }
    defer { free(real) }
    return String(cString: real)
  }

  @Test func noProgram() throws {
    #expect(
      throws: Diagnostic("the C compiler is no program that can be run", kind: .unsupported, place: "/etc/passwd")
    ) {
      try CCompiler(path: "/etc/passwd")
    }
  }
}
