#!/usr/bin/env bash
# A package that depends on Jacquard by version, from a tagged clone, builds and trains.
set -euo pipefail
top=$(git rev-parse --show-toplevel)
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
git clone -q "$top" "$work/Jacquard"
git -C "$work/Jacquard" tag 0.1.0
cp -r "$top/Tests/Consumer" "$work/Consumer"
sed -i "s|JACQUARD_URL|file://$work/Jacquard|" "$work/Consumer/Package.swift"
cd "$work/Consumer"
swift run -q
