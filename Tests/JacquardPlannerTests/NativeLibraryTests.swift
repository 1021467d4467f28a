import Foundation
import JacquardCore
import Synchronization
import Testing

@testable import JacquardRuntime

struct NativeLibraryTests {
  /// Units are found again, each by itself, and equal ones are one.
  @Test func unitsAreFoundAgain() throws {
    let trial = try NativeTrial()
    let (a, b, c) = (NativeTrial.unit("a", 1), NativeTrial.unit("b", 2), NativeTrial.unit("c", 3))
    let rows: [(units: [String], compiled: Int, found: Int)] = [
      ([a, b], 2, 0), ([a, b], 0, 2), ([b, c, b], 1, 1), ([c, c], 0, 1), ([], 0, 0),
    ]
    for row in rows {
      let library = try trial.load(row.units)
      let calls = ["a", "b", "c"].map { NativeTrial.call(library, $0) }
      let wanted = zip([a, b, c], 1...).map { row.units.contains($0) ? $1 : nil }
      #expect(library.unitsCompiled == row.compiled && library.unitsFound == row.found && library.note == nil)
      #expect(calls == wanted && (library.compileSeconds > 0) == (row.compiled > 0))
    }
    #expect(trial.names == trial.entries && trial.entries.count == 3)
  }

  /// Both families of compilers; functions of the C library are the process's own.
  @Test(arguments: ["clang", "gcc", "cc"]) func compilers(_ name: String) throws {
    guard let found = ProgramSearch(ProcessInfo.processInfo.environment).find(name) else { return }
    let trial = try NativeTrial()
    let source = """
      extern double exp(double);
      void apply(const double *a, double *b, long count) { for (long i = 0; i < count; i++) b[i] = exp(a[i]); }
      """
    let library = try trial.load([source], try CCompiler(path: found))
    let place = try #require(library.symbol("apply"))
    typealias Apply = @convention(c) (UnsafePointer<Double>, UnsafeMutablePointer<Double>, Int) -> Void
    var results = [Double](repeating: 0, count: 3)
    unsafeBitCast(place, to: Apply.self)([0, 1, -2], &results, 3)
    #expect(results == [0, 1, -2].map { exp($0) } && library.symbol("apple") == nil)
  }

  /// Two libraries may have functions of one name, also where the system gives a descriptor out again.
  @Test func librariesAreApart() throws {
    let trial = try NativeTrial()
    let libraries = try (0..<6).map { try trial.load([NativeTrial.unit("value", $0)]) }
    #expect(libraries.map { NativeTrial.call($0, "value") } == [0, 1, 2, 3, 4, 5])
  }

  /// Entries that are not as they were written are made anew.
  @Test(arguments: ["a bit", "cut", "empty", "longer", "another's"]) func damage(_ kind: String) throws {
    let trial = try NativeTrial()
    let unit = NativeTrial.unit("value", 42)
    _ = try trial.load([unit])
    let entry = try #require(trial.entries.first)
    let other = kind == "another's" ? try trial.load([NativeTrial.unit("value", 43)]) : nil
    let stranger = try trial.entries.first { $0 != entry }.map {
      try Data(contentsOf: URL(fileURLWithPath: "\(trial.entriesPath)/\($0)"))
    }
    try trial.alter(entry) { data in
      switch kind {
      case "a bit": data[data.count / 2] ^= 4
      case "cut": data.removeLast(data.count / 3)
      case "empty": data.removeAll()
      case "longer": data.append(0)
      default: data = stranger ?? data
      }
    }
    let again = try trial.load([unit])
    let then = try trial.load([unit])
    #expect((other == nil) == (kind != "another's"))
    #expect(NativeTrial.call(again, "value") == 42 && NativeTrial.call(then, "value") == 42)
    #expect(again.unitsCompiled == 1 && again.note == nil && then.unitsFound == 1)
  }

  /// Callers that want the same new unit at once do not disturb each other.
  @Test func atOnce() throws {
    let trial = try NativeTrial()
    let values = Mutex<[Int?]>([])
    DispatchQueue.concurrentPerform(iterations: 8) { _ in
      let library = try? trial.load([NativeTrial.unit("value", 7), NativeTrial.unit("other", 8)])
      let value = library.flatMap { $0.note == nil ? NativeTrial.call($0, "value") : nil }
      values.withLock { $0.append(value) }
    }
    #expect(values.withLock { $0 } == [Int?](repeating: 7, count: 8))
    #expect(trial.names == trial.entries && trial.entries.count == 2)
  }

  @Test func keysDiffer() throws {
    let trial = try NativeTrial()
    let recipes = [true, false].flatMap { native in
      [nil, "/bin/ld"].map { CompilerRecipe(isNative: native, linker: $0) }
    }
    let other = try CCompiler(path: trial.compiler.path, arguments: ["-m64"])
    let script = try trial.script("exit 1")
    let keys = ["int a;", "int b;"].flatMap { source in
      [trial.compiler, other, script].flatMap { compiler in
        recipes.map { NativeCache.key(source, compiler, $0) }
      }
    }
    #expect(Set(keys).count == 2 * 3 * 4)
    let program = "\(trial.folder)/program"
    try Data().write(to: URL(fileURLWithPath: program))
    chmod(program, 0o755)
    let identity = try CCompiler(path: program).identity
    try FileManager.default.setAttributes([.modificationDate: Date(timeIntervalSince1970: 1)], ofItemAtPath: program)
    #expect(try CCompiler(path: program).identity != identity)
  }

  @Test func cpu() {
    let record = "processor\t: 0\nmodel name\t: A CPU\ncpu MHz\t\t: 2000.1\nflags\t\t: sse avx\nbogomips\t: 1"
    let later = record.replacingOccurrences(of: "2000.1", with: "3000").replacingOccurrences(of: ": 0", with: ": 1")
    #expect(CPUIdentity.describe(record) == "model name\t: A CPU\nflags\t\t: sse avx")
    #expect(CPUIdentity.describe(later) == CPUIdentity.describe(record))
    #expect(CPUIdentity.describe("processor : 0\nFeatures\t: fp asimd\nCPU part\t: 0xd0c").contains("asimd"))
    #expect(!CPUIdentity.current.isEmpty)
  }
}
