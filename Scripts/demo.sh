#!/usr/bin/env bash
# Trains the MLP of graphs/ on real images and shows what the compiler did.
set -euo pipefail
jacquard=$1
out=$2
mkdir -p "$out"
echo "== The model: graphs/mlp.train.json =="
"$jacquard" check graphs/mlp.train.json
echo
echo "== What the compiler made of it =="
"$jacquard" inspect graphs/mlp.train.json --stage plan
"$jacquard" inspect graphs/mlp.train.json --stage memory
train() { # data set, epochs
  echo
  echo "== Training on $1: $2 epochs of batches of 128 =="
  "$jacquard" train graphs/mlp.train.json --data "$1" --eval graphs/mlp.json --epochs "$2" --batch 128 \
    --save "$out/$1.safetensors"
}
train fashion-mnist 20
if [ -n "${JACQUARD_DATA:-}" ]; then train mnist 5; fi
echo
echo "The trained weights are in $out."
