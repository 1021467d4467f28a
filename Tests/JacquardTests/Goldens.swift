import Foundation
import Jacquard

/// The training goldens of Tests/Goldens (see its README): inputs and initial parameters by formula, results from files.
struct TrainingGoldens {
  let json: JSONObject
  let tensors: SafetensorsFile

  static let folder = URL(fileURLWithPath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
    .appendingPathComponent("Goldens").path

  init() throws {
    let bytes = [UInt8](try Data(contentsOf: URL(fileURLWithPath: "\(TrainingGoldens.folder)/training.json")))
    json = try JSONValue.parse(bytes, file: "training.json").object()
    tensors = try SafetensorsFile("\(TrainingGoldens.folder)/training.safetensors")
  }

  func model(_ name: String) throws -> JSONObject {
    for entry in try json.required("models").array() {
      let object = try entry.object()
      if try object.required("name").string() == name { return object }
    }
    throw Diagnostic("no golden model \(name)")
  }

  func losses(_ object: JSONObject, _ key: String) throws -> [Double] {
    try object.required(key).array().map { try $0.double() }
  }

  /// The initial parameters of a model, set in a store.
  func store(_ model: JSONObject, _ dtype: DType) throws -> ParameterStore {
    let store = ParameterStore()
    for (index, entry) in try model.required("parameters").array().enumerated() {
      let object = try entry.object()
      let sizes = try object.required("shape").array().map { try $0.int() }
      let scale = 1 / Double(try object.required("fanIn").int()).squareRoot()
      let key = Philox(UInt32(1000 + index), 7)
      let values = try Draw.tensor(dtype, sizes) { (2 * key.uniform($0) - 1) * scale }
      try store.set(try object.required("name").string(), values)
    }
    return store
  }
}

enum Draw {
  static func tensor(_ dtype: DType, _ sizes: [Int], _ value: (Int) -> Double) throws -> HostTensor {
    var tensor = try HostTensor(zeros: dtype, sizes)
    for index in 0..<tensor.count { tensor[linear: index] = .float(value(index)) }
    return tensor
  }

  static func images(_ step: Int, _ dtype: DType, _ sizes: [Int]) throws -> HostTensor {
    let key = Philox(UInt32(2000 + step), 7)
    return try tensor(dtype, sizes) { key.uniform($0) }
  }

  static func labels(_ step: Int, _ count: Int) throws -> HostTensor {
    let key = Philox(UInt32(3000 + step), 7)
    return try HostTensor((0..<count).map { Int32((10 * UInt64(key.word($0) >> 8)) >> 24) }, [count])
  }

  static func noise(_ step: Int, _ dtype: DType, _ sizes: [Int]) throws -> HostTensor {
    let key = Philox(UInt32(4000 + step), 7)
    return try tensor(dtype, sizes) { element in
      let (radius, angle) = key.normalPair(element)
      let length = (-2 * log(radius)).squareRoot()
      return length * (element % 2 == 0 ? cos(2 * .pi * angle) : sin(2 * .pi * angle))
    }
  }
}
