#!/usr/bin/env bash
# Reads hostile ONNX files for a while under libFuzzer. Arguments: the jacquard tool, which writes the first files, and
# seconds. What fails is kept in out/fuzz-onnx.
set -euo pipefail

top="$(cd "$(dirname "$0")/.." && pwd)"
tool="$1"
seconds="${2:-60}"
work="$top/out/fuzz-onnx"
# lld lets the program keep its own main function beside libFuzzer's.
flags=(-c release -Xswiftc -sanitize=fuzzer -Xswiftc -use-ld=lld --package-path "$top/Tests/Fuzz" --scratch-path "$top/.build-fuzz" --product FuzzONNX)

mkdir -p "$work/corpus"
for name in xor linear_regression logistic_regression; do
  "$tool" convert "$top/graphs/$name.json" "$work/corpus/$name.onnx"
done
swift build "${flags[@]}"
"$(swift build "${flags[@]}" --show-bin-path)/FuzzONNX" \
  -max_total_time="$seconds" -timeout=10 -rss_limit_mb=4096 -max_len=65536 -print_final_stats=1 \
  -artifact_prefix="$work/" "$work/corpus"
