import JacquardCore
import JacquardIR
import JacquardOps

// An operator cannot take `#line`: an error names the site of the latest operand, layer call or scope as 'near'.

extension Tensor {
  /// Element-wise sum, broadcast as in NumPy.
  public static func + (a: Tensor, b: Tensor) -> Tensor { a.binary(b, nil) { try $0.add($1, $2) } }
  /// The sum of each element and a number.
  public static func + (a: Tensor, b: Scalar) -> Tensor { a.scalar(b, nil) { try $0.add($1, $2) } }
  /// The sum of a number and each element.
  public static func + (a: Scalar, b: Tensor) -> Tensor { b.scalar(a, nil) { try $0.add($2, $1) } }

  /// Element-wise difference, broadcast as in NumPy.
  public static func - (a: Tensor, b: Tensor) -> Tensor { a.binary(b, nil) { try $0.subtract($1, $2) } }
  /// Each element less a number.
  public static func - (a: Tensor, b: Scalar) -> Tensor { a.scalar(b, nil) { try $0.subtract($1, $2) } }
  /// A number less each element.
  public static func - (a: Scalar, b: Tensor) -> Tensor { b.scalar(a, nil) { try $0.subtract($2, $1) } }

  /// Element-wise product, broadcast as in NumPy.
  public static func * (a: Tensor, b: Tensor) -> Tensor { a.binary(b, nil) { try $0.multiply($1, $2) } }
  /// Each element times a number.
  public static func * (a: Tensor, b: Scalar) -> Tensor { a.scalar(b, nil) { try $0.multiply($1, $2) } }
  /// A number times each element.
  public static func * (a: Scalar, b: Tensor) -> Tensor { b.scalar(a, nil) { try $0.multiply($2, $1) } }

  /// Element-wise quotient, broadcast as in NumPy. Integers are cut towards zero; a division by 0 gives 0.
  public static func / (a: Tensor, b: Tensor) -> Tensor { a.binary(b, nil) { try $0.divide($1, $2) } }
  /// Each element divided by a number. Quotients of integers are cut towards zero, those by 0 are 0.
  public static func / (a: Tensor, b: Scalar) -> Tensor { a.scalar(b, nil) { try $0.divide($1, $2) } }
  /// A number divided by each element. Quotients of integers are cut towards zero, those by 0 are 0.
  public static func / (a: Scalar, b: Tensor) -> Tensor { b.scalar(a, nil) { try $0.divide($2, $1) } }

  /// The negative of each element.
  public static prefix func - (x: Tensor) -> Tensor { x.unary(nil) { try $0.negate($1) } }
}

extension Tensor {
  // The operators are those that Swift has for SIMD vectors.

  /// Where the first is less, element-wise, broadcast as in NumPy; false where one is NaN.
  public static func .< (a: Tensor, b: Tensor) -> Tensor<Bool> { a.binary(b, nil) { try $0.less($1, $2) } }
  /// Where the first is less or equal, element-wise, broadcast as in NumPy; false where one is NaN.
  public static func .<= (a: Tensor, b: Tensor) -> Tensor<Bool> { a.binary(b, nil) { try $0.lessEqual($1, $2) } }
  /// Where the first is greater, element-wise, broadcast as in NumPy; false where one is NaN.
  public static func .> (a: Tensor, b: Tensor) -> Tensor<Bool> { a.binary(b, nil) { try $0.greater($1, $2) } }
  /// Where the first is greater or equal, element-wise, broadcast as in NumPy; false where one is NaN.
  public static func .>= (a: Tensor, b: Tensor) -> Tensor<Bool> { a.binary(b, nil) { try $0.greaterEqual($1, $2) } }
  /// Where the two are equal, element-wise, broadcast as in NumPy; false where one is NaN.
  public static func .== (a: Tensor, b: Tensor) -> Tensor<Bool> { a.binary(b, nil) { try $0.equal($1, $2) } }
  /// Where the two differ, element-wise, broadcast as in NumPy; true where one is NaN.
  public static func .!= (a: Tensor, b: Tensor) -> Tensor<Bool> { a.binary(b, nil) { try $0.notEqual($1, $2) } }
}
