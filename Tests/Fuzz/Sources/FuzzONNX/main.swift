import CFuzzer
import Foundation
import Jacquard
import JacquardInterchange

/// Reads bytes as an ONNX model. Whatever they are, the answer is a graph that verifies, or an error in one line.
private func test(_ bytes: UnsafePointer<UInt8>?, _ size: Int) -> Int32 {
  do {
    let file = Array(UnsafeBufferPointer(start: bytes, count: size))
    try Graph.readONNX(file, name: "fuzz").graph.verify()
  } catch {
    let text = "\(error)"
    precondition(error is Diagnostic && !text.isEmpty && !text.contains("\n"), "no error in one line: \(text)")
  }
  return 0
}

var count = CommandLine.argc
var arguments: UnsafeMutablePointer<UnsafeMutablePointer<CChar>?>? = CommandLine.unsafeArgv
exit(LLVMFuzzerRunDriver(&count, &arguments) { test($0, $1) })
