#!/usr/bin/env bash
# Kills a training in the middle, lets it go on from its checkpoint, and compares the weights with those of a training that
# nothing interrupted: the same bytes. Argument: the jacquard program.
set -euo pipefail
jacquard=$1
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT

train() {
  exec "$jacquard" train graphs/mlp.train.json --data fashion-mnist --epochs 8 --progress silent \
    --checkpoint "$folder/$1.checkpoint" --save "$folder/$1.safetensors" "${@:2}" > "$folder/$1.log" 2>&1
}

(train whole)
(train cut) &
killed=$!
for _ in $(seq 600); do
  [ -e "$folder/cut.checkpoint" ] && break
  sleep 0.05
done
kill -KILL "$killed" 2> /dev/null || { echo "test-kill: the training had ended before it was killed" >&2; exit 1; }
wait "$killed" 2> /dev/null || true
if [ -e "$folder/cut.safetensors" ]; then
  echo "test-kill: a killed training wrote its result" >&2
  exit 1
fi
(train cut --resume "$folder/cut.checkpoint")
cmp "$folder/whole.safetensors" "$folder/cut.safetensors"
echo "killed and resumed: the same weights to the byte"
