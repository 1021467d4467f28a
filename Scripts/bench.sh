#!/usr/bin/env bash
# Measures the training steps side by side with PyTorch and JAX, which go into a virtual environment.
set -euo pipefail
jacquard=$1
venv=${JACQUARD_BENCH_VENV:-.build-peers}
if [ ! -x "$venv/bin/python" ]; then
  python3 -m venv "$venv"
  "$venv/bin/pip" install -q -r Benchmarks/peers/requirements.txt
fi
exec "$venv/bin/python" Benchmarks/peers/compare.py --jacquard "$jacquard" --python "$venv/bin/python" --write
