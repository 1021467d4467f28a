import CPng
import JacquardCore

/// Images in the PNG format, decoded and encoded by libpng.
public enum PNG {
  /// Reads an image as `u8[height,width,channels]` with 1 (gray) or 3 (red, green, blue) channels.
  ///
  /// Palettes are resolved, fewer than 8 bits are scaled up, 16 bits are scaled down, an alpha channel is
  /// dropped (the colours of transparent pixels stay as they are stored). An image that declares another gamma
  /// is converted to sRGB.
  ///
  /// - Parameter limit: Most bytes of pixels to accept.
  /// - Throws: `Diagnostic` if the file is no PNG file, is damaged or too large.
  public static func read(_ path: String, limit: Int = 1 << 30) throws(Diagnostic) -> HostTensor {
    try decode(FileBytes.read(path, limit: limit), name: path, limit: limit)
  }

  /// Decodes an image in memory. - Parameter name: What messages call the bytes.
  /// - Throws: `Diagnostic`, as for a file.
  public static func decode(
    _ bytes: [UInt8], name: String, limit: Int = 1 << 30
  ) throws(Diagnostic) -> HostTensor {
    try bytes.withBytes { (buffer) throws(Diagnostic) in
      var reader = cpng_reader()
      let isPNG = cpng_begin(&reader, buffer.baseAddress, buffer.count) != 0
      defer { cpng_end(&reader) }
      if !isPNG { throw failure(&reader, name) }
      return try decode(&reader, byteCount: buffer.count, name, limit)
    }
  }

  private static func decode(
    _ reader: inout cpng_reader, byteCount: Int, _ name: String, _ limit: Int
  ) throws(Diagnostic) -> HostTensor {
    let isColor = cpng_has_color(&reader) != 0
    let hasAlpha = cpng_has_alpha(&reader) != 0
    let sizes = [Int(reader.image.height), Int(reader.image.width), (isColor ? 3 : 1) + (hasAlpha ? 1 : 0)]
    try check(sizes, byteCount, name, limit)
    var pixels: HostTensor
    do throws(Diagnostic) { pixels = try HostTensor(zeros: .u8, sizes) } catch { throw error.at(name) }
    let isDecoded = pixels.withUnsafeMutableBytes { target in
      cpng_decode(&reader, isColor ? 1 : 0, hasAlpha ? 1 : 0, target.baseAddress) != 0
    }
    if !isDecoded { throw failure(&reader, name) }
    return hasAlpha ? try withoutLastChannel(pixels) : pixels
  }

  /// Refuses a size that is too large, or that no file of so few bytes can fill.
  private static func check(
    _ sizes: [Int], _ byteCount: Int, _ name: String, _ limit: Int
  ) throws(Diagnostic) {
    let size = try TensorLayout.byteCount(.u8, sizes, in: name)
    if size > limit { throw Diagnostic("has \(size) bytes of pixels, more than \(limit)", place: name) }
    // Rows take at least a bit a pixel and a byte; deflate shrinks them 1032 times at most.
    if sizes[0] * (sizes[1] / 8 + 1) / 1032 > byteCount {
      let what = "\(sizes[0]) x \(sizes[1]) pixels do not fit in \(byteCount) bytes"
      throw Diagnostic("is not a valid PNG file: \(what)", place: name)
    }
  }

  private static func withoutLastChannel(_ pixels: HostTensor) throws(Diagnostic) -> HostTensor {
    let channels = pixels.sizes[2]
    var result = try HostTensor(zeros: .u8, [pixels.sizes[0], pixels.sizes[1], channels - 1])
    pixels.withUnsafeBytes { source in
      result.withUnsafeMutableBytes { target in
        for pixel in 0..<source.count / channels {
          for channel in 0..<channels - 1 {
            target[pixel * (channels - 1) + channel] = source[pixel * channels + channel]
          }
        }
      }
    }
    return result
  }

  /// A PNG file of an image.
  ///
  /// - Parameter pixels: `u8[height,width,channels]` with 1 (gray) or 3 (red, green, blue) channels; none of them empty.
  /// - Throws: `Diagnostic` if it has another type or shape, or memory is short.
  public static func encode(_ pixels: HostTensor) throws(Diagnostic) -> [UInt8] {
    let sizes = pixels.sizes
    guard pixels.dtype == .u8, sizes.count == 3, [1, 3].contains(sizes[2]), pixels.count > 0,
      sizes[0] <= Int(Int32.max), sizes[1] <= Int(Int32.max)
    else { throw Diagnostic("an image is u8[height,width,1 or 3], not \(pixels.type)") }
    var image = png_image()
    cpng_describe(&image, UInt32(sizes[1]), UInt32(sizes[0]), sizes[2] == 3 ? 1 : 0)
    let bytes = pixels.withUnsafeBytes { source -> [UInt8]? in
      var size = 0
      guard cpng_encode(&image, source.baseAddress, nil, &size) != 0 else { return nil }
      var bytes = [UInt8](repeating: 0, count: size)
      guard cpng_encode(&image, source.baseAddress, &bytes, &size) != 0 else { return nil }
      return Array(bytes.prefix(size))
    }
    guard let bytes else { throw Diagnostic("the image cannot be encoded", kind: .runtime) }
    return bytes
  }

  private static func failure(_ reader: inout cpng_reader, _ name: String) -> Diagnostic {
    let message = cpng_message(&reader).map { String(cString: $0) } ?? ""
    return Diagnostic("is not a valid PNG file: \(message)", place: name)
  }
}
