#!/usr/bin/env bash
# Prints the figures of the program against its references, each measured in
# the same run. --help tells what can be chosen.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."

case ${1:-} in
  -h | --help)
    cat <<'TEXT'
Usage: e2e/bench.sh [timing] [options of guichet bench]

Builds guichet and runs its own measure: the guarded lookup against the raw
joined upsert, naive commits and an unguarded POST; start and memory. Only the
ratios within one run mean anything.

  timing  2,000 interleaved refusals of each cause: whether their time tells the
          cause (T7); a planted delay must be found
TEXT
    exit 0
    ;;
esac

out=$(mktemp -d)
trap 'rm -rf "$out"' EXIT
go build -o "$out/guichet" ./cmd/guichet
echo "$(go env GOVERSION), $(nproc) cores, $(uname -sm)"
cd "$out"
if [ "${1:-}" = timing ]; then
  shift
  set -- --timing "$@"
fi
./guichet bench "$@"
