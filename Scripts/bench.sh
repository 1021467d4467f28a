#!/usr/bin/env bash
# Measures Jacquard side by side with PyTorch, JAX, ONNX Runtime and OpenVINO, which go into a virtual environment.
# What follows the binary and the shapes.json of the drawn shapes goes to compare.py.
set -euo pipefail
jacquard=$1
shapes=$2
shift 2
venv=${JACQUARD_BENCH_VENV:-.build-peers}
[ -x "$venv/bin/python" ] || python3 -m venv "$venv"
if ! "$venv/bin/python" -c 'import jax, numpy, onnxruntime, openvino, safetensors, torch' 2>/dev/null; then
  # A CPU build where the index has one; the plain wheel brings gigabytes of CUDA.
  "$venv/bin/pip" install -q "torch==2.13.0+cpu" 2>/dev/null || true
  "$venv/bin/pip" install -q -r Benchmarks/peers/requirements.txt
fi
# Part by part, so that what was measured is kept if a later part is interrupted.
compare=("$venv/bin/python" Benchmarks/peers/compare.py)
kept=out/bench
mkdir -p "$kept"
files=()
for part in training shapes inference operator product compile threads; do
  "${compare[@]}" --jacquard "$jacquard" --python "$venv/bin/python" --parts "$part" --shapes "$shapes" "$@" \
    --json "$kept/$part.json" >"$kept/$part.txt" || echo "part $part is not complete: $kept/$part.txt" >&2
  files+=("$kept/$part.json")
done
"${compare[@]}" --from "${files[@]}" --write
