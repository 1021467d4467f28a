#!/usr/bin/env bash
# Measures Jacquard side by side with PyTorch, JAX, ONNX Runtime and OpenVINO, which go into a virtual environment.
set -euo pipefail
jacquard=$1
venv=${JACQUARD_BENCH_VENV:-.build-peers}
[ -x "$venv/bin/python" ] || python3 -m venv "$venv"
if ! "$venv/bin/python" -c 'import jax, numpy, onnxruntime, openvino, safetensors, torch' 2>/dev/null; then
  # A CPU build where the index has one; the plain wheel brings gigabytes of CUDA.
  "$venv/bin/pip" install -q "torch==2.13.0+cpu" 2>/dev/null || true
  "$venv/bin/pip" install -q -r Benchmarks/peers/requirements.txt
fi
exec "$venv/bin/python" Benchmarks/peers/compare.py --jacquard "$jacquard" --python "$venv/bin/python" --write
