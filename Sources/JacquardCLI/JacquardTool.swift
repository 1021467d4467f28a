#if canImport(Glibc)
  import Glibc
#elseif canImport(Musl)
  import Musl
#else
  import Darwin
#endif

/// The program `jacquard`.
@main
enum JacquardTool {
  static func main() {
    keepLargeBlocksApart()
    // Writing beyond a limit of the size of files (`ulimit -f`) is an error like others.
    signal(SIGXFSZ, SIG_IGN)
    let console = Console.standard
    let status = JacquardCommand.run(Array(CommandLine.arguments.dropFirst()), console)
    exit(console.finish(status))
  }

  /// Tensors of a megabyte or more come straight from the system and go back to it. glibc would raise that limit with every
  /// large block that is freed, and a parameter's initial values would leave a hole of their size in the heap.
  private static func keepLargeBlocksApart() {
    #if canImport(Glibc)
      typealias Function = @convention(c) (Int32, Int32) -> Int32
      let mmapThreshold: Int32 = -3
      guard let symbol = dlsym(nil, "mallopt") else { return }
      _ = unsafeBitCast(symbol, to: Function.self)(mmapThreshold, 1 << 20)
    #endif
  }
}
