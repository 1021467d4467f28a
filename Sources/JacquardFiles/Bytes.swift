import JacquardCore

// The standard library's `withUnsafeBytes` of arrays loses the type of what its closure throws.
extension [UInt8] {
  func withBytes<R>(_ body: (UnsafeRawBufferPointer) throws(Diagnostic) -> R) throws(Diagnostic) -> R {
    try withUnsafeBufferPointer { (buffer) throws(Diagnostic) in try body(UnsafeRawBufferPointer(buffer)) }
  }

  mutating func withMutableBytes<R>(
    _ body: (UnsafeMutableRawBufferPointer) throws(Diagnostic) -> R
  ) throws(Diagnostic) -> R {
    try withUnsafeMutableBufferPointer { (buffer) throws(Diagnostic) in
      try body(UnsafeMutableRawBufferPointer(buffer))
    }
  }
}
