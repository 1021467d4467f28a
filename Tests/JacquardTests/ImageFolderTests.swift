import Foundation
import Jacquard
import Testing

/// Data sets of PNG images, one subfolder a class. The images are those of the PNG reader's tests: `gray` and `gray1` have
/// three by two pixels, the others two by one.
@Suite struct ImageFolderTests {
  private static let images = URL(fileURLWithPath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
    .appendingPathComponent("JacquardFilesTests/Fixtures").path

  /// Lays out images by their places, such as `cat/1.png`. A place that ends in `/` becomes an empty folder.
  private func lay(_ places: [(place: String, image: String)], in folder: TemporaryFolder) throws {
    for (place, image) in places {
      let target = URL(fileURLWithPath: folder(place))
      let parent = place.hasSuffix("/") ? target : target.deletingLastPathComponent()
      try FileManager.default.createDirectory(at: parent, withIntermediateDirectories: true)
      if place.hasSuffix("/") { continue }
      try FileManager.default.copyItem(atPath: "\(ImageFolderTests.images)/\(image).png", toPath: target.path)
    }
  }

  @Test func grayImagesHaveNoChannelAxis() throws {
    let folder = try TemporaryFolder()
    try lay([("dog/1.png", "gray1"), ("cat/2.PNG", "gray1"), ("cat/1.png", "gray")], in: folder)
    let data = try DataSplits.load(folder.path).train
    #expect(data.signature == "image u8[2,3], label i32[]")
    #expect(data["label"]?.classes == ["cat", "dog"], "classes are numbered in the order of their names")
    #expect(data["label"]?.values.elements(Int32.self) == [0, 0, 1])
    let pixels: [UInt8] = [0, 128, 255, 1, 2, 3, 255, 0, 255, 0, 255, 0, 255, 0, 255, 0, 255, 0]
    #expect(data["image"]?.values.elements(UInt8.self) == pixels)
  }

  @Test func colorsAreSeparatePlanes() throws {
    let folder = try TemporaryFolder()
    try lay([("a/1.png", "rgb"), ("b/1.png", "rgba")], in: folder)
    let data = try DataSplits.load(folder.path).train
    #expect(data.signature == "image u8[3,1,2], label i32[]")
    let pixels: [UInt8] = [1, 250, 2, 251, 3, 252]
    #expect(data["image"]?.values.elements(UInt8.self) == pixels + pixels, "an alpha channel is left out")
  }

  @Test func anEmptyClassKeepsItsNumber() throws {
    let folder = try TemporaryFolder()
    try lay([("a/1.png", "rgb"), ("b/", ""), ("c/1.png", "rgb")], in: folder)
    let data = try DataSplits.load(folder.path).train
    #expect(data["label"]?.classes == ["a", "b", "c"])
    #expect(data["label"]?.values.elements(Int32.self) == [0, 2])
  }

  @Test func otherFilesAreLeftAlone() throws {
    let folder = try TemporaryFolder()
    try lay([("a/1.png", "rgb"), ("b/2.png", "rgb")], in: folder)
    for name in ["README.md", "a/labels.txt", "b/.hidden"] { try AtomicFile.write("no image", to: folder(name)) }
    #expect(try DataSplits.load(folder.path).train.count == 2)
  }

  @Test func testImagesHaveTheClassesOfTrainingImages() throws {
    let folder = try TemporaryFolder()
    let training = ["ape", "bee", "cow"].map { (place: "train/\($0)/1.png", image: "gray") }
    try lay(training + [("test/cow/1.png", "gray"), ("test/ape/1.png", "gray1")], in: folder)
    let splits = try DataSplits.load(folder.path)
    #expect(splits.train["label"]?.values.elements(Int32.self) == [0, 1, 2])
    #expect(splits.test?["label"]?.values.elements(Int32.self) == [0, 2])
    #expect(splits.test?["label"]?.classes == splits.train["label"]?.classes)
  }

  struct BadFolder: Sendable, CustomTestStringConvertible {
    let what: String
    let places: [(String, String)]
    let message: String
    var testDescription: String { what }
  }

  static let bad = [
    BadFolder(
      what: "another size", places: [("a/1.png", "gray"), ("a/2.png", "gray16"), ("b/1.png", "gray")],
      message: "/a/2.png: has size [1,2,1]; the images before have [2,3,1]"),
    BadFolder(
      what: "gray among colours", places: [("a/1.png", "rgb"), ("b/1.png", "gray_alpha")],
      message: "/b/1.png: has size [1,2,1]; the images before have [1,2,3]"),
    BadFolder(what: "no images", places: [("a/", ""), ("b/", "")], message: ": has no subfolder with PNG images"),
    BadFolder(
      what: "images without classes", places: [("1.png", "gray")], message: ": has no subfolder with PNG images"),
    BadFolder(
      what: "test images of an unknown class", places: [("train/a/1.png", "gray"), ("test/b/1.png", "gray")],
      message: "/test: has a class 'b' that the training images have not"),
  ]

  @Test(arguments: bad) func whatDoesNotFitIsNamed(_ bad: BadFolder) throws {
    let folder = try TemporaryFolder()
    try lay(bad.places, in: folder)
    #expect(throws: Diagnostic.self) { try DataSplits.load(folder.path) }
    do { _ = try DataSplits.load(folder.path) } catch { #expect("\(error)" == folder.path + bad.message) }
  }

  @Test func aFileThatIsNoImageIsNamed() throws {
    let folder = try TemporaryFolder()
    try lay([("a/1.png", "rgb")], in: folder)
    try AtomicFile.write("GIF89a", to: folder("a/2.png"))
    do {
      _ = try DataSplits.load(folder.path)
      Issue.record("no error")
    } catch {
      #expect("\(error)".hasPrefix("\(folder("a/2.png")): is not a valid PNG file"), "\(error)")
      #expect(!"\(error)".contains("\n"))
    }
  }
}
