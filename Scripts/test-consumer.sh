#!/usr/bin/env bash
# A package that depends on Jacquard by version, from a tagged clone, builds and trains; in it every block of Swift in the documentation compiles.
set -euo pipefail
top=$(git rev-parse --show-toplevel)
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
git clone -q "$top" "$work/Jacquard"
git -C "$work/Jacquard" tag 0.1.0
cp -r "$top/Tests/Consumer" "$work/Consumer"
sed -i "s|JACQUARD_URL|file://$work/Jacquard|" "$work/Consumer/Package.swift"
cd "$work/Consumer"
python3 "$top/Scripts/documentation_blocks.py" Sources/Documentation
swift run -q Consumer
swift build -q --target Documentation
# The documentation's lines of manifests say what a manifest may say.
mkdir "$work/manifest"
{
  printf '// swift-tools-version: 6.1\nimport PackageDescription\nlet package = Package(name: "manifest", dependencies: [\n'
  sed -E '/^\.package/ s|\)( *//.*)?$|),|' Sources/Documentation/manifests | awk '!seen[$0]++'
  printf '])\n'
} > "$work/manifest/Package.swift"
swift package --package-path "$work/manifest" dump-package > "$work/manifest.json"
