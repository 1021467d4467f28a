/// What version of Jacquard this is.
public enum LibraryVersion {
  /// Semantic version. What is measured or kept for one version is not used by another.
  public static let number = "0.1.0"
}
