#!/usr/bin/env bash
# Takes the picture of the inspector's page that the README shows.
#
#   picture.sh JACQUARD GRAPH VIEW PICTURE.png
set -euo pipefail
jacquard=$1
graph=$2
view=$3
picture=$4
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
"$jacquard" inspect "$graph" --format html -o "$work/page.html"
chromium --headless --no-sandbox --disable-gpu --hide-scrollbars --window-size=1280,800 --virtual-time-budget=20000 \
  --user-data-dir="$work/profile" --screenshot="$work/picture.png" "file://$work/page.html#$view" > "$work/log" 2>&1 \
  || { cat "$work/log" >&2; exit 1; }
bytes=$(stat -c %s "$work/picture.png")
if [ "$bytes" -ge 200000 ]; then
  echo "error: the picture has $bytes bytes, 200000 or more" >&2
  exit 1
fi
mv "$work/picture.png" "$picture"
echo "$picture ($bytes bytes)"
