#!/usr/bin/env bash
# Prints the figures of the program against its references, each measured in
# the same run. --help tells what can be chosen.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."

case ${1:-} in
  -h | --help)
    cat <<'TEXT'
Usage: e2e/bench.sh [timing | volumes | import [ROWS] | postgres [ROWS [ROUNDS [SECONDS]]] | lighthouse] [options of guichet bench]

Builds guichet and runs its own measure: the guarded lookup against the raw
joined upsert, naive commits and an unguarded POST; the history page against a
bare answer of its bytes, the captcha's picture against the library's; the pages of
works among 500,000 requests against those among 5,000 (alone: --works); start and
memory. Only the ratios within one run mean anything.

  timing      2,000 interleaved refusals of each cause: whether their time tells
              the cause (T7); a planted delay must be found
  volumes     gate, history, start and memory among 20,000, 200,000 and 2,000,000
              access points: 2 GB of disk and ten minutes
  import      a file of quarter-hours (1,000,000 rows) on SQLite against
              sqlite3's .import of the same file, median of 5 rounds
  postgres    the same import (1,000,000 rows) on PostgreSQL against psql's \copy;
              the counter's one write, 64 callers, against pgbench with the same
              statement for 5 seconds; how soon a hung Redis gives 503, and that
              nothing is counted twice: median of 5 rounds each, 1 GB of disk
  lighthouse  Lighthouse 12 on home, gate and history of a demo: needs
              Chromium, redis-server and the Node tools of e2e/test.sh
TEXT
    exit 0
    ;;
esac

out=$(mktemp -d)
running=()
pg=
end() {
  local i pid
  for ((i = ${#running[@]} - 1; i >= 0; i--)); do # who was started last leans on the others
    pid=${running[i]}
    kill -CONT "$pid" 2>/dev/null && kill "$pid" 2>/dev/null && wait "$pid" 2>/dev/null || true
  done
  rm -rf "$out" ${pg:+"$pg"}
}
trap end EXIT
go build -o "$out/guichet" ./cmd/guichet
echo "$(go env GOVERSION), $(nproc) cores, $(uname -sm)"

need() {
  local program
  for program in "$@"; do
    command -v "$program" >/dev/null || { echo "e2e/bench.sh: $program is missing; e2e/test.sh installs it" >&2; exit 1; }
  done
}

# own_settings keeps the caller's settings out and all files in $out.
own_settings() {
  local name
  for name in $(compgen -e GUICHET_); do unset "$name"; done
  export GUICHET_KEYS="$out/keys" GUICHET_TRAIL_HEADS="file:$out/trail-heads.log" GUICHET_OUTBOX="$out/outbox"
}

# readings ROWS: writes register.csv and readings.csv for access points whose
# power demands quarter-hours: winters without a change of the clock, 120 days
# of 96 values each.
readings() {
  TZ=UTC awk -v rows="$1" -v dir="$out" 'BEGIN {
    year = strftime("%Y") - 1
    points = int(rows / (120 * 96)); if (points < 1) points = 1
    print "ean;energy;street;postcode;town;power_kva;meter;meter_from" > (dir "/register.csv")
    print "From (date);From (time);Until (date);Until (time);EAN code;Meter;Meter type;Register;Volume;Unit;Validation status;Description" > (dir "/readings.csv")
    start = mktime((year - 1) " 11 01 00 00 00")
    for (d = 0; d <= 120; d++) day[d] = strftime("%d/%m/%Y", start + d * 86400)
    for (q = 0; q <= 96; q++) clock[q] = sprintf("%02d:%02d:00", int(q % 96 / 4), q % 4 * 15)
    srand(1)
    for (p = 0; p < points; p++) {
      ean = sprintf("541449%011d", p)
      sum = 0
      for (i = 1; i <= 17; i++) sum += substr(ean, i, 1) * (i % 2 ? 3 : 1)
      ean = ean (10 - sum % 10) % 10
      meter = sprintf("1SAG%010d", 1100000000 + p)
      print ean ";electricity;Rue Haute 1;5000;Namur;100;" meter ";2019-01-01" > (dir "/register.csv")
      for (d = 0; d < 120; d++) for (q = 0; q < 96; q++) {
        band = q >= 28 && q < 88 ? "Offtake Day" : "Offtake Night"
        value = sprintf("%d,%03d", rand() * 4, rand() * 1000)
        print day[d] ";" clock[q] ";" (q == 95 ? day[d + 1] : day[d]) ";" clock[q + 1] ";=\"" ean "\";" meter ";Digital meter;" band ";" value ";kWh;Read;" > (dir "/readings.csv")
      }
    }
  }'
}

# seconds COMMAND...: how long it takes.
seconds() {
  local began=$EPOCHREALTIME
  "$@" >"$out/said" 2>&1 || { cat "$out/said" >&2; return 1; }
  awk -v a="$began" -v b="$EPOCHREALTIME" 'BEGIN { printf "%.3f\n", b - a }'
}

median() { sort -n | awk '{ v[NR] = $1 } END { print v[int((NR + 1) / 2)] }'; }

bench_import() {
  need sqlite3
  own_settings
  readings "${1:-1000000}"
  local rows
  rows=$(($(wc -l <"$out/readings.csv") - 1))
  export GUICHET_DATABASE="sqlite:$out/empty.db"
  "$out/guichet" migrate --new-keys >/dev/null
  "$out/guichet" import registry "$out/register.csv" >/dev/null
  sqlite3 "$out/empty.db" 'PRAGMA wal_checkpoint(TRUNCATE)' >/dev/null
  for round in 1 2 3 4 5; do
    cp "$out/empty.db" "$out/ours-$round.db"
    GUICHET_DATABASE="sqlite:$out/ours-$round.db" seconds "$out/guichet" import readings "$out/readings.csv" >>"$out/ours"
    seconds sqlite3 "$out/theirs-$round.db" \
      'CREATE TABLE readings (from_date TEXT, from_time TEXT, until_date TEXT, until_time TEXT, ean TEXT, meter TEXT, meter_type TEXT, register TEXT, volume TEXT, unit TEXT, status TEXT, description TEXT)' \
      '.mode csv' '.separator ;' ".import --skip 1 $out/readings.csv readings" >>"$out/theirs"
  done
  GUICHET_DATABASE="sqlite:$out/ours-5.db" "$out/guichet" audit verify >/dev/null
  sqlite3 "$out/ours-5.db" 'PRAGMA wal_checkpoint(TRUNCATE)' >/dev/null
  awk -v rows="$rows" -v ours="$(median <"$out/ours")" -v theirs="$(median <"$out/theirs")" \
    -v kept="$(stat -c %s "$out/ours-5.db")" -v plain="$(stat -c %s "$out/theirs-5.db")" -v empty="$(stat -c %s "$out/empty.db")" 'BEGIN {
    printf "%d rows, median of 5 rounds\n", rows
    printf "  guichet import readings  %10.0f rows/s   %6.1f MB on disk\n", rows / ours, (kept - empty) / 1048576
    printf "  sqlite3 .import          %10.0f rows/s   %6.1f MB on disk\n", rows / theirs, plain / 1048576
    printf "%-66s %8.2f   goal >= 1.20   %s\n", "import of readings on SQLite / sqlite3 .import", theirs / ours, (theirs / ours >= 1.2 ? "met" : "NOT MET")
  }'
}

verdict() { # what, figure, >= or <=, goal, decimals
  awk -v what="$1" -v got="$2" -v sign="$3" -v goal="$4" 'BEGIN {
    met = sign == ">=" ? got >= goal : got <= goal
    printf "%-66s %8.2f   goal %s %-6.2f %s\n", what, got, sign, goal, (met ? "met" : "NOT MET")
  }'
}

# start_postgres PORT: a cluster with PostgreSQL's own defaults, durable; it
# refuses root, so root lends it to the package's own user.
start_postgres() {
  local as=()
  pg=$(mktemp -d)
  if [ "$(id -u)" = 0 ]; then
    chown postgres "$pg"
    as=(setpriv --reuid postgres --regid postgres --clear-groups)
  fi
  (cd "$pg" && "${as[@]}" initdb -D data -U guichet -A trust -E UTF8 --locale=C.UTF-8 >/dev/null)
  (cd "$pg" && exec "${as[@]}" postgres -D data -p "$1" -k "$pg" -c listen_addresses=127.0.0.1 2>"$pg/log") &
  running+=($!)
  export PGHOST=127.0.0.1 PGPORT=$1 PGUSER=guichet PGDATABASE=postgres
  until pg_isready -q; do
    kill -0 "${running[-1]}" 2>/dev/null || { cat "$pg/log" >&2; exit 1; }
    read -rt 0.1 <> <(:) || true
  done
}

bench_postgres() {
  local bin
  for bin in /usr/lib/postgresql/*/bin; do [ ! -d "$bin" ] || PATH="$PATH:$bin"; done
  need initdb postgres pg_isready psql pgbench redis-server redis-cli curl node
  own_settings
  local rows=${1:-1000000} rounds=${2:-5} lasting=${3:-5} round port server
  mapfile -t port < <(free_ports 5)
  start_postgres "${port[0]}"
  server="postgres://guichet@127.0.0.1:${port[0]}"
  echo "$(postgres --version), median of $rounds rounds"

  readings "$rows"
  rows=$(($(wc -l <"$out/readings.csv") - 1))
  psql -qc 'CREATE DATABASE empty'
  export GUICHET_DATABASE="$server/empty"
  "$out/guichet" migrate --new-keys >/dev/null
  "$out/guichet" import registry "$out/register.csv" >/dev/null
  for ((round = 1; round <= rounds; round++)); do
    psql -qc 'CREATE DATABASE ours TEMPLATE empty' -c 'CREATE DATABASE theirs' -c CHECKPOINT
    GUICHET_DATABASE="$server/ours" seconds "$out/guichet" import readings "$out/readings.csv" >>"$out/ours"
    psql -q theirs -c 'CREATE TABLE readings (from_date text, from_time text, until_date text, until_time text, ean text, meter text, meter_type text, register text, volume text, unit text, status text, description text)'
    seconds psql -q theirs -c "\\copy readings FROM '$out/readings.csv' WITH (FORMAT csv, DELIMITER ';', QUOTE E'\\x01', HEADER)" >>"$out/theirs"
    [ "$(psql -At theirs -c 'SELECT count(*) FROM readings')" = "$rows" ]
    [ "$round" = "$rounds" ] || psql -qc 'DROP DATABASE ours'
    psql -qc 'DROP DATABASE theirs'
  done
  GUICHET_DATABASE="$server/ours" "$out/guichet" audit verify >/dev/null
  awk -v rows="$rows" -v ours="$(median <"$out/ours")" -v theirs="$(median <"$out/theirs")" 'BEGIN {
    printf "%d rows\n  guichet import readings  %10.0f rows/s\n  psql \\copy               %10.0f rows/s\n", rows, rows / ours, rows / theirs }'
  verdict "import of readings on PostgreSQL / \copy" "$(awk -v a="$(median <"$out/theirs")" -v b="$(median <"$out/ours")" 'BEGIN { print a / b }')" '>=' 1

  for ((round = 1; round <= rounds; round++)); do
    psql -qc 'CREATE DATABASE attempts' -c CHECKPOINT
    "$out/guichet" bench --attempts "$server/attempts" --seconds "${lasting}s" | sed -E 's|^ *([0-9]+)/s.*|\1|' >>"$out/attempts"
    failures=$(psql -At attempts -c 'SELECT failures FROM lookup_counters LIMIT 1')
    cat >"$out/attempt.sql" <<SQL
\set n random(1, 9000000000000000)
INSERT INTO lookup_counters (key, kind, failures, blocked_us, case_id, changed_us)
  VALUES ('pgbench0000000000000000000-' || lpad(:n::text, 16, '0'), 'reference', '$failures', 0, '', :n)
  ON CONFLICT (key) DO UPDATE SET failures = excluded.failures, blocked_us = excluded.blocked_us,
    case_id = excluded.case_id, changed_us = excluded.changed_us;
SQL
    psql -q attempts -c 'TRUNCATE lookup_counters' -c CHECKPOINT
    pgbench -n -M prepared -c 64 -j 2 -T "$lasting" -f "$out/attempt.sql" attempts 2>/dev/null | sed -nE 's/^tps = ([0-9.]+).*/\1/p' >>"$out/pgbench"
    psql -qc 'DROP DATABASE attempts'
  done
  printf "64 callers\n  the counter's write       %10.0f/s\n  pgbench                   %10.0f/s\n" "$(median <"$out/attempts")" "$(median <"$out/pgbench")"
  verdict "PostgreSQL attempt / pgbench of the same statement, 64 callers" \
    "$(awk -v a="$(median <"$out/attempts")" -v b="$(median <"$out/pgbench")" 'BEGIN { print a / b }')" '>=' 1.5

  hung_redis "$server/ours" "${port[@]:1}"
}

# a_reference: a well-formed number that nobody has (ISO 7064 MOD 97-10).
a_reference() {
  local n=$((RANDOM * 32768 * 1024 + RANDOM * 32768 + RANDOM + 100000000000))
  printf '%012d%02d\n' "$n" $((98 - n * 100 % 97))
}

# hung_redis DATABASE PORTS: forms sent and pages asked for while Redis is stopped.
hung_redis() {
  local redis page id at="http://127.0.0.1:$3" before after
  redis-server --port "$2" --bind 127.0.0.1 --save '' --appendonly no --dir "$out" >/dev/null &
  redis=$!
  running+=("$redis")
  GUICHET_REDIS="redis://127.0.0.1:$2/0" GUICHET_DATABASE=$1 GUICHET_LISTEN="127.0.0.1:$3" \
    GUICHET_DESK_LISTEN="127.0.0.1:$4" GUICHET_ADMIN_LISTEN="127.0.0.1:$5" "$out/guichet" serve >"$out/serve.log" 2>&1 &
  running+=($!)
  until curl -sfo "$out/said" "http://127.0.0.1:$5/readyz"; do
    kill -0 "${running[-1]}" 2>/dev/null || { cat "$out/serve.log" >&2; exit 1; }
    read -rt 0.1 <> <(:) || true
  done
  before=$(psql -At "$1" -c 'SELECT count(*) FROM lookup_counters')
  for ((round = 1; round <= rounds; round++)); do
    page=$(curl -s "$at/fr/lookup")
    id=$(grep -oE 'name="captcha_id" value="[^"]+"' <<<"$page" | cut -d'"' -f4)
    answer=$(redis-cli -p "$2" get "guichet:captcha:$id")
    kill -STOP "$redis"
    curl -so "$out/said" -w '%{http_code} %{time_total}\n' "$at/fr/lookup" >>"$out/hung"
    curl -so "$out/said" -w '%{http_code} %{time_total}\n' -H 'Sec-Fetch-Site: same-origin' "$at/fr/lookup" \
      -d "reference=$(a_reference)&digits=0000&captcha_id=$id&captcha=$answer&form=$(grep -oE 'name="form" value="[^"]+"' <<<"$page" | cut -d'"' -f4)" >>"$out/hung"
    kill -CONT "$redis"
    until curl -sfo "$out/said" "http://127.0.0.1:$5/readyz"; do read -rt 0.1 <> <(:) || true; done
  done
  after=$(psql -At "$1" -c 'SELECT count(*) FROM lookup_counters')
  if grep -v '^503 ' "$out/hung"; then echo "  these were answered with a hung Redis: NOT MET"; fi
  verdict "Redis hung: 503, seconds, the slowest of $((2 * rounds))" "$(cut -d' ' -f2 "$out/hung" | sort -n | tail -1)" '<=' 0.5
  verdict "Redis hung: counted, of each attempt" "$(awk -v n=$((after - before)) -v of="$rounds" 'BEGIN { print n / of }')" '<=' 1
}

free_ports() { # a line each
  node -e 'const all = Array.from({ length: process.argv[1] }, () => require("net").createServer().listen(0, "127.0.0.1"));
    setImmediate(() => all.forEach((s) => { console.log(s.address().port); s.close(); }));' "$1"
}

bench_lighthouse() {
  need node redis-server
  command -v chromium-headless-shell >/dev/null || need chromium
  [ -d e2e/node_modules/lighthouse ] || { echo "e2e/bench.sh: Lighthouse is missing; e2e/test.sh installs it" >&2; exit 1; }
  own_settings
  local port
  mapfile -t port < <(free_ports 5)
  redis-server --port "${port[0]}" --bind 127.0.0.1 --save '' --appendonly no --dir "$out" >/dev/null &
  running+=($!)
  GUICHET_REDIS="redis://127.0.0.1:${port[0]}/0" GUICHET_DATABASE="sqlite:$out/guichet.db" \
    GUICHET_LISTEN="127.0.0.1:${port[1]}" GUICHET_DESK_LISTEN="127.0.0.1:${port[2]}" GUICHET_ADMIN_LISTEN="127.0.0.1:${port[3]}" \
    "$out/guichet" demo --json --dir "$out" >"$out/demo.json" 2>"$out/demo.log" &
  running+=($!)
  until [ -s "$out/demo.json" ]; do
    kill -0 "${running[-1]}" 2>/dev/null || { cat "$out/demo.log" >&2; exit 1; }
    read -rt 0.1 <> <(:) || true
  done
  node e2e/browser/lighthouse.mjs "$out/demo.json" "redis://127.0.0.1:${port[0]}/0" "${port[4]}"
}

case ${1:-} in
  import) shift; bench_import "$@" ;;
  postgres) shift; bench_postgres "$@" ;;
  lighthouse) bench_lighthouse ;;
  volumes) shift; cd "$out"; ./guichet bench --points 20000,200000,2000000 "$@" ;;
  timing) shift; cd "$out"; ./guichet bench --timing "$@" ;;
  *) cd "$out"; ./guichet bench "$@" ;;
esac
