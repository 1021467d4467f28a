#!/usr/bin/env bash
# Runs tests in a build with sanitizers, and compiles emitted C with the same ones: what is emitted is loaded into the process, whose
# sanitizers it then shares. Arguments: address (with undefined behaviour) or thread, and which tests.
set -euo pipefail
cd "$(dirname "$0")/.."
kind=$1
tests=$2
clang=$(dirname "$(readlink -f "$(command -v swift)")")/clang
build=.build-sanitize-$kind
export JACQUARD_CACHE="$PWD/$build/cache" JACQUARD_RANDOM_GRAPHS="${JACQUARD_RANDOM_GRAPHS:-400}"

case $kind in
  address)
    undefined=(-fsanitize=undefined -fno-sanitize-recover=undefined)
    export CC="$clang -fsanitize=address ${undefined[*]}"
    export ASAN_OPTIONS=detect_leaks=0 UBSAN_OPTIONS=print_stacktrace=1
    options=(--sanitize=address -Xcc "${undefined[0]}" -Xcc "${undefined[1]}")
    ;;
  thread)
    export CC="$clang -fsanitize=thread"
    # libomp is not instrumented: its own library tells ThreadSanitizer what it does.
    archer=$(find /usr/lib -name libarcher.so 2> /dev/null | head -1)
    export OMP_TOOL_LIBRARIES="$archer" TSAN_OPTIONS="ignore_noninstrumented_modules=1 halt_on_error=1"
    options=(--sanitize=thread)
    ;;
  *)
    echo "sanitize: address or thread" >&2
    exit 64
    ;;
esac

swift build "${options[@]}" --scratch-path "$build" --product JacquardPackageTests
swift test "${options[@]}" --scratch-path "$build" --skip-build --filter "$tests"
