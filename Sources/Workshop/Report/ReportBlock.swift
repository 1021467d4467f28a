import Foundation
import Jacquard

/// One part of a report, in the order in which the exercise told it.
enum ReportBlock: Sendable {
  case heading(String)
  case paragraph(String)
  /// Lines in a fixed pitch.
  case code(String)
  case table(_ header: [String], _ rows: [[String]])
  /// An `svg` element.
  case plot(_ svg: String, caption: String)
  case missingPlot(reason: String, caption: String)
  case images([Strip], caption: String)

  /// A row of images.
  struct Strip: Sendable {
    let label: String
    /// A PNG file.
    let png: [UInt8]
    let count: Int
  }
}

/// Gray images side by side in one PNG image.
enum ImageStrip {
  /// - Parameter images: Pixels from 0 to 1, `width` a line; values beyond are cut, NaN is 0.
  /// - Throws: `Diagnostic` if an image has another number of pixels, or none.
  static func png(_ images: [[Float]], width: Int) throws -> [UInt8] {
    guard width > 0, let height = images.first.map({ $0.count / width }), height > 0,
      images.allSatisfy({ $0.count == width * height })
    else { throw Diagnostic("images of a strip must have one size of lines of \(width) pixels") }
    let across = images.count * (width + 1) - 1
    var pixels = [UInt8](repeating: 128, count: across * height)
    for (index, image) in images.enumerated() {
      for (place, value) in image.enumerated() {
        let column = index * (width + 1) + place % width
        pixels[place / width * across + column] = UInt8(max(0, min(1, value.isNaN ? 0 : value)) * 255)
      }
    }
    return try PNG.encode(try HostTensor(pixels, [height, across, 1]))
  }
}
