import Foundation
import Jacquard

/// Something that exercises work on, and how it is recognised.
struct DataSource: Sendable {
  enum State: Sendable {
    case present(path: String, check: String)
    case damaged(path: String, what: String)
    case absent
  }

  let name: String
  /// Where to get it, and where to put it.
  let advice: String
  /// Where it is, and what checking it said.
  let state: @Sendable (CourseData) throws -> State

  static let all = [
    images(
      .mnist,
      advice: "put the four files of MNIST (train-images-idx3-ubyte.gz, ...) in the folder mnist of --data-dir or "
        + "JACQUARD_DATA"),
    images(.fashion, advice: "install the Debian package dataset-fashion-mnist"),
    DataSource(
      name: "Cora",
      advice: "put edges.npy, feature_index.npy, labels.npy, train.npy, val.npy and test.npy in the folder cora of "
        + "--data-dir or JACQUARD_DATA", state: coraState),
    DataSource(
      name: "tinyshakespeare",
      advice: "put data/tinyshakespeare/input.txt of github.com/karpathy/char-rnn as tinyshakespeare.txt in --data-dir "
        + "or JACQUARD_DATA", state: shakespeareState),
    DataSource(
      name: "King James Bible", advice: "install the Debian packages bible-kjv and bible-kjv-text",
      state: { _ in
        FileManager.default.isExecutableFile(atPath: Bible.program)
          ? .present(path: Bible.program, check: "not checked") : .absent
      }),
  ]

  // MARK: Images

  /// SHA-256 of the files' contents, inflated: those that the sets' users publish for MNIST, those of Debian's package
  /// for Fashion-MNIST.
  private static let digests: [ImageSet: [(file: String, sha256: String)]] = [
    .mnist: [
      ("train-images-idx3-ubyte", "ba891046e6505d7aadcbbe25680a0738ad16aec93bde7f9b65e87a2fc25776db"),
      ("train-labels-idx1-ubyte", "65a50cbbf4e906d70832878ad85ccda5333a97f0f4c3dd2ef09a8a9eef7101c5"),
      ("t10k-images-idx3-ubyte", "0fa7898d509279e482958e8ce81c8e77db3f2f8254e26661ceb7762c4d494ce7"),
      ("t10k-labels-idx1-ubyte", "ff7bcfd416de33731a308c3f266cc351222c34898ecbeaf847f06e48f7ec33f2"),
    ],
    .fashion: [
      ("train-images-idx3-ubyte", "c59f468a2f672dc815687fe0f83887768d799fd8a3f3276145d20f83aa44d888"),
      ("train-labels-idx1-ubyte", "bad3541b69d912435c50bb6ba87bec294ff4f6a2e1246121d8633921760443d9"),
      ("t10k-images-idx3-ubyte", "5b4141f0afbad91edebe8549f8fcffe087ea10ca49f1dbef5c9a5cd8815ce37b"),
      ("t10k-labels-idx1-ubyte", "0402a96d92fd2663957122ceb108a494c5af83dab82d92729df917d7dec38c34"),
    ],
  ]

  private static func images(_ set: ImageSet, advice: String) -> DataSource {
    DataSource(name: set.title, advice: advice) { data in
      guard let folder = DataSplits.folder(of: set.name, dataFolder: data.folder) else { return .absent }
      for (file, sha256) in digests[set] ?? [] {
        // Some write `train-images.idx3-ubyte`.
        let names = [file, file.replacingOccurrences(of: "-idx", with: ".idx")].flatMap { ["\($0).gz", $0] }
        let paths = names.map { "\(folder)/\($0)" }
        guard let path = paths.first(where: { FileManager.default.fileExists(atPath: $0) }) else {
          return .damaged(path: folder, what: "\(file) is missing")
        }
        if let what = try mismatch(path, sha256) { return .damaged(path: path, what: what) }
      }
      return .present(path: folder, check: "SHA-256 of 4 files right")
    }
  }

  /// What is wrong with a file, gzipped or plain.
  private static func mismatch(_ path: String, _ sha256: String) throws -> String? {
    let found = SHA256.hex(of: try FileBytes.read(path, limit: 1 << 28, inflating: path.hasSuffix(".gz")))
    return found == sha256 ? nil : "the content's SHA-256 is \(found), not \(sha256)"
  }

  // MARK: Graph and text

  @Sendable private static func coraState(_ data: CourseData) throws -> State {
    guard let folder = data.path("cora") else { return .absent }
    let cora = try Cora(folder: folder)
    let counts = (0..<7).map { label in cora.labels.count { $0 == Int32(label) } }
    let splits = [cora.train.count, cora.validation.count, cora.test.count]
    if counts != [351, 217, 418, 818, 426, 298, 180] || splits != [140, 500, 1000] {
      return .damaged(path: folder, what: "classes count \(counts), the split \(splits)")
    }
    return .present(path: folder, check: "counts of classes and split right")
  }

  @Sendable private static func shakespeareState(_ data: CourseData) throws -> State {
    guard let path = data.path("tinyshakespeare.txt") else { return .absent }
    let sha256 = "86c4e6aa9db7c042ec79f339dcb96d42b0075e16b8fc2e86bf0ca57e2dc565ed"
    if let what = try mismatch(path, sha256) { return .damaged(path: path, what: what) }
    return .present(path: path, check: "SHA-256 right")
  }
}
