import Foundation
import JacquardCore

/// A folder of this process alone in which compilers work; it is gone with its last reference.
final class WorkFolder {
  /// How the names of such folders begin.
  static let prefix = ".work-"

  let handle: FolderHandle
  var path: String { handle.path }

  /// - Parameter parent: the folder in which to make it.
  /// - Throws: `Diagnostic` if none can be made there.
  init(in parent: String) throws(Diagnostic) {
    var template = Array("\(parent)/\(WorkFolder.prefix)XXXXXX\0".utf8CString)
    guard let made = mkdtemp(&template) else {
      throw Diagnostic(String(cString: strerror(errno)), place: parent)
    }
    handle = try FolderHandle(private: String(cString: made))
  }

  /// Where the system keeps temporary files.
  static var temporaryParent: String {
    let wish = ProcessInfo.processInfo.environment["TMPDIR"] ?? ""
    return wish.hasPrefix("/") ? wish : "/tmp"
  }

  deinit { WorkFolder.remove(handle) }

  /// Removes a work folder; compilers hardly make more than files in it.
  static func remove(_ handle: FolderHandle) {
    for item in handle.items() { handle.remove(item.name) }
    if rmdir(handle.path) != 0 { try? FileManager.default.removeItem(atPath: handle.path) }
  }
}
