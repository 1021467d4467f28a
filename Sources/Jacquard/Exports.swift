// What a user of `import Jacquard` needs beside it. The operations themselves have names of layers (`Dropout`,
// `LayerNorm`), so `JacquardOps` is imported by those who write operations or passes.
@_exported import JacquardCore
@_exported import JacquardFiles
@_exported import JacquardIR

@_exported import enum JacquardTransforms.CheckpointPolicy
@_exported import enum JacquardTransforms.JacobianMode
