#!/usr/bin/env bash
# Executor native on bad days: several processes with one cache, killed compilers, full and read-only disks, foreign folders, no
# compiler. Each time the results are those of executor vm to the byte, the exit status is 0, and one line says what is wrong.
# Argument: the jacquard program.
set -euo pipefail
jacquard=$(realpath "$1")
graph=$(realpath graphs/xor.train.json)
folder=$(mktemp -d)
trap 'chmod -R u+w "$folder"; rm -rf "$folder"' EXIT
beside=$(dirname "$(readlink -f "$(command -v swift || echo /)")")/clang
real=${CC:-$([ -x "$beside" ] && echo "$beside" || command -v clang || command -v cc || command -v gcc)}
passed=0
skipped=0

fail() {
  echo "test-native: $*" >&2
  exit 1
}

# A compiler that counts its calls, and does what the file `mood` says.
cat > "$folder/cc" << END
#!/bin/sh
echo call >> "$folder/calls"
case \$(cat "$folder/mood") in
  slow) touch "$folder/started"; sleep 2 ;;
  dying) $real "\$@"; kill -9 \$\$ ;;
  complaining) echo "this is what the compiler says" >&2; exit 1 ;;
esac
exec $real "\$@"
END
chmod +x "$folder/cc"
export CC="$folder/cc"
mood() { echo "$1" > "$folder/mood"; }
calls() { wc -l < "$folder/calls"; }

# Two steps in the folder $1, with the executor $2.
steps() {
  mkdir -p "$1"
  "$jacquard" run "$graph" --synthetic --steps 2 --executor "$2" --output-dir "$1/out" --save "$1.safetensors" \
    > "$1.log" 2> "$1.err"
}

# Name of the case, and what standard error must say; nothing if left out.
check() {
  diff -r "$folder/vm/out" "$folder/$1/out" > /dev/null && cmp "$folder/vm.safetensors" "$folder/$1.safetensors" \
    || fail "$1: other results than executor vm"
  if [ $# -eq 1 ]; then
    [ ! -s "$folder/$1.err" ] || fail "$1: $(cat "$folder/$1.err")"
  else
    [ "$(grep -c . "$folder/$1.err")" -eq 1 ] && grep -q "^note: .*$2" "$folder/$1.err" \
      || fail "$1: not '$2' but: $(cat "$folder/$1.err")"
  fi
  passed=$((passed + 1))
}

mood well
JACQUARD_CACHE="$folder/none" steps "$folder/vm" vm

# ---- Several processes ----

export JACQUARD_CACHE="$folder/cache"
processes=()
for k in 1 2 3 4 5 6; do
  steps "$folder/at-once-$k" native &
  processes+=($!)
done
for process in "${processes[@]}"; do wait "$process" || fail "at once: exit status $?"; done
for k in 1 2 3 4 5 6; do check "at-once-$k"; done
[ -z "$(find "$JACQUARD_CACHE" -name '.work-*')" ] || fail "at once: something is left in the cache"
before=$(calls)
steps "$folder/cached" native
check cached
[ "$(calls)" -eq "$before" ] || fail "what six processes compiled at once was compiled again"

# ---- Killed ----

export JACQUARD_CACHE="$folder/killed-cache"
mood slow
"$jacquard" run "$graph" --synthetic --executor native > /dev/null 2>&1 &
process=$!
for _ in $(seq 400); do
  [ -e "$folder/started" ] && break
  sleep 0.05
done
kill -KILL "$process" 2> /dev/null || fail "the process had ended before it was killed"
wait "$process" 2> /dev/null || true
[ -z "$(find "$JACQUARD_CACHE" -name '*.so')" ] || fail "a killed process left an entry"
# Its compiler goes on beside the next process.
mood well
steps "$folder/after-kill" native
check after-kill
sleep 2
before=$(calls)
steps "$folder/after-compiler" native
check after-compiler
[ "$(calls)" -eq "$before" ] || fail "what was compiled after a kill was not found again"

export JACQUARD_CACHE="$folder/dying-cache"
mood dying
steps "$folder/dying" native
check dying "was ended by signal 9; executor vm runs instead"
mood well
steps "$folder/recovered" native
check recovered

# ---- Disks and folders ----

# Writes beyond 8 KiB fail, also in the temporary folder.
export JACQUARD_CACHE="$folder/limited-cache"
(
  ulimit -f 8
  steps "$folder/limited" native
)
check limited "File too large; executor vm runs instead"

# A mount that only the process sees: options, what to do before, and the case; $TMPDIR lies on it too if $4 says so.
mounted() {
  if ! unshare -rm mount -t tmpfs none "$folder/mount" 2> /dev/null; then
    echo "test-native: $3: skipped, for a user may not mount here" >&2
    skipped=$((skipped + 1))
    return 1
  fi
  export -f steps
  export jacquard graph
  unshare -rm bash -c "
    set -e
    mount -t tmpfs -o size=64k,mode=700 none '$folder/mount'
    mkdir -m 700 '$folder/mount/native'
    $2
    [ '$1' = rw ] || mount -o remount,ro '$folder/mount'
    [ '${4:-}' = '' ] || export TMPDIR='$folder/mount'
    JACQUARD_CACHE='$folder/mount' steps '$folder/$3' native"
}
mkdir "$folder/mount"
fill="dd if=/dev/zero of='$folder/mount/filler' bs=4k count=16 2> /dev/null || true"
if mounted rw "$fill" full; then check full "nothing is cached: .*No space left on device"; fi
if mounted rw "$fill" full-everywhere temporary; then
  check full-everywhere "No space left on device; executor vm runs instead"
fi
if mounted ro true read-only; then check read-only "nothing is cached: .*Read-only file system"; fi

if [ "$(id -u)" -eq 0 ]; then
  mkdir -p -m 700 "$folder/foreign-cache/native"
  chown 1:1 "$folder/foreign-cache/native"
  export JACQUARD_CACHE="$folder/foreign-cache"
else
  export JACQUARD_CACHE=/
fi
steps "$folder/foreign" native
check foreign "nothing is cached: .* it belongs to another user"

# ---- Measured tiles ----

# Notes of a benchmark that measures the products of its graph first.
tune() { "$jacquard" bench graphs/mlp.json --bind N=32 --executor vm --steps 1 --autotune 2>&1 > /dev/null; }

export JACQUARD_CACHE="$folder/tiles-cache"
processes=()
for k in 1 2 3; do
  tune > "$folder/tune-$k" &
  processes+=($!)
done
for process in "${processes[@]}"; do wait "$process" || fail "tiles measured at once: exit status $?"; done
tune > "$folder/tune"
grep -q "^note: products measured: 0, known: [1-9]" "$folder/tune" && [ "$(grep -c . "$folder/tune")" -eq 1 ] \
  || fail "tiles were not kept: $(cat "$folder/tune")"
[ -z "$(find "$JACQUARD_CACHE" -name '.work-*')" ] || fail "measuring left something in the cache"
if [ "$(id -u)" -eq 0 ]; then export JACQUARD_CACHE="$folder/foreign-cache"; else export JACQUARD_CACHE=/; fi
tune > "$folder/tune" || fail "tiles in a folder that is not used: exit status $?"
grep -q "^note: measured tiles are not kept: .* it belongs to another user" "$folder/tune" \
  || fail "tiles in a folder that is not used: $(cat "$folder/tune")"
passed=$((passed + 2))

# ---- No compiler, and one that complains ----

export JACQUARD_CACHE="$folder/last-cache"
export CC=/nonexistent/cc
steps "$folder/no-compiler" native
check no-compiler "CC names no program that can be run.*; executor vm runs instead"

# What `jacquard $@` says on standard error of the compiler: one line.
says() {
  local wanted=$1
  shift
  "$jacquard" "$@" > "$folder/log" 2> "$folder/err" || fail "$1: exit status $?: $(cat "$folder/err")"
  [ "$(grep -c "$wanted" "$folder/err")" -eq 1 ] || fail "$1: not once '$wanted': $(cat "$folder/err")"
  passed=$((passed + 1))
}
training=(train graphs/mlp.train.json --data fashion-mnist --eval graphs/mlp.json --progress silent)
says "executor vm runs instead" bench "$graph" --steps 1
says "executor vm runs instead" "${training[@]}" --steps 2 --executor native
says "executor vm runs instead" "${training[@]}" --epochs 4 --executor auto
export CC="$folder/cc"
mood complaining
says "exit status 1; executor vm runs instead" "${training[@]}" --steps 2 --executor native
grep -q "this is what the compiler says" "$folder/err" && fail "train says all that the compiler said without --verbose"
says "this is what the compiler says" "${training[@]}" --steps 2 --executor native --verbose

echo "executor native on bad days: $passed passed, $skipped skipped"
