#!/bin/bash
# Runs the evaluator's cases: each is an expression, with what it must print beside it: NAME.out is its value, NAME.err
# what it says on standard error. Where a file is missing, nothing may be printed, and with .out the exit code is 0.
#
# usage: run.sh [--write] [NAME...]        --write takes what is printed for what must be printed
set -euo pipefail
shopt -s nullglob

here=$(dirname "$(readlink -f "$0")")
nixpkgs=${NIXPKGS:-$(dirname "$here")/nixpkgs}
export PATH=/run/current-system/sw/bin:${PATH:-}:/usr/bin:/bin LC_ALL=C.UTF-8

write=''
if [ "${1:-}" = --write ]; then
    write=1
    shift
fi

work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT

# Paths of this checkout are not part of what is expected.
neutral() { sed -e "s|$here/|/tests/|g; s|$nixpkgs/|/nixpkgs/|g; /^(use '--show-trace'/d" "$1"; }

evaluate() {
    local mode=(--eval --strict --json)
    if [[ $1 == *.parse.nix ]]; then mode=(--parse); fi
    nix-instantiate "${mode[@]}" -I "nixpkgs=$nixpkgs" "$1"
}

# Whether a case prints what it must; its leavings are in $work.
holds() {
    local case=$1 expected=${1%.nix} status=0 kind result=0
    evaluate "$case" >"$work/value" 2>"$work/messages" || status=$?
    neutral "$work/messages" >"$work/err"
    : >"$work/out"
    if [ "$status" = 0 ]; then json_pp -json_opt canonical,pretty,allow_nonref <"$work/value" >"$work/out"; fi

    for kind in out err; do
        if [ -n "$write" ]; then
            if [ -s "$work/$kind" ]; then cp "$work/$kind" "$expected.$kind"; else rm -f "$expected.$kind"; fi
        fi
        if [ -e "$expected.$kind" ]; then cp "$expected.$kind" "$work/must"; else : >"$work/must"; fi
        diff -u "$work/must" "$work/$kind" || result=1
    done
    if [ -e "$expected.out" ] && [ "$status" != 0 ]; then result=1; fi
    return "$result"
}

wanted() {
    local name
    if [ "$#" = 1 ]; then return 0; fi
    for name in "${@:2}"; do
        if [ "$name" = "$1" ]; then return 0; fi
    done
    return 1
}

ran=0 failed=0
for case in "$here"/lib/*.nix "$here"/nixos/*.nix; do
    name=${case#"$here/"}
    name=${name%.nix}
    wanted "$name" "$@" || continue
    ran=$((ran + 1))
    if ! holds "$case"; then
        failed=$((failed + 1))
        echo "FAILED $name"
    fi
done

echo "$ran cases, $failed failed"
[ "$ran" != 0 ] && [ "$failed" = 0 ]
