#!/usr/bin/env bash
# Every check and test of the project. See --help.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."

usage() {
  cat <<'TEXT'
Usage: e2e/test.sh [--quick] [--picture] [--help]

Runs every check and test of the project and ends with one line,
"N passed, N failed". Exit status 0 only where nothing failed; nothing passes
by being left out.

  (no option)  all of it, race detector on, beside a real Redis, PostgreSQL and
               Chromium. As root, what is missing is installed first (Debian
               packages, npm); otherwise it is named and the run fails.
  --quick      what needs no service, without the race detector and the long walks
  --picture    everything, with a picture of each page in e2e/out, and README.md's
               taken anew

Logs of the run stay in e2e/out.
TEXT
}

quick=
while [ $# -gt 0 ]; do
  case $1 in
    --quick) quick=yes ;;
    --picture) export E2E_PICTURE="$PWD/e2e/readme-history.png" ;;
    -h | --help) usage; exit 0 ;;
    *) usage >&2; exit 2 ;;
  esac
  shift
done

# PostgreSQL's programs stand outside of PATH on Debian.
for bin in /usr/lib/postgresql/*/bin /usr/local/go/bin; do
  [ -d "$bin" ] && PATH="$PATH:$bin"
done
export PATH

# program and the Debian package that brings it
needs=(git:git go:golang)
[ -n "$quick" ] || needs+=(gcc:gcc node:nodejs npm:npm chromium-headless-shell:chromium-headless-shell redis-server:redis-server initdb:postgresql
  sqlite3:sqlite3 curl:curl pdftotext:poppler-utils xmllint:libxml2-utils)

missing() { # prints program:package of what is not there
  local need
  for need in "${needs[@]}"; do
    command -v "${need%%:*}" >/dev/null || echo "$need"
  done
}

install_missing() {
  mapfile -t lacking < <(missing)
  [ ${#lacking[@]} -gt 0 ] || return 0
  if [ "$(id -u)" = 0 ] && command -v apt-get >/dev/null; then
    echo "installing: ${lacking[*]##*:}"
    export DEBIAN_FRONTEND=noninteractive
    apt-get update -qq || true
    apt-get install -y -qq --no-install-recommends "${lacking[@]##*:}" >/dev/null || true
    for bin in /usr/lib/postgresql/*/bin; do PATH="$PATH:$bin"; done
    mapfile -t lacking < <(missing)
  fi
  # Chromium with its windows does as well, and takes twice the time.
  ! command -v chromium >/dev/null || mapfile -t lacking < <(missing | grep -v '^chromium')
  [ ${#lacking[@]} -gt 0 ] || return 0
  echo "e2e/test.sh: these programs are missing and could not be installed:" >&2
  printf '  %s\n' "${lacking[@]/:/, of the Debian package }" >&2
  echo "0 passed, ${#lacking[@]} failed"
  exit 1
}

install_node_tools() {
  cmp -s e2e/package-lock.json e2e/node_modules/.of-lock && return 0
  echo "installing what e2e/package-lock.json names"
  if ! (cd e2e && npm ci --ignore-scripts --no-audit --no-fund --loglevel=error); then
    echo "e2e/test.sh: npm could not install what e2e/package-lock.json names" >&2
    echo "0 passed, 1 failed"
    exit 1
  fi
  cp e2e/package-lock.json e2e/node_modules/.of-lock
}

passed=0 failed=0
check() { # a name, then a command that prints what is wrong
  local name=$1 said
  shift
  if said=$("$@" 2>&1) && [ -z "$said" ]; then
    passed=$((passed + 1))
    echo "pass $name"
  else
    failed=$((failed + 1))
    printf -- '--- %s: failed\n%s\n' "$name" "$said"
  fi
}

formatted() { git ls-files -z -co --exclude-standard '*.go' ':!*_templ.go' | xargs -0 -r sh -c 'for f; do [ ! -f "$f" ] || gofmt -l "$f"; done' _; }

lockfile() { grep -n '"resolved"' e2e/package-lock.json || true; }

install_missing
[ -n "$quick" ] || install_node_tools
rm -rf e2e/out

check "gofmt" formatted
check "go vet" go vet ./...
check "the lock file names no download host" lockfile

# Long walks of one goroutine: the race detector finds nothing in them and makes
# them ten times as long. One that is renamed runs with it, beside all others.
walks='^(TestHistoryIsWhatItsOwnDaysSumUpTo|TestHistoryOnDatabases|TestGroundsShowTheirOwnDaysAndNoOthers|TestT13Sweep|TestCSVComesBackTheSame|TestRefused|TestSignatures|TestT12TwentyThousandOverHTTP|TestD4AnotherOperatorsAutumnDayHas25Hours|TestL26SuppliersPages|TestT12AMillionDrawn|TestSweepWithoutLimits|TestMailing)$'

# The race detector is kept out of what SQLite was translated into, whose memory
# lies outside of Go's, which it passes over, and out of Argon2, whose memory is
# each call's own. Both take five times the time with it. As in e2e/rig. The driver
# above SQLite, and all else, has it.
race=(-race)
for unwatched in modernc.org/{sqlite/lib,libc,memory} golang.org/x/crypto/argon2; do race+=("-gcflags=$unwatched=-race=false"); done

tests() {
  local rooms
  mapfile -t rooms < <(go list ./... | grep -vxE 'guichet/(e2e|cmd/guichet/town)')
  if [ -n "$quick" ]; then
    go test -json -vet=off -short -skip "$walks" "${rooms[@]}" || true
    return
  fi
  go test -json "${race[@]}" -vet=off -skip "$walks" -timeout 15m "${rooms[@]}" || true
  go test -json -vet=off -run "$walks" ./lookup/... ./portal/evidence ./portal/metering ./web || true
  go test -json -vet=off ./cmd/guichet/town || true
  # What meets the whole program runs alone, so that nothing else takes its time;
  # a test, its browser and the program wait for each other in turn, so that three
  # keep two cores at work.
  go test -json -vet=off -parallel $(($(nproc) + 1)) -timeout 30m ./e2e || true
}

tests | go run ./e2e/tally -passed "$passed" -failed "$failed"
