#!/usr/bin/env bash
# Prints the figures of the program against its references, each measured in
# the same run. --help tells what can be chosen.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."

case ${1:-} in
  -h | --help)
    cat <<'TEXT'
Usage: e2e/bench.sh [options of guichet bench]

Builds guichet and runs its own measure: the guarded lookup against the raw
joined upsert, naive commits and an unguarded POST; start and memory. Only the
ratios within one run mean anything.
TEXT
    exit 0
    ;;
esac

out=$(mktemp -d)
trap 'rm -rf "$out"' EXIT
go build -o "$out/guichet" ./cmd/guichet
echo "$(go env GOVERSION), $(nproc) cores, $(uname -sm)"
cd "$out"
./guichet bench "$@"
