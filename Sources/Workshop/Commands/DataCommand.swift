import ArgumentParser
import Jacquard

/// `workshop data`
struct DataCommand: CourseCommand {
  static let configuration = CommandConfiguration(
    commandName: "data", abstract: "Says which data is present, checks it, and where to put what is absent.")

  @OptionGroup var data: DataOptions

  func run(_ output: Output) throws -> Int32 {
    let files = CourseData(folder: data.dataDir, dataSet: nil, textFile: data.text, quick: false)
    var isDamaged = false
    for source in DataSource.all {
      switch try source.state(files) {
      case .present(let path, let check): output.print("\(source.name): present in \(path); \(check)")
      case .absent: output.print("\(source.name): absent; \(source.advice)")
      case .damaged(let path, let what):
        isDamaged = true
        output.print("\(source.name): DAMAGED in \(path): \(what)")
      }
    }
    return isDamaged ? 2 : 0
  }
}
