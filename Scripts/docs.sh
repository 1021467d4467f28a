#!/usr/bin/env bash
# Builds the documentation of the public modules into a folder; fails if a link in it leads nowhere.
#
#   docs.sh FOLDER MODULE...
set -euo pipefail
folder=$1
shift
targets=()
for module in "$@"; do targets+=(--target "$module"); done
mkdir -p "$folder"
log=$(mktemp)
trap 'rm -f "$log"' EXIT
# A build folder of its own: the plugin changes what the package depends on.
JACQUARD_DOCUMENTATION=1 swift package --scratch-path .build-docs --allow-writing-to-directory "$folder" \
  generate-documentation --enable-experimental-combined-documentation "${targets[@]}" --output-path "$folder" \
  2>&1 | tee "$log"
if grep -E "warning: .*(doesn't exist at|is ambiguous at|No symbol matched|[Cc]an't resolve|couldn't be found)" "$log"; then
  echo "error: links in the documentation lead nowhere (above)" >&2
  exit 1
fi
