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
    let console = Console.standard
    let status = JacquardCommand.run(Array(CommandLine.arguments.dropFirst()), console)
    exit(console.finish(status))
  }
}
