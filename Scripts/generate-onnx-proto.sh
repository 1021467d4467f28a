#!/bin/bash
# Writes onnx.pb.swift anew from onnx.proto. Needs protoc (Debian: protobuf-compiler) and protoc-gen-swift on the PATH, or
# its path as the first argument; in a clone of swift-protobuf: swift build -c release --product protoc-gen-swift.
set -euo pipefail

folder="$(cd "$(dirname "$0")/.." && pwd)/Sources/JacquardInterchange/ONNX/Proto"
plugin="${1:-$(command -v protoc-gen-swift)}"

protoc --plugin="protoc-gen-swift=$plugin" --proto_path="$folder" --swift_opt=Visibility=Internal --swift_out="$folder" onnx.proto
