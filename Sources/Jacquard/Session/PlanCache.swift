/// Compiled plans by the sizes that their symbols are bound to.
struct PlanCache {
  private let limit: Int
  /// The one used last is at the end.
  private var entries: [(bindings: [String: Int], plan: BoundPlan)] = []

  init(limit: Int) { self.limit = max(1, limit) }

  mutating func find(_ bindings: [String: Int]) -> BoundPlan? {
    guard let index = entries.lastIndex(where: { $0.bindings == bindings }) else { return nil }
    if index != entries.count - 1 { entries.append(entries.remove(at: index)) }
    return entries.last?.plan
  }

  mutating func insert(_ plan: BoundPlan, _ bindings: [String: Int]) {
    if entries.count >= limit { entries.removeFirst() }
    entries.append((bindings, plan))
  }

  mutating func removeAll() { entries = [] }

  /// Why no plan fits: which symbols differ from the plan used last.
  func explainMiss(_ bindings: [String: Int]) -> String {
    let sizes = bindings.sorted { $0.key < $1.key }
    guard let last = entries.last else {
      let text = sizes.map { "\($0.key) = \($0.value)" }.joined(separator: ", ")
      return "compiling the first plan" + (text.isEmpty ? "" : " for \(text)")
    }
    let changes = sizes.filter { last.bindings[$0.key] != $0.value }
    let text = changes.map { "\($0.key) changed from \(last.bindings[$0.key] ?? 0) to \($0.value)" }
    return "compiling a plan: \(text.joined(separator: ", ")); \(entries.count) kept"
  }
}
